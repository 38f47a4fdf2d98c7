"""Times two requests against each other on one connection, and says how often their times tell them apart."""

import math
import random
import socket
import time

GROUPS, SAMPLES = 30, 200


class Line:
    """A connection that is kept, on which one request after another is sent as it is."""

    def __init__(self, port):
        self.port = port
        self.open()

    def open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request):
        """Nanoseconds until the whole answer is here, and the answer."""
        began = time.perf_counter_ns()
        self.socket.sendall(request)
        answer, end = b"", None
        while end is None or len(answer) < end:
            part = self.socket.recv(65536)
            assert part, "the connection was closed"
            answer += part
            if end is None and (head := answer.find(b"\r\n\r\n")) >= 0:
                fields = answer[:head].lower()
                length = fields.index(b"content-length: ") + len(b"content-length: ")
                end = head + 4 + int(fields[length:].split(b"\r\n", 1)[0])
        return time.perf_counter_ns() - began, answer


def request(verb, path, body=b"", **headers):
    lines = [f"{verb} {path} HTTP/1.1", "Host: 127.0.0.1"] + [
        f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if verb != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def probability(one, other):
    """The two-sided p of the Mann-Whitney U test, by the normal approximation with its correction for ties."""
    values = sorted((value, side) for side, part in enumerate((one, other)) for value in part)
    ranks, ties, place = 0.0, 0, 0
    while place < len(values):
        end = place
        while end < len(values) and values[end][0] == values[place][0]:
            end += 1
        ranks += (place + 1 + end) / 2 * sum(1 for _, side in values[place:end] if side == 0)
        ties += (end - place) ** 3 - (end - place)
        place = end
    n, m = len(one), len(other)
    u, total = ranks - n * (n + 1) / 2, n + m
    spread = math.sqrt(n * m / 12 * (total + 1 - ties / (total * (total - 1))))
    return math.erfc(max(0.0, abs(u - n * m / 2) - 0.5) / spread / math.sqrt(2)) if spread else 1.0


def median(values):
    return sorted(values)[len(values) // 2]


class Race:
    """The times of two requests, asked in pairs whose order is drawn. A request is bytes, or is made for each time."""

    def __init__(self, port, there, absent, seed, groups=GROUPS, samples=SAMPLES):
        draw, line, self.groups = random.Random(seed), Line(port), []
        for group in range(-1, groups):
            times = [], []
            for _ in range(samples):
                pair = [side() if callable(side) else side for side in (there, absent)]
                assert len(pair[0]) == len(pair[1]), "the lengths of the requests tell them apart"
                for side in draw.sample((0, 1), 2):
                    times[side].append(line.ask(pair[side])[0])
            if group >= 0:
                self.groups.append(times)
        line.socket.close()

    @property
    def told_apart(self):
        """In how many groups the times tell the two apart at p < 0.05; by chance in one of twenty."""
        return sum(probability(*times) < 0.05 for times in self.groups)

    def __str__(self):
        there, absent = (median([value for times in self.groups for value in times[side]]) for side in (0, 1))
        return (f"{self.told_apart} of {len(self.groups)} groups told apart, medians {there / 1000:.1f} and"
                f" {absent / 1000:.1f} microseconds")
