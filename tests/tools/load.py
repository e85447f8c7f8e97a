#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""load.py - thousands of connections, or gigabytes, through a proxy

    load.py serve PORT            an application that sends back what it gets
    load.py plain WAY PORT PID    asserts, of the proxy PID, what design.md
    load.py tls WAY PORT PID CA   section 7 says
    load.py bulk WAY PORT PID MB  and that gigabytes arrive there and back

WAY is the hybrid vsock V of odyn's, or "tcp", a port of 127.0.0.1, or
"egress:V_PORT", the socket of the host's egress proxy.

ENC_TEST_IDLE (8000), ENC_TEST_BUSY (200), ENC_TEST_TURNS (60000) and
ENC_TEST_PACE (1000 of these a second) scale it.
"""
import hashlib
import json
import os
import resource
import selectors
import socket
import ssl
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hybrid

IDLE = int(os.environ.get("ENC_TEST_IDLE", 8000))
BUSY = int(os.environ.get("ENC_TEST_BUSY", 200))
TURNS = int(os.environ.get("ENC_TEST_TURNS", 60000))
PACE = int(os.environ.get("ENC_TEST_PACE", 1000))
CALLERS = 50                            # in whose names the turns are made
BULK = bytes(range(251)) * 4000         # a megabyte that no power of two divides
BACKLOG = 1 << 20                       # of what is to be sent back
MIB = 1024                              # in KiB


def serve(port):
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    listener.setblocking(False)
    poll = selectors.DefaultSelector()
    poll.register(listener, selectors.EVENT_READ)
    print("ready", flush=True)
    ended = set()
    while True:
        for key, events in poll.select():
            s = key.fileobj
            if s is listener:
                c, _ = s.accept()
                c.setblocking(False)
                poll.register(c, selectors.EVENT_READ, bytearray())
                continue
            try:
                if events & selectors.EVENT_READ and s not in ended:
                    data = s.recv(65536)
                    key.data.extend(data)
                    if not data:
                        ended.add(s)
                del key.data[:s.send(key.data) if key.data else 0]
            except BlockingIOError:
                pass
            except OSError:
                ended.add(s)
                key.data.clear()
            if s in ended and not key.data:
                ended.remove(s)
                poll.unregister(s)
                s.close()
                continue
            # Who reads slowly is not read from.
            poll.modify(s, (0 if s in ended or len(key.data) > BACKLOG else
                            selectors.EVENT_READ) |
                        (selectors.EVENT_WRITE if key.data else 0), key.data)


class Odyn:
    def __init__(self, path, port, pid, context=None):
        self.path, self.port, self.pid = path, port, pid
        self.context = context

    def connect(self):
        if self.path == "tcp":
            s = socket.create_connection(("127.0.0.1", self.port))
        elif self.path.startswith("egress:"):
            s = self.egress(self.path[7:])
        else:
            s = hybrid.connect(self.path, self.port)
        s.settimeout(120)
        if self.context:
            s = self.context.wrap_socket(s, server_hostname="app.example")
        return s

    def egress(self, path):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(120)
        s.connect(path)
        text = json.dumps({"host": "host", "port": self.port}).encode()
        s.sendall(struct.pack("<H", len(text)) + text)
        assert s.recv(6, socket.MSG_WAITALL) == b'\x04\x00"Ok"'
        return s

    def resident(self, what="VmRSS:"):
        """KiB"""
        with open("/proc/%d/status" % self.pid) as f:
            return next(int(line.split()[1]) for line in f
                        if line.startswith(what))

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))


def ask(s, word):
    s.sendall(word)
    got = b""
    while len(got) < len(word):
        part = s.recv(65536)
        assert part, "cut off after %r" % got
        got += part
    assert got == word, "%r is not %r" % (got[:40], word[:40])


def settle(odyn, want):
    """Until odyn has closed what we closed."""
    for _ in range(600):
        if odyn.descriptors() <= want:
            return
        selectors.DefaultSelector().select(0.1)
    raise AssertionError("%d descriptors, not %d" % (odyn.descriptors(), want))


def busy(odyn, n):
    """All of them send and receive at once."""
    poll = selectors.DefaultSelector()
    for _ in range(n):
        s = odyn.connect()
        s.setblocking(False)
        poll.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE, [0, 0])
    left = n
    while left:
        for key, events in poll.select():
            s, at = key.fileobj, key.data
            if events & selectors.EVENT_WRITE:
                at[0] += s.send(BULK[at[0]:at[0] + 65536])
                if at[0] == len(BULK):
                    poll.modify(s, selectors.EVENT_READ, at)
            if events & selectors.EVENT_READ:
                part = s.recv(65536)
                assert part and BULK[at[1]:at[1] + len(part)] == part
                at[1] += len(part)
                if at[1] == len(BULK):
                    poll.unregister(s)
                    s.close()
                    left -= 1


def idle(odyn, n):
    connections = []
    for i in range(n):
        connections.append(odyn.connect())
        ask(connections[-1], b"%d" % i)
    return connections


def back_to(before, odyn, what):
    now = odyn.resident()
    print("# after %s: %d KiB, before %d KiB" % (what, now, before))
    assert now <= before + MIB, "memory did not come back"


def paced(odyn):
    """PACE new connections a second, whether or not those before have ended;
    how many were answered.  Who is late does not wait, so on a machine that is
    slow it takes longer, and nothing else is different."""
    answered = [0] * CALLERS
    start = time.monotonic()

    def call(me):
        for i in range(me, TURNS, CALLERS):
            time.sleep(max(0, start + i / PACE - time.monotonic()))
            s = odyn.connect()
            ask(s, b"turn %d" % i)
            s.close()
            answered[me] += 1

    callers = [threading.Thread(target=call, args=(i,)) for i in range(CALLERS)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    print("# %d turns, %.0f a second" %
          (sum(answered), TURNS / (time.monotonic() - start)))
    return sum(answered)


def plain(odyn):
    files = odyn.descriptors()
    busy(odyn, 8)
    settle(odyn, files)
    before = odyn.resident()
    connections = idle(odyn, IDLE)
    used = odyn.resident()
    print("# %d idle: %d KiB" % (IDLE, used))
    assert used <= 64 * MIB, "more than 64 MiB"
    busy(odyn, BUSY)
    print("# and %d busy: %d KiB" % (BUSY, odyn.resident()))
    for i, s in enumerate(connections):
        ask(s, b"%d again" % i)
    for s in connections:
        s.close()
    settle(odyn, files)
    back_to(before, odyn, "the crowd")
    answered = paced(odyn)
    assert answered == TURNS, "%d of %d answered" % (answered, TURNS)
    settle(odyn, files)
    back_to(before, odyn, "%d turns" % TURNS)


def bulk(odyn, megabytes):
    """There and back at once."""
    files = odyn.descriptors()
    busy(odyn, 8)
    settle(odyn, files)
    before = odyn.resident("VmHWM:")
    s = odyn.connect()
    sent = hashlib.sha256()

    def send():
        data = bytearray(os.urandom(1 << 20))
        for i in range(megabytes):
            data[:8] = struct.pack("<Q", i)
            sent.update(data)
            s.sendall(data)
        s.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    got, n = hashlib.sha256(), 0
    while part := s.recv(1 << 20):
        got.update(part)
        n += len(part)
    sender.join()
    assert n == megabytes << 20, "%d bytes" % n
    assert got.digest() == sent.digest(), "other bytes than those sent"
    s.close()
    settle(odyn, files)
    peak = odyn.resident("VmHWM:")
    print("# %d MB each way: peak %d KiB, before %d KiB" %
          (megabytes, peak, before))
    assert peak <= before + MIB, "memory grew"


def tls(odyn):
    files = odyn.descriptors()
    for s in idle(odyn, 20):
        s.close()
    settle(odyn, files)
    before = odyn.resident()
    n = IDLE // 4
    connections = idle(odyn, n)
    used = odyn.resident() - before
    print("# %d idle with TLS: %d bytes each" % (n, used * 1024 // n))
    assert used <= 20 * n, "more than 20 KiB each"
    for i, s in enumerate(connections):
        ask(s, b"%d again" % i)
        s.close()
    settle(odyn, files)
    back_to(before, odyn, "the crowd")


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    what = sys.argv[1]
    if what == "serve":
        serve(int(sys.argv[2]))
    path, port, pid = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if what == "plain":
        plain(Odyn(path, port, pid))
    elif what == "bulk":
        bulk(Odyn(path, port, pid), int(sys.argv[5]))
    else:
        context = ssl.create_default_context(cafile=sys.argv[5])
        tls(Odyn(path, port, pid, context))


if __name__ == "__main__":
    main()
