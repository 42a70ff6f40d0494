import Program

/// The ports among the sockets that the service manager holds open.
struct PassedPorts: Sendable, Equatable {
    /// Where deliveries come in; none when the ingress opens its own port.
    var hooks: [PassedSocket] = []

    /// Where health is asked for.
    var health: PassedSocket?

    /// Tells them apart by their names, `hooks` and `health`.
    ///
    /// Several `hooks` are fine: a socket unit has one for each `ListenStream=`. Sockets without
    /// such a name are the hooks when there is no other name but `health`: systemd calls a socket
    /// after its unit when nobody says `FileDescriptorName=`.
    ///
    /// - Throws: `.configuration` when a name cannot be understood.
    init(_ sockets: [PassedSocket]) throws(Failure) {
        let health = sockets.filter { $0.name == "health" }
        let others = sockets.filter { $0.name != "health" }
        let names = Set(others.map(\.name))
        guard health.count <= 1, names.count <= 1 else {
            let all = sockets.map { "'\($0.name)'" }.joined(separator: ", ")
            throw Failure(
                .configuration,
                "this was started with the sockets \(all), and cannot tell which is for what",
                hint: "Call those for deliveries 'hooks' and at most one 'health' "
                    + "(FileDescriptorName= in their socket units)."
            )
        }
        hooks = others
        self.health = health.first
    }
}
