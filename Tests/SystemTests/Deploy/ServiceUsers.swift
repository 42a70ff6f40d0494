/// Users of one group, as sysusers.d makes them; numbers that no user of this machine has.
enum ServiceUsers {
    static let (ingress, worker, operatorUser, group) = (48_001, 48_002, 48_003, 48_010)

    /// What runs the command after it as one of them.
    static func runs(as user: Int, umask: String = "0007") -> [String] {
        [
            "/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups", "--",
            "/bin/sh", "-c",
            "umask \(umask); exec \"$@\"", "sh",
        ]
    }
}
