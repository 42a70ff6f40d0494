/// A program that does to its worker what a handler should not, once, with one attempt for it.
///
/// It notes in `pids` what must be gone when its attempt has ended.
struct HostileHandler: Sendable {
    var name: String
    var script: String
    var options: [String] = []
    /// What becomes of its job.
    var state = "dead"

    /// Ends by its time-out.
    private static func endless(_ name: String, _ script: String) -> HostileHandler {
        HostileHandler(name: name, script: script, options: ["timeout: 1s"])
    }

    static let all = [
        // Stopping it takes TERM, 10 s, and KILL.
        endless("stubborn", "trap '' TERM HUP INT; echo $$ >> pids; while :; do sleep 1; done"),
        endless("stopped", "echo $$ >> pids; kill -STOP $$; sleep 600"),
        endless(
            "session",
            "setsid sh -c 'echo $$ >> pids; exec sleep 600' & echo $$ >> pids; sleep 600"
        ),
        endless(
            "title",
            "exec /bin/bash -c 'echo $$ >> pids; exec -a \"[kworker/0:1]\" sleep 600'"
        ),
        endless("bare", "echo $$ >> pids; exec env -i /bin/sleep 600"),
        endless(
            "group",
            "env -i /usr/bin/timeout 600 /bin/sleep 600 & echo $! >> pids; wait"
        ),
        endless(
            "job-control",
            "exec /bin/bash -c 'set -m; sleep 600 & echo $! >> pids; wait'"
        ),
        endless("loud", "exec yes \"$(seq 100 | tr '\\n' ' ')\""),
        endless("silent", "exec <&- >&- 2>&-; echo $$ >> pids; exec sleep 600"),
        HostileHandler(name: "mute", script: "exec <&- >&- 2>&-; exit 0", state: "done"),
        HostileHandler(
            name: "children",
            script: "for one in $(seq 60); do sleep 600 & echo $! >> pids; done; exit 1"
        ),
        // What left its session goes on after a success, whatever it holds open.
        HostileHandler(
            name: "daemon",
            script: "setsid sleep 600 </dev/null >/dev/null 2>&1 &",
            state: "done"
        ),
        HostileHandler(name: "holder", script: "setsid sleep 600 &", state: "done"),
        HostileHandler(name: "odd", script: "exit 255"),
        HostileHandler(name: "suicide", script: "kill -KILL $$"),
        HostileHandler(
            name: "long-result",
            script: "head -c 50000000 /dev/zero > \"$SAMOVAR_RESULT\""
        ),
        HostileHandler(
            name: "pipe-result",
            script: "rm -f \"$SAMOVAR_RESULT\"; mkfifo \"$SAMOVAR_RESULT\""
        ),
        HostileHandler(
            name: "linked-result",
            script: "ln -sf /dev/zero \"$SAMOVAR_RESULT\""
        ),
        HostileHandler(
            name: "folder-result",
            script: "rm -f \"$SAMOVAR_RESULT\"; mkdir -p \"$SAMOVAR_RESULT/a/b\""
        ),
    ]
}
