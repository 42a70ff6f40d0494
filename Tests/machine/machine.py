"""A machine that can be crashed."""
import ctypes
import signal
import socket
import subprocess
import sys
import time

# A boot takes half a minute in software emulation; far longer on a machine that has other work.
BOOT_SECONDS = 240


class Failure(Exception):
    """The run cannot go on."""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def die_with_us():
    # PR_SET_PDEATHSIG: whatever ends this script ends the machine too.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Machine:
    """A qemu process for each life, and a disk that loses what the guest did not flush.

    Killing qemu is the end of the guest's memory: of its page cache, of its file system's journal that is
    not written, of requests on their way to the disk. With a plain file as disk every write that qemu was
    given survives, flushed or not, in any cache mode: the host's kernel has it (writeback) or its disk
    (none, directsync). Real disks forget. So each life writes into a qcow2 layer of its own, whose tables
    (which block is where) qemu keeps in its own memory until the guest flushes: a block that was written
    for the first time in this life, and not flushed, is the old one again after the kill. cache=none
    shows the guest a disk with a volatile cache, which must be flushed; with directsync there would be
    none, and qemu would sync each write by itself. What was flushed must survive in every mode.
    """

    def __init__(self, folder):
        self.folder, self.life, self.process = folder, 0, None
        self.hooks, self.questions = free_ports(2)

    def boot(self):
        self.life += 1
        below = "disk.raw" if self.life == 1 else f"life-{self.life - 1}.qcow2"
        layer = self.folder / f"life-{self.life}.qcow2"
        # Small clusters: nearly every write is the first one to its cluster.
        subprocess.run(
            ["qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=4096", "-b", below,
             "-F", "raw" if self.life == 1 else "qcow2", layer.name],
            cwd=self.folder, check=True,
        )
        forwards = ",".join(
            f"hostfwd=tcp:127.0.0.1:{here}-:{there}" for here, there in ((self.hooks, 8480), (self.questions, 8470))
        )
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
             "-nodefaults", "-no-user-config", "-nographic", "-no-reboot", "-monitor", "none",
             "-serial", f"file:console-{self.life}.log",
             "-kernel", "vmlinuz", "-initrd", "initrd.img",
             "-append", "root=/dev/vda rw console=ttyS0 panic=-1 quiet net.ifnames=0",
             # Tables of a whole disk of 3 GiB fit: none is written early to make room.
             "-drive", f"if=virtio,format=qcow2,file={layer.name},cache=none,l2-cache-size=16M",
             "-netdev", f"user,id=net,restrict=on,{forwards}", "-device", "virtio-net-pci,netdev=net,romfile=",
             "-device", "virtio-rng-pci"],
            cwd=self.folder, preexec_fn=die_with_us, stdin=subprocess.DEVNULL,
        )

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, question, seconds=60):
        """The guest's answer, without the last line; None when it has none (yet)."""
        try:
            with socket.create_connection(("127.0.0.1", self.questions), timeout=seconds) as connection:
                connection.sendall(question.encode() + b"\n")
                answer = b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
        except OSError:
            return None
        return answer.removesuffix("end\n") if answer.endswith("end\n") else None

    def must_answer(self, question, seconds=300):
        answer = self.ask(question, seconds)
        if answer is None:
            raise Failure(f"no answer to '{question}'; {self.console}")
        return answer

    @property
    def console(self):
        return f"the console is in {self.folder / f'console-{self.life}.log'}"

    def wait_until_ready(self):
        begin = time.monotonic()
        while time.monotonic() - begin < BOOT_SECONDS:
            if self.process.poll() is not None:
                raise Failure(f"qemu ended with {self.process.returncode}; {self.console}")
            # Both are of Type=notify: active means that they said READY.
            if self.ask("state", 10) == "active\nactive\n":
                return time.monotonic() - begin
            time.sleep(0.5)
        print(self.ask("log") or "(no log)", file=sys.stderr)
        raise Failure(f"not ready after {BOOT_SECONDS} s; {self.console}")
