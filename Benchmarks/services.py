"""The services as a whole: acknowledgements, start of a handler, exec handlers."""
import http.client
import random
import time
import uuid

from machine import compiled, memory, probe, table, wait_until
from programs import Site, body, load, signature


def measure_acks(options):
    with Site() as site:
        start = time.monotonic()
        ingress = site.start("samovar-ingress")
        ready = (time.monotonic() - start) * 1000
        idle = memory(ingress)[0]
        rows, sent = [], 0
        for connections in (1, 8, 32, 128):
            sent += load(site, ingress.address, connections, 1)[4]  # warm-up
            rate, p50, p99, errors, requests = load(
                site, ingress.address, connections, options.seconds)
            sent += requests
            rows.append([connections, f"{rate:.0f}", f"{p50:.2f}", f"{p99:.2f}", errors])
        peak = memory(ingress)[1]
        stored = site.count("SELECT count(*) FROM routing")
        table(f"Durable acknowledgements, {len(body())} byte bodies",
              ["connections", "acks/s", "p50 ms", "p99 ms", "errors"], rows)
        print(f"\nwrk counted {sent} answers, the store has {stored} deliveries"
              " (wrk drops what is in flight at its end)")
        print(f"ingress memory: {idle:.0f} MiB idle, {peak:.0f} MiB peak; "
              f"start to listening {ready:.0f} ms")


def measure_latency(options):
    """The ingress and the worker are idle in between: the way of one delivery, fifty a second."""
    with Site(compiled("stamp")) as site:
        ingress, worker = site.start("samovar-ingress"), site.start("samovar-worker")
        host, port = ingress.address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        count = 50 * max(10, options.seconds)
        due = time.monotonic()
        for push in [body(number) for number in range(count)]:
            # An even rate, with jitter, so that it does not beat with a timer.
            due += random.uniform(0.5, 1.5) / 50
            time.sleep(max(0, due - time.monotonic()))
            connection.request("POST", "/hooks/gitea", push, {
                "Content-Type": "application/json", "X-Gitea-Event": "push",
                "X-Gitea-Delivery": str(uuid.uuid4()), "X-Gitea-Signature": signature(push)})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 202, answer.status
        wait_until(lambda: site.count("SELECT count(*) FROM attempt_output") == count)
        with site.store() as store:
            times = sorted(row[0] / 1000 for row in store.execute("""
                SELECT CAST(CAST(output AS TEXT) AS INTEGER) - received_at
                FROM attempt_output
                JOIN attempt ON attempt.id = attempt_output.attempt
                JOIN job ON job.id = attempt.job
                JOIN delivery ON delivery.seq = job.delivery"""))
        table("From the request's last byte to the handler's start, 50 deliveries a second",
              ["deliveries", "p50 ms", "p99 ms", "max ms"],
              [[count, f"{times[count // 2]:.2f}", f"{times[count * 99 // 100]:.2f}",
                f"{times[-1]:.2f}"]])
        print(f"\nworker memory: {memory(worker)[1]:.0f} MiB peak")


LEFT = """
    SELECT (SELECT count(*) FROM routing WHERE verdict IS NULL)
        + (SELECT count(*) FROM job WHERE state IN ('ready', 'leased'))
"""


def measure_exec(options):
    spawn = compiled("spawn")
    before = probe(spawn, 8, 3)[0]
    with Site(bodies=16_384) as site:
        ingress = site.start("samovar-ingress")
        load(site, ingress.address, 32, 1)
        start = time.monotonic()
        worker = site.start("samovar-worker")
        wait_until(lambda: site.count(LEFT) == 0, seconds=300)
        seconds = time.monotonic() - start
        jobs = site.count("SELECT count(*) FROM job WHERE state = 'done'")
        rate = jobs / seconds
        peak = memory(worker)[1]
    after = probe(spawn, 8, 3)[0]
    machine = (before + after) / 2
    table("exec handlers (/bin/true), eight slots, from the worker's start to the last job done",
          ["jobs", "jobs/s", "machine's spawns/s", "share"],
          [[jobs, f"{rate:.0f}", f"{machine:.0f}", f"{rate / machine:.0%}"]])
    print(f"\nworker memory: {peak:.0f} MiB peak")
