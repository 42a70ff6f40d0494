"""The queue engine without handlers (Engine/), alone and beside an ingress."""
import pathlib
import shutil
import sys
import tempfile

from machine import HERE, flushes, table, with_slow_flushes
from programs import Load, Site, load, run_engine


def measure_drain(options):
    rows = []
    for workers, slots in ((1, 1), (1, 8), (1, 64), (1, 256), (4, 8), (4, 64), (4, 256)):
        with Site() as site:
            [drain] = site.engine(
                "drain", jobs=options.jobs, workers=workers, slots=slots, seconds=15)
        rows.append([
            workers, slots, f"{drain['jobs_per_second']:.0f}", drain.get("slowest_second"),
            drain.get("median_second"), drain.get("fastest_second"), drain["commits"],
            f"{drain['commit_p50_us'] / 1000:.2f}", f"{drain['commit_p99_us'] / 1000:.2f}"])
    table("Claim + complete, durable, no-op handler, 1 KiB bodies, 50 repositories",
          ["worker processes", "slots", "jobs/s", "slowest second", "median", "fastest", "commits",
           "commit p50 ms", "p99 ms"], rows)
    print("\nKnown from other runs on such a machine, one job at a time: PostgreSQL with SKIP "
          "LOCKED 9900/s, goqite 4400/s")


def ensure_room(folder, finished):
    """A finished job has some 420 bytes with all that belongs to it; no journal is kept."""
    needed = finished * 600
    if shutil.disk_usage(folder).free < needed:
        sys.exit(f"{finished} finished jobs need {needed / 1e9:.1f} GB in {folder}: "
                 "choose a smaller --finished, or another --dir or --keep")


def measure_claim(options):
    """Ten million finished jobs take a minute or two to fill: --keep FOLDER fills them once."""
    folder = options.keep or tempfile.mkdtemp(prefix="samovar-bench-")
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    try:
        ensure_room(folder, options.finished)
        measurements = run_engine(
            "claim-cost", folder, finished=options.finished, keep=options.keep is not None,
            only=options.scenarios)
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    table("Claim + complete in one commit, one worker: a full store and an empty one in turn",
          ["store", "rows", "jobs", "p50 µs", "p99 µs", "empty: p50 µs", "p99 µs", "p50 ratio",
           "p99 ratio", "first ms (exchanges)", "MiB"],
          [[m["scenario"], m["size"], m["slots"], f"{m['p50_us']:.0f}", f"{m['p99_us']:.0f}",
            f"{m['empty_p50_us']:.0f}", f"{m['empty_p99_us']:.0f}", f"{m['ratio_p50']:.2f}",
            f"{m['ratio_p99']:.2f}", f"{m['settling_us'] / 1000:.1f} ({m['settling_exchanges']})",
            f"{m['mebibytes']:.0f}"]
           for m in measurements])


def measure_route(options):
    """Decoding and deciding, without a store."""
    with Site() as site:
        decided, decoded, *memory = site.engine(
            "route", seconds=options.seconds, recordings=HERE.parent / "Tests/Fixtures/deliveries")
    table("Decoding and deciding, one core",
          ["routes", "bytes", "deliveries/s", "µs each", "µs to decode 10 KiB"],
          [[decided["routes"], decided["body_bytes"], f"{decided['per_second']:.0f}",
            f"{decided['us_each']:.1f}", f"{decoded['us_per10_kib']:.1f}"]])
    table("A large body: memory beside its own bytes",
          ["body", "MB", "ms", "decided: MB", "and read: MB"],
          [[m["body"], m["megabytes"], m["milliseconds"], m["deciding_megabytes"],
            m["reading_megabytes"]] for m in memory])


def measure_backlog(options):
    """A worker drains a backlog while an ingress on the same store is sent some 500 a second."""
    with Site() as site:
        site.engine("fill", jobs=options.backlog, body_bytes=64)
        ingress = site.start("samovar-ingress")
        load(site, ingress.address, 8, 1, pause_ms=16)  # warm-up
        alone = load(site, ingress.address, 8, 10, pause_ms=16)
        sending = Load(site, ingress.address, 8, 600, pause_ms=16)
        [drain] = site.engine("drain", prefilled=True, slots=64, seconds=180, body_bytes=64)
        beside = sending.stop()
    table("An ingress, 8 connections with pauses, alone and while a backlog drains",
          ["backlog", "acks/s", "p50 ms", "p99 ms", "errors"],
          [[name, f"{rate:.0f}", f"{p50:.2f}", f"{p99:.2f}", errors]
           for name, (rate, p50, p99, errors, _) in (("none", alone), ("draining", beside))])
    table("The drain meanwhile: one worker, 64 slots, 64 byte bodies",
          ["jobs", "left", "jobs/s", "slowest second", "median", "fastest", "commit p99 ms"],
          [[drain["jobs"], drain["left"], f"{drain['jobs_per_second']:.0f}",
            drain.get("slowest_second"), drain.get("median_second"), drain.get("fastest_second"),
            f"{drain['commit_p99_us'] / 1000:.2f}"]])
    print("\njobs in each second: " + " ".join(map(str, drain["per_second"])))


def measure_flush(options):
    """What group commit is worth where a flush costs something."""
    columns = []
    for flush_us in (0, options.flush_us):
        column = [f"{flushes(with_slow_flushes(flush_us))[0]:.0f}"]
        with Site(flush_us=flush_us) as site:
            ingress = site.start("samovar-ingress")
            for connections in (1, 32):
                load(site, ingress.address, connections, 1)  # warm-up
                rate, _, p99, _, _ = load(site, ingress.address, connections, options.seconds)
                column.append(f"{rate:.0f} (p99 {p99:.1f} ms)")
        for slots in (1, 64):
            with Site(flush_us=flush_us) as site:
                [drain] = site.engine("drain", jobs=100_000, slots=slots, seconds=options.seconds)
            column.append(f"{drain['jobs_per_second']:.0f}")
        columns.append(column)
    names = ["appends with fdatasync", "acks, 1 connection", "acks, 32 connections",
             "claim + complete, 1 slot", "claim + complete, 64 slots"]
    table("Group commit, on this disk and where every flush takes longer: how many a second",
          ["a second", "this disk", f"{options.flush_us / 1000:g} ms more a flush"],
          list(zip(names, *columns)))


def measure_full(options):
    """Acknowledgements with many deliveries stored, against none."""
    rows = []
    for stored in (0, options.finished):
        with Site() as site:
            ensure_room(site.folder, stored)
            site.engine("fill", jobs=0, finished=stored)
            ingress = site.start("samovar-ingress")
            load(site, ingress.address, 32, 1)  # warm-up
            rate, p50, p99, errors, _ = load(site, ingress.address, 32, options.seconds)
            rows.append([stored, f"{rate:.0f}", f"{p50:.2f}", f"{p99:.2f}", errors])
    table("Durable acknowledgements, 32 connections, into a store with finished deliveries",
          ["stored", "acks/s", "p50 ms", "p99 ms", "errors"], rows)
