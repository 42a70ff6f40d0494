import Foundation
import Program
import Settings

/// What to enter in Gitea, and what to try next.
struct GiteaInstructions {
    /// What the site is told by.
    let configuration: Configuration

    /// The words that call `samovar` for this site in the shell that started it.
    let command: String

    /// The text; it names the secret's file, never the secret.
    var text: String {
        let source = configuration.ingress.firstSource
        let secret = ShellText.quoted(source.secrets.first?.file ?? "")
        return """
              In Gitea (settings of a repository, an organization or the site): Webhooks,
              Add Webhook, Gitea; then enter

                Target URL         \(configuration.ingress.url(of: source))
                HTTP method        POST
                POST content type  application/json
                Secret             the text that this prints: cat \(secret); echo
                Trigger on         All Events
            \(authorization(source))
            \(otherSources)\
              Then press Test Delivery below the hook. It runs the routes that say
              `when: { test: true }` (with `gates: { tests: run }` all that match); the log here
              says what became of it.

              Gitea posts to addresses near it only when its app.ini allows them; a list that is
              there already gets one word more:

                [webhook]
                ALLOWED_HOST_LIST = \(allowedHosts)

              Try again   \(command) send push
              Look        \(command) status
                          sqlite3 -box \(ShellText.quoted(configuration.store)) 'select * from queue'
              Stop        Ctrl-C


            """
    }

    /// Gitea's field "Authorization Header"; empty where none is needed.
    private func authorization(_ source: SourceSettings) -> String {
        source.bearer.map { bearer in
            let file = ShellText.quoted(bearer.file)
            return "    Authorization      header: the text that this prints: "
                + "echo \"Bearer $(cat \(file))\"\n"
        } ?? ""
    }

    /// The same for each further source; empty where there is only one.
    private var otherSources: String {
        let others = configuration.ingress.sources.dropFirst().map { source in
            let secret = source.secrets.first?.file ?? ""
            let url = configuration.ingress.url(of: source)
            let name = ShellText.quoted(source.name)
            let bearer = source.bearer.map { ", bearer token in \($0.file)" } ?? ""
            return """
                    Source \(source.name): \(url), secret in \(secret)\(bearer)
                        \(command) send push --source \(name)

                """
        }
        return others.isEmpty ? "" : others.joined() + "\n"
    }

    /// What Gitea calls the address deliveries go to, beside `external`.
    ///
    /// The list replaces Gitea's default, which is `external`: without that word every other webhook
    /// of the server would be cut off.
    private var allowedHosts: String {
        configuration.ingress.listen.isLoopback
            ? "external,loopback"
            : "external,private    ; or the address of this machine instead of private"
    }
}

extension GiteaInstructions {
    /// Instructions for the shell this program was started from.
    init(configuration: Configuration) {
        let program = ProgramArguments.all.first ?? "samovar"
        let environment = ProcessInfo.processInfo.environment
        let found = try? Configuration.locate(option: nil, environment: environment)
        let words =
            found == configuration.file ? [program] : [program, "--config", configuration.file]
        self.init(
            configuration: configuration,
            command: words.map(ShellText.quoted).joined(separator: " ")
        )
    }
}

/// Text for a POSIX shell.
enum ShellText {
    /// The text as one word.
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
                    || "/._-+:@%,=".unicodeScalars.contains(scalar)
            }
        return isPlain ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
