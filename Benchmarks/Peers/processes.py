"""Processes that a benchmark starts: ended by their ids, also when it ends badly itself."""
import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def undisturbed():
    """Ctrl-C waits until what is being stopped has stopped."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Program:
    """A program in a session of its own, so that all that it starts can be ended with it.

    The kernel ends it should the benchmark be killed; `stop` asks with `asks_to_stop` first.
    """

    def __init__(self, name, arguments, log, environment, user=None, asks_to_stop=signal.SIGTERM):
        self.name, self.log, self.asks_to_stop = name, pathlib.Path(log), asks_to_stop
        switched = {"user": user, "group": user, "extra_groups": []} if user else {}
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=environment, cwd=self.log.parent, start_new_session=True,
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, asks_to_stop), **switched)
        self.pid = self.process.pid

    def wait_for(self, condition, seconds=60):
        """What `condition` returns once it is true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if result := condition():
                return result
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        state = "ended" if self.process.poll() is not None else "did not get ready"
        sys.exit(f"{self.name} {state}: {self.said()[-2000:]}")

    def said(self):
        return self.log.read_text(errors="replace")

    def stop(self, seconds=60):
        if self.process.poll() is None:
            self.process.send_signal(self.asks_to_stop)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                print(f"{self.name} did not stop within {seconds} s: killed", file=sys.stderr)
        # The session that this object started, and whatever is left of it.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def free_port():
    """For programs that cannot be asked for any port and then say which they took."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def family(pid):
    """A process and all that descend from it."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(errors="replace").rsplit(")", 1)[1].split()[1])
        except OSError:  # ended meanwhile
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, new = [], [pid]
    while new:
        found += new
        new = [child for parent in new for child in children.get(parent, [])]
    return found


def shared_out(pid):
    """Memory of a process and its descendants in MiB, what they share counted once (Pss)."""
    sum_kib = 0
    for member in family(pid):
        try:
            rollup = pathlib.Path(f"/proc/{member}/smaps_rollup").read_text()
        except OSError:  # ended meanwhile
            continue
        sum_kib += next((int(line.split()[1]) for line in rollup.splitlines()
                         if line.startswith("Pss:")), 0)
    return sum_kib / 1024


def busy_share(seconds=1.0):
    """How much of its CPUs the machine uses now."""
    def times():
        with open("/proc/stat") as stat:
            fields = [int(word) for word in stat.readline().split()[1:9]]
        return sum(fields), fields[3] + fields[4]
    all_before, idle_before = times()
    time.sleep(seconds)
    all_after, idle_after = times()
    return 1 - (idle_after - idle_before) / max(1, all_after - all_before)
