#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pour.py - what a relay carries a second, and how long it takes to answer

    pour.py sink FILE          an application; its port is written to FILE
    pour.py unix PATH          the same at a UNIX socket
    pour.py door PATH          the same behind hybrid vsock, whatever the port
    pour.py MB RUNS NAME WAY PORT...
                               a row for each: the best of RUNS runs, which the
                               rows take in turn, and ratios to the first row

WAY is a UNIX socket (PORT not 0: behind hybrid vsock), "tcp", or
"egress:SOCKET" of the host's egress proxy.  The first byte says what the
application is wanted for: to take everything, to send back, to answer once.
"""
import json
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../tools"))
import hybrid

CHUNK = b"t" * (1 << 20)
TRIPS = 10000                   # there and back, over one connection
TURNS = 1000                    # connections, one after another
SMALL = 64                      # bytes of a message


def serve(listener, door):
    space = bytearray(1 << 20)
    while True:
        c, _ = listener.accept()
        if door:
            while c.recv(1) != b"\n":
                pass
            c.sendall(b"OK 1\n")
        n = c.recv_into(space)
        if space[:1] == b"t":
            while c.recv_into(space):
                pass
            c.sendall(b"x")
        while n and space[:1] != b"t":
            c.sendall(space[:n])
            n = space[:1] == b"e" and c.recv_into(space)
        c.close()


def application(what, path):
    if what == "sink":
        listener = socket.create_server(("127.0.0.1", 0))
        with open(path + ".new", "w") as f:
            f.write("%d\n" % listener.getsockname()[1])
        os.rename(path + ".new", path)
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
    serve(listener, what == "door")


def connect(way, port):
    if way == "tcp":
        return socket.create_connection(("127.0.0.1", port))
    if port and not way.startswith("egress:"):
        return hybrid.connect(way, port)
    s = socket.socket(socket.AF_UNIX)
    s.connect(way[7:] if way.startswith("egress:") else way)
    if way.startswith("egress:"):
        text = json.dumps({"host": "host", "port": port}).encode()
        s.sendall(struct.pack("<H", len(text)) + text)
        assert s.recv(6, socket.MSG_WAITALL) == b'\x04\x00"Ok"'
    return s


def pour(way, port, megabytes):
    """MB/s, until the other end has them"""
    with connect(way, port) as s:
        start = time.monotonic()
        for _ in range(megabytes):
            s.sendall(CHUNK)
        s.shutdown(socket.SHUT_WR)
        assert s.recv(1) == b"x"
        return megabytes / (time.monotonic() - start)


def median_and_99th(times):
    times.sort()
    return times[len(times) // 2] * 1e6, times[len(times) * 99 // 100] * 1e6


def trips(way, port):
    """us for a message there and back over a connection that is there"""
    message, times = b"e" * SMALL, []
    with connect(way, port) as s:
        for _ in range(TRIPS):
            start = time.perf_counter()
            s.sendall(message)
            assert s.recv(SMALL, socket.MSG_WAITALL) == message
            times.append(time.perf_counter() - start)
    return median_and_99th(times)


def turns(way, port):
    """us from before the connection until the other end has closed it"""
    message, times = b"o" * SMALL, []
    for _ in range(TURNS):
        start = time.perf_counter()
        with connect(way, port) as s:
            s.sendall(message)
            assert s.recv(SMALL, socket.MSG_WAITALL) == message
            assert s.recv(1) == b""
        times.append(time.perf_counter() - start)
    return median_and_99th(times)


def table(megabytes, runs, rows):
    """The best of a row is the most MB/s and the least of each time."""
    best = {}
    for _ in range(runs):
        for name, way, port in rows:
            # first: who has just poured is let run later by the kernel
            times = trips(way, port) + turns(way, port)
            got = (pour(way, port, megabytes),) + times
            old = best.get(name, got)
            best[name] = (max(old[0], got[0]),) + tuple(
                map(min, old[1:], got[1:]))
    first = best[rows[0][0]]
    for name, _, _ in rows:
        print("%-12s" % name, end="")
        for new, old in zip(best[name], first):
            print("%7.0f %5.2f" % (new, new / old), end="")
        print(flush=True)


def main():
    if sys.argv[1] in ("sink", "unix", "door"):
        application(sys.argv[1], sys.argv[2])
    words = sys.argv[3:]
    table(int(sys.argv[1]), int(sys.argv[2]),
          list(zip(words[::3], words[1::3], map(int, words[2::3]))))


if __name__ == "__main__":
    main()
