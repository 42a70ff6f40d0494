"""The machine under the benchmarks: its name, its probes, and tables beside its disk's pace."""
import os
import pathlib
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def description():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), platform.machine())
    folder = tempfile.gettempdir()
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True)
    return (f"{os.cpu_count()} x {cpu}, Linux {platform.release()}, SQLite "
            f"{sqlite3.sqlite_version}; stores in {folder} ({kind.stdout.strip()}); load generator "
            "on the same machine")


def compiled(probe, library=False):
    """A C program of probes/, compiled; removed by remove_probes()."""
    program = pathlib.Path(tempfile.gettempdir()) / f"samovar-probe-{os.getpid()}-{probe}"
    if program.exists():
        return program
    compiler = shutil.which("cc") or shutil.which("clang") or sys.exit("no C compiler: cc or clang")
    kind = ["-shared", "-fPIC"] if library else []
    subprocess.run(
        [compiler, "-O2", *kind, "-o", program, HERE / "probes" / f"{probe}.c", "-lpthread",
         "-ldl"], check=True)
    return program


def remove_probes():
    for left in pathlib.Path(tempfile.gettempdir()).glob(f"samovar-probe-{os.getpid()}-*"):
        left.unlink()


def probe(program, *arguments, environment=None):
    result = subprocess.run(
        [program, *map(str, arguments)], check=True, capture_output=True, env=environment)
    return [float(word) for word in result.stdout.split()]


def with_slow_flushes(microseconds):
    """The environment of a program whose every flush takes so much longer."""
    if microseconds == 0:
        return dict(os.environ)
    return dict(os.environ, LD_PRELOAD=str(compiled("slowsync", library=True)),
                SLOWSYNC_US=str(microseconds))


def flushes(environment=None):
    """Appends of 8 KiB with fdatasync a second, their p50 and p99 in microseconds, now."""
    with tempfile.TemporaryDirectory(prefix="samovar-bench-") as folder:
        return probe(compiled("fsync"), f"{folder}/probe", 0.5, environment=environment)


def memory(process):
    """Resident and peak memory in MiB (proc(5), VmRSS and VmHWM)."""
    fields = dict(
        line.split(":", 1) for line in open(f"/proc/{process.pid}/status") if line[0] == "V")
    return [int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]


def table(title, columns, rows):
    """Prints a table, with the disk's own pace in the same minute."""
    rate, p50, p99 = flushes()
    print(f"\n{title}\n(the disk now: {rate:.0f} appends/s of 8 KiB, each with fdatasync, "
          f"p50 {p50:.0f} µs, p99 {p99:.0f} µs)\n")
    rows = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [columns] + rows) for i in range(len(columns))]
    for number, row in enumerate([columns] + rows):
        print("| " + " | ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths))) + " |")
        if number == 0:
            print("|" + "|".join(
                "-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths))
                + "|")
    sys.stdout.flush()


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("gave up waiting")
        time.sleep(0.05)
