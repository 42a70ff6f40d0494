"""What the host sends to the machine, and asks for again."""
import hashlib
import hmac
import http.client
import json
import pathlib
import random
import threading
import time
import uuid

RECORDED = pathlib.Path(__file__).resolve().parents[1] / "Fixtures/deliveries"

# One delivery in twenty starts a handler: all of them would leave the emulated processors no time to accept more.
PUSH_SHARE = 0.05


class Deliveries:
    """Signed requests, made from recorded ones; the same id always has the same bytes."""

    def __init__(self, secret):
        self.secret = secret
        self.push = self.recorded("push-branch")
        self.others = [self.recorded(name) for name in ("issue_comment-created", "issues-opened")]

    @staticmethod
    def recorded(name):
        head, body = (RECORDED / f"{name}.http").read_bytes().split(b"\r\n\r\n", 1)
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        return fields["X-Gitea-Event"], fields["X-Gitea-Event-Type"], body

    def request(self, identifier):
        rng = random.Random(identifier)
        event, kind, body = self.push if rng.random() < PUSH_SHARE else rng.choice(self.others)
        # No two bodies are equal: a push with the bytes of another one is a repeat, and runs nothing.
        body = b'{\n  "machine": "%s",' % identifier.encode() + body.removeprefix(b"{")
        return body, {
            "Content-Type": "application/json",
            "X-Gitea-Delivery": identifier,
            "X-Gitea-Event": event,
            "X-Gitea-Event-Type": kind,
            "X-Gitea-Signature": hmac.new(self.secret, body, hashlib.sha256).hexdigest(),
        }


class Line:
    """A connection that is kept, and made anew after anything that went wrong."""

    def __init__(self, port, deliveries):
        self.port, self.deliveries, self.connection = port, deliveries, None

    def send(self, identifier):
        """The status and the answer; None when there was none."""
        body, headers = self.deliveries.request(identifier)
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.connection.request("POST", "/hooks/gitea", body, headers)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            # Cut, or refused: what became of the delivery is not known, and nothing was promised.
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            return None


class Load:
    """Connections that send until they are told to stop; what was answered 202 is kept."""

    def __init__(self, port, deliveries, rng, senders):
        self.acknowledged, self.spooled, self.unanswered, self.refused = [], 0, 0, 0
        self.guard, self.ended, self.first = threading.Lock(), threading.Event(), threading.Event()
        seeds = [rng.randrange(1 << 62) for _ in range(senders)]
        self.threads = in_parallel(senders, lambda number: self.send(Line(port, deliveries), seeds[number]))

    def send(self, line, seed):
        rng = random.Random(seed)
        while not self.ended.is_set():
            identifier = str(uuid.UUID(int=rng.getrandbits(128), version=4))
            answer = line.send(identifier)
            self.keep(identifier, answer)
            if answer is None:
                time.sleep(0.05)

    def keep(self, identifier, answer):
        with self.guard:
            if answer is None:
                self.unanswered += 1
            elif answer[0] == 202:
                self.acknowledged.append(identifier)
                self.spooled += answer[1].get("durable") == "spool"
                self.first.set()
            else:
                self.refused += 1

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def ask_again(port, deliveries, identifiers, senders):
    """Sends what was acknowledged once more.

    Returns those that were not known, with the answer, and what was said last if there was no answer that counts.
    """
    waiting, unknown, silence = list(identifiers), [], []

    def ask(_):
        line = Line(port, deliveries)
        while waiting and not silence:
            try:
                identifier = waiting.pop()
            except IndexError:
                return
            for _ in range(60):
                answer = line.send(identifier)
                # The spool does not know what the store has: its 202 says nothing here.
                if answer and answer[0] != 503 and answer[1].get("durable") != "spool":
                    break
                time.sleep(0.5)
            else:
                silence.append(f"{identifier}: {answer}")
                return
            if answer[0] != 200 or answer[1].get("status") != "duplicate":
                unknown.append((identifier, answer))

    for thread in in_parallel(senders, ask):
        thread.join()
    return unknown, next(iter(silence), None)


def in_parallel(count, work):
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads
