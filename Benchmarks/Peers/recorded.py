"""A load that knows which deliveries were acknowledged: wrk only counts them.

Slower than wrk, and so never used where a pace is reported.
"""
import hashlib
import hmac
import select
import socket
import time
import uuid

from programs import SECRET, body

ZEROS = b"0" * 40


class Acknowledged:
    """Ids with a 2xx answer; how many got another answer, or none."""

    def __init__(self):
        self.ids, self.refused, self.unanswered = [], 0, 0


class Connection:
    """One keep-alive connection with at most one delivery under way."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received, self.id = b"", None

    def send(self, host, parts, number):
        self.id = str(uuid.uuid4())
        push = (b"%040x" % number).join(parts)
        signature = hmac.digest(SECRET, push, hashlib.sha256).hex()
        self.socket.sendall((
            f"POST /hooks/gitea HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(push)}\r\nX-Gitea-Event: push\r\nX-Gitea-Event-Type: push\r\n"
            f"X-Gitea-Delivery: {self.id}\r\nX-Gitea-Signature: {signature}\r\n\r\n"
        ).encode() + push)

    def answer(self):
        """The status of a complete answer, None of an unfinished one; OSError: it broke off."""
        more = self.socket.recv(65536)
        if not more:
            raise ConnectionResetError("closed")
        self.received += more
        head, end, rest = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        lines = head.split(b"\r\n")
        length = next((int(line.split(b":")[1]) for line in lines[1:]
                       if line.lower().startswith(b"content-length:")), 0)
        if len(rest) < length:
            return None
        self.received = rest[length:]
        return int(lines[0].split()[1])


def send_recorded(address, connections, seconds, patience=10):
    """Sends different deliveries, each connection one after the other, and awaits every answer."""
    host, port = address.split(":")
    parts = body(0).split(ZEROS)
    result, number, open_ones = Acknowledged(), 0, {}
    poll = select.epoll()

    def opened():
        connection = Connection(host, int(port))
        open_ones[connection.socket.fileno()] = connection
        poll.register(connection.socket, select.EPOLLIN)
        return connection

    def closed(connection):
        poll.unregister(connection.socket)
        del open_ones[connection.socket.fileno()]
        connection.socket.close()

    def sent(connection):
        nonlocal number
        number += 1
        connection.send(address, parts, number)

    try:
        for _ in range(connections):
            sent(opened())
        stop = time.monotonic() + seconds
        while open_ones and (now := time.monotonic()) < stop + patience:
            for file, _ in poll.poll(0.1):
                connection = open_ones[file]
                try:
                    status = connection.answer()
                    if status is None:
                        continue
                    if 200 <= status < 300:
                        result.ids.append(connection.id)
                    else:
                        result.refused += 1
                    connection.id = None
                    if now < stop:
                        sent(connection)
                    else:
                        closed(connection)
                except OSError:
                    result.unanswered += connection.id is not None
                    closed(connection)
                    if now < stop:
                        sent(opened())
        result.unanswered += len(open_ones)
    finally:
        for connection in list(open_ones.values()):
            closed(connection)
        poll.close()
    return result
