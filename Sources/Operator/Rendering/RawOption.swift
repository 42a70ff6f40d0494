import ArgumentParser

/// The option of commands that write what strangers wrote.
struct RawOption: ParsableArguments {
    @Flag(help: "Let the terminal obey what is in it: it may clear the screen, or worse.")
    var raw = false
}
