"""The measurements of Benchmarks/peers: every receiver in turn, in one run."""
import collections
import dataclasses
import os
import pathlib
import shutil
import statistics
import struct
import sys
import tempfile
import time

from Peers.filling import GO, SAMOVAR, fill
from Peers.receivers import RECEIVERS, Go, Samovar
from Peers.recorded import send_recorded
from machine import compiled, table, with_slow_flushes
from programs import Load
from services import LEFT

WARM_UP = 1
QUIET = 5
DRAIN_BODIES = 32_768
DRAIN_PAUSE_MS = 64  # 32 connections: some 450 deliveries a second
# Measured 480 for a handled delivery of 64 bytes, with its routing, job, attempt and index entries;
# and room for the load.
STORED_BYTES = 700


@dataclasses.dataclass
class Figures:
    """What wrk reports: answers a second, milliseconds, counts."""
    rate: float
    p50: float
    p99: float
    errors: int
    answers: int

    @property
    def acknowledged(self):
        """At least so many: errors may be answers, and may be none."""
        return self.answers - self.errors


def loaded(receiver, connections, seconds, pause_ms=0):
    load = Load(receiver, receiver.address, connections, seconds, pause_ms)
    try:
        return Figures(*load.result())
    finally:
        if load.wrk.poll() is None:
            load.wrk.kill()
            load.wrk.wait()


def progress(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def spread(values, form="{:.0f}"):
    """The median, with the lowest and the highest where there are several."""
    values = list(values)
    median = form.format(statistics.median(values))
    if len(values) == 1:
        return median
    return f"{median} ({form.format(min(values))}–{form.format(max(values))})"


def rotated(things, by):
    things = list(things)
    by %= len(things)
    return things[by:] + things[:by]


class Turn:
    """One receiver under one load, in a new store: its figures, memory and unstored deliveries."""

    def __init__(self, kind, environment, connections, seconds):
        with kind(environment) as receiver:
            before = loaded(receiver, connections, WARM_UP)
            self.figures = loaded(receiver, connections, seconds)
            self.mebibytes = receiver.mebibytes()
            acknowledged = before.acknowledged + self.figures.acknowledged
            # wrk drops what is under way when its time is over: the store may have more.
            self.unstored = max(0, acknowledged - receiver.stored()) if kind.durable else None


def turns(options, environment, title):
    """{connections: {receiver: [Turn of each round]}}"""
    all_turns = {c: {name: [] for name in options.receivers} for c in options.connections}
    for number in range(options.rounds):
        for step, connections in enumerate(options.connections):
            # Rotated, so that none always comes after the same one, or in the same minute.
            for name in rotated(options.receivers, number + step):
                os.sync()  # what an earlier one left to be written is not this one's burden
                turn = Turn(RECEIVERS[name], environment, connections, options.seconds)
                all_turns[connections][name].append(turn)
                progress(f"{title}, round {number + 1} of {options.rounds}, {connections} "
                         f"connections: {name} {turn.figures.rate:.0f}/s, p99 "
                         f"{turn.figures.p99:.2f} ms")
    return all_turns


def best_peer(by_receiver):
    """The durable peer with the most acknowledgements at this load."""
    peers = [name for name in by_receiver if name != "samovar" and RECEIVERS[name].durable]
    return max(peers, default=None, key=lambda name: statistics.median(
        turn.figures.rate for turn in by_receiver[name]))


def ratios(by_receiver, name):
    """Of this receiver to the best durable peer, round by round."""
    best = best_peer(by_receiver)
    if best is None:
        return None
    return [mine.figures.rate / max(1e-9, its.figures.rate)
            for mine, its in zip(by_receiver[name], by_receiver[best])]


def print_acks(options, all_turns, title, per_ack=None):
    rows = []
    for connections, by_receiver in all_turns.items():
        for name, own in by_receiver.items():
            figures = [turn.figures for turn in own]
            ratio = ratios(by_receiver, name)
            unstored = None if own[0].unstored is None else sum(turn.unstored for turn in own)
            rows.append([
                f"{connections} {RECEIVERS[name].name}", spread(f.rate for f in figures),
                "" if ratio is None else "best" if name == best_peer(by_receiver)
                else spread(ratio, "{:.2f}"),
                spread((f.p50 for f in figures), "{:.2f}"),
                spread((f.p99 for f in figures), "{:.1f}"),
                sum(f.errors for f in figures)]
                + ([f"{per_ack[connections, name]:.2f}"] if per_ack else [])
                + ["stores none" if unstored is None else
                   "all" if unstored == 0 else f"{unstored} MISSING"])
    table(f"{title}, 8 KiB bodies: median (lowest–highest) of {options.rounds} rounds, "
          f"{options.seconds} s each",
          ["connections, receiver", "acks/s", "to the best durable peer", "p50 ms", "p99 ms",
           "errors"] + (["flushes/ack"] if per_ack else []) + ["stored"], rows)


def print_memory(all_turns, title):
    rows = []
    first = next(iter(all_turns.values()))
    for name in first:
        rows.append([RECEIVERS[name].name] + [
            spread(turn.mebibytes for turn in by_receiver[name])
            for by_receiver in all_turns.values()])
    table(title, ["MiB"] + [f"{c} connections" for c in all_turns], rows)
    print("\nresident at its highest (samovar, Go, webhook: the receiver's process); of Starlette "
          "and PostgreSQL all processes after the load, shared memory counted once")


def flushes_per_ack(options):
    """{(connections, receiver): flushes}, in a short run of its own: counting costs something."""
    counts = {}
    with tempfile.NamedTemporaryFile(prefix="samovar-bench-") as file:
        os.chmod(file.name, 0o666)  # PostgreSQL counts as another user

        def begin_anew():
            file.seek(0)
            file.write(bytes(8))
            file.flush()

        begin_anew()
        environment = dict(os.environ, COUNTSYNC_FILE=file.name,
                           LD_PRELOAD=str(compiled("countsync", library=True)))
        for connections in options.connections:
            for name in options.receivers:
                with RECEIVERS[name]({**environment}) as receiver:
                    begin_anew()
                    answers = loaded(receiver, connections, min(2, options.seconds)).answers
                    count = struct.unpack("=Q", pathlib.Path(file.name).read_bytes())[0]
                counts[connections, name] = count / max(1, answers)
                if count == 0 and RECEIVERS[name].durable:
                    sys.exit(f"{name}: {answers} acknowledgements, and not one flush was seen: it "
                             "is not durable, or it does not flush through the C library")
    return counts


def measure_acks(options, aims):
    per_ack = flushes_per_ack(options)
    all_turns = turns(options, dict(os.environ), "acks")
    print_acks(options, all_turns, "Acknowledgements", per_ack)
    print_memory(all_turns, "Memory under that load")
    aims.take_acks(all_turns)
    return all_turns


def measure_slow(options, aims):
    all_turns = turns(options, with_slow_flushes(options.flush_us), "slow flush")
    slow = f"{options.flush_us / 1000:g} ms"
    print_acks(options, all_turns, f"Acknowledgements where every flush takes {slow} longer")
    for name, own in all_turns.get(1, {}).items():
        fastest = min(turn.figures.p50 for turn in own)
        if RECEIVERS[name].durable and fastest < options.flush_us / 1000:
            print(f"\n{name}: p50 {fastest:.2f} ms at one connection: its flushes were not made "
                  "slower, and its row says nothing")
    aims.take_slow(all_turns)
    return all_turns


def measure_drain(options, aims):
    """Samovar alone: acknowledgements before its worker is started, and while it drains."""
    cases = ("some 450/s", "as many as it takes")
    figures = {(case, worker): [] for case in cases for worker in (False, True)}
    left = []
    for number in range(options.rounds):
        with Samovar(dict(os.environ), bodies=DRAIN_BODIES) as samovar:
            loaded(samovar, 32, WARM_UP)
            for worker in (False, True):
                for case, pause in zip(cases, (DRAIN_PAUSE_MS, 0)):
                    figures[case, worker].append(loaded(samovar, 32, options.seconds, pause))
                if not worker:
                    samovar.start_worker()
            left.append(samovar.site.count(LEFT))
        progress(f"drain, round {number + 1} of {options.rounds}: p99 "
                 f"{figures[cases[1], True][-1].p99:.2f} ms")
    table("Samovar, 32 connections, alone and while a worker drains (eight slots, /bin/true)",
          ["load", "worker", "acks/s", "p50 ms", "p99 ms", "errors"],
          [[case, "drains" if worker else "none", spread(f.rate for f in own),
            spread((f.p50 for f in own), "{:.2f}"), spread((f.p99 for f in own), "{:.1f}"),
            sum(f.errors for f in own)] for (case, worker), own in figures.items()])
    print(f"\nleft to be drained at the end: {spread(left)}"
          + ("; the worker had nothing to do for a while: shorter --seconds" if 0 in left else ""))
    aims.take_drain(figures[cases[1], True])
    return {f"{case}, {'worker' if worker else 'none'}": own
            for (case, worker), own in figures.items()}


class Handled:
    """What became of acknowledged deliveries, one receiver and one load."""

    def __init__(self, kind, connections, options):
        self.name = kind.name
        self.has_handlers = not kind.durable or kind is Samovar
        with tempfile.TemporaryDirectory(prefix="samovar-bench-") as folder:
            self.tally = pathlib.Path(folder) / "tally"
            self.tally.touch()
            more = {"tally": self.tally} if self.has_handlers else {}
            with kind(dict(os.environ), **more) as receiver:
                if kind is Samovar:
                    receiver.start_worker()
                sent = send_recorded(receiver.address, connections, options.handled_seconds)
                self.after = self.settle(receiver, options.patience) if self.has_handlers else None
                stored = receiver.stored_ids() if kind.durable else set()
                handled = collections.Counter(self.tally.read_text().split())
        acknowledged = set(sent.ids)
        self.acknowledged, self.refused = len(acknowledged), sent.refused + sent.unanswered
        self.handled = len(acknowledged & handled.keys())
        self.again = sum(handled[id] - 1 for id in acknowledged & handled.keys())
        self.waiting = len(acknowledged & stored - handled.keys())
        self.missing = len(acknowledged - stored - handled.keys())
        self.not_stored = len(acknowledged - stored) if kind.durable else None

    def settle(self, receiver, patience):
        """Seconds until nothing is left to be handled, None if something still is.

        webhook cannot be asked: it is done when no command has run for a while.
        """
        start, size = time.monotonic(), -1
        last = start
        while (now := time.monotonic()) - start < patience:
            if isinstance(receiver, Samovar):
                if receiver.site.count(LEFT) == 0:
                    return now - start
            elif self.tally.stat().st_size != size or receiver.commands_running() > 0:
                size, last = self.tally.stat().st_size, now
            elif now - last > QUIET:
                return last - start
            time.sleep(0.2)
        return None


def measure_handled(options, aims):
    results = []
    for connections in options.handled_connections:
        for name in options.receivers:
            results.append((connections, Handled(RECEIVERS[name], connections, options)))
            progress(f"handled, {connections} connections: {name} "
                     f"{results[-1][1].missing} missing")
    table(f"Acknowledged, and what came of it: {options.handled_seconds} s of load, then as "
          f"long as anything is handled (at most {options.patience} s)",
          ["connections, receiver", "acknowledged", "not acknowledged", "handled", "more than once",
           "stored, waits", "MISSING", "all ids stored", "s until quiet"],
          [[f"{connections} {r.name}", r.acknowledged, r.refused,
            r.handled if r.has_handlers else "no handlers", r.again if r.has_handlers else "",
            r.waiting, r.missing,
            "stores none" if r.not_stored is None else "yes" if r.not_stored == 0 else
            f"{r.not_stored} NOT", ("" if not r.has_handlers else "not quiet" if r.after is None
                                   else f"{r.after:.1f}")]
           for connections, r in results])
    print("\nhandled: the command that appends the delivery's id to a file did so (samovar: exec "
          "handler; webhook: its command). The Go and Starlette receivers store, and leave "
          "handling to a program that is still to be written. missing: acknowledged, neither stored nor "
          "handled.")
    aims.take_handled([r for _, r in results])
    return [(connections, vars(r)) for connections, r in results]


def measure_full(options, aims):
    """Samovar and Go with many deliveries stored and with none, all running, loaded in turn."""
    needed = options.stored * STORED_BYTES
    if shutil.disk_usage(tempfile.gettempdir()).free < needed:
        sys.exit(f"{options.stored} stored deliveries need {needed / 1e9:.0f} GB in "
                 f"{tempfile.gettempdir()}: choose a smaller --stored, or another --dir")
    kinds = [(kind, filling) for name, kind, filling in
             (("samovar", Samovar, SAMOVAR), ("go", Go, GO)) if name in options.receivers]
    figures = {(kind, stored): [] for kind, _ in kinds for stored in (0, options.stored)}
    for kind, filling in kinds:
        with kind(dict(os.environ)) as empty, kind(dict(os.environ)) as full:
            start = time.monotonic()
            fill(full, filling, options.stored, time.time_ns() // 1000)
            os.sync()
            progress(f"full: {kind.name} has {full.stored()} deliveries, "
                     f"{full.store.stat().st_size / 1e9:.1f} GB, after "
                     f"{time.monotonic() - start:.0f} s")
            for receiver in (empty, full):
                loaded(receiver, 32, WARM_UP)
            for number in range(options.rounds):
                for stored, receiver in rotated(((0, empty), (options.stored, full)), number):
                    figures[kind, stored].append(loaded(receiver, 32, options.seconds))
    rows = []
    for (kind, stored), own in figures.items():
        ratio = [its.rate / max(1e-9, none.rate) for its, none in zip(own, figures[kind, 0])]
        rows.append([kind.name, stored, spread(f.rate for f in own),
                     spread(ratio, "{:.2f}") if stored else "",
                     spread((f.p50 for f in own), "{:.2f}"),
                     spread((f.p99 for f in own), "{:.1f}"), sum(f.errors for f in own)])
        if kind is Samovar and stored:
            aims.take_full(ratio)
    table("Acknowledgements, 32 connections, with handled deliveries stored (64 byte bodies, "
          "random ids)", ["receiver", "stored", "acks/s", "to its own empty store", "p50 ms", "p99 ms",
                   "errors"], rows)
    return {f"{kind.name}, {stored}": own for (kind, stored), own in figures.items()}


class Aims:
    """What Samovar is to reach, beside what this run measured."""

    def __init__(self):
        self.rows = []

    def add(self, what, aim, value, met):
        self.rows.append([what, aim, value, "yes" if met else "NO"])

    def take_acks(self, all_turns):
        own = {connections: by_receiver.get("samovar", [])
               for connections, by_receiver in all_turns.items()}
        if own.get(32):
            self.ratio("acks/s at 32 connections, to the best durable peer", all_turns[32])
            self.at_most("p99 ms at 32 connections", 8, [t.figures.p99 for t in own[32]])
        if own.get(1):
            self.at_most("p50 ms at 1 connection", 0.25, [t.figures.p50 for t in own[1]])
        peaks = [turn.mebibytes for each in own.values() for turn in each]
        if peaks:
            self.add("memory under load, MiB", "<= 80", f"{max(peaks):.0f} (highest)",
                     max(peaks) <= 80)

    def take_slow(self, all_turns):
        if 32 in all_turns and "samovar" in all_turns[32]:
            self.ratio("acks/s at 32 with slow flushes, to the best durable peer", all_turns[32])

    def take_drain(self, figures):
        self.at_most("p99 ms at 32 while a worker drains", 15, [f.p99 for f in figures])

    def take_full(self, ratio):
        self.at_least("acks/s at 32 with many stored, to an empty store", 0.8, ratio)

    def take_handled(self, results):
        own = [r for r in results if r.name == Samovar.name]
        if own:
            missing = sum(r.acknowledged - r.handled for r in own)
            self.add("acknowledged and not handled in the end", "0", missing, missing == 0)

    def ratio(self, what, by_receiver):
        ratio = ratios(by_receiver, "samovar")
        if ratio:
            self.at_least(what, 1.2, ratio)

    def at_least(self, what, aim, values):
        self.add(what, f">= {aim}", spread(values, "{:.2f}"), statistics.median(values) >= aim)

    def at_most(self, what, aim, values):
        self.add(what, f"<= {aim}", spread(values, "{:.2f}"), statistics.median(values) <= aim)


MEASURES = {
    "acks": measure_acks,
    "slow": measure_slow,
    "drain": measure_drain,
    "handled": measure_handled,
    "full": measure_full,
}
