import Glibc
import Testing

@testable import Settings

@Suite
struct LocatingTests {
    private func locate(
        _ folder: TemporaryFolder,
        option: String? = nil,
        _ environment: [String: String] = [:]
    ) throws(ConfigurationError) -> String {
        try Configuration.locate(
            option: option,
            environment: environment,
            workingFolder: "\(folder.path)/here",
            systemFile: "\(folder.path)/etc/samovar.yaml"
        )
    }

    private func message(_ body: () throws(ConfigurationError) -> String) -> String? {
        do throws(ConfigurationError) {
            _ = try body()
            return nil
        } catch {
            return error.description
        }
    }

    @Test
    func `the option wins and is returned as given`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("here/mine.yaml", "")
            let other = try folder.write("other.yaml", "")
            let found = try locate(folder, option: "mine.yaml", ["SAMOVAR_CONFIG": other])
            #expect(found == "mine.yaml")
        }
    }

    @Test
    func `a file that is named but missing is not replaced by another`() throws {
        try TemporaryFolder.with { folder in
            try folder.write("here/.samovar/samovar.yaml", "")
            #expect(
                message { () throws(ConfigurationError) in try locate(folder, option: "x.yaml") }
                    == "x.yaml: does not exist, but --config names it; 'samovar init' makes one"
            )
            #expect(
                message { () throws(ConfigurationError) in
                    try locate(folder, ["SAMOVAR_CONFIG": "y.yaml"])
                } == "y.yaml: does not exist, but SAMOVAR_CONFIG names it; "
                    + "'samovar init' makes one"
            )
        }
    }

    @Test
    func `the places are tried in the documented order`() throws {
        try TemporaryFolder.with { folder in
            let environment = [
                "SAMOVAR_CONFIG": "", "HOME": "\(folder.path)/home",
                "XDG_CONFIG_HOME": "\(folder.path)/xdg",
            ]
            let system = try folder.write("etc/samovar.yaml", "")
            #expect(try locate(folder, environment) == system)
            let home = try folder.write("home/.config/samovar/samovar.yaml", "")
            #expect(try locate(folder, environment) == system)
            #expect(try locate(folder, ["HOME": "\(folder.path)/home"]) == home)
            let user = try folder.write("xdg/samovar/samovar.yaml", "")
            #expect(try locate(folder, environment) == user)
            let project = try folder.write("here/.samovar/samovar.yaml", "")
            #expect(try locate(folder, environment) == project)
            let named = try folder.write("named.yaml", "")
            #expect(try locate(folder, ["SAMOVAR_CONFIG": named]) == named)
        }
    }

    @Test
    func `when there is none, the error lists the places and says how to make one`() throws {
        try TemporaryFolder.with { folder in
            let path = folder.path
            #expect(
                message { () throws(ConfigurationError) in
                    try locate(folder, ["HOME": "/nowhere"])
                }
                    == "samovar.yaml: not found; looked for \(path)/here/.samovar/samovar.yaml, "
                    + "/nowhere/.config/samovar/samovar.yaml, \(path)/etc/samovar.yaml; "
                    + "'samovar init' makes one, --config or SAMOVAR_CONFIG names one"
            )
        }
    }

    @Test
    func `a folder that may not be entered is told apart from a missing file`() async {
        // In a process of its own, because root enters every folder and setuid is for all threads.
        await #expect(processExitsWith: .success) {
            try TemporaryFolder.with { folder in
                let file = try folder.write("etc/samovar.yaml", "")
                #expect(unsafe chmod(folder.path, 0o755) == 0)
                #expect(unsafe chmod("\(folder.path)/etc", 0o600) == 0)
                let user = geteuid()
                if user == 0 { #expect(seteuid(65_534) == 0) }
                defer {
                    #expect(seteuid(user) == 0)
                    #expect(unsafe chmod("\(folder.path)/etc", 0o700) == 0)
                }
                let tests = LocatingTests()
                let named = tests.message { () throws(ConfigurationError) in
                    try tests.locate(folder, option: file)
                }
                #expect(named?.hasPrefix("\(file): permission denied: --config names it") == true)
                let unnamed = tests.message { () throws(ConfigurationError) in
                    try tests.locate(folder)
                }
                #expect(unnamed?.contains("\(file) (permission denied); 'samovar") == true)
            }
        }
    }
}
