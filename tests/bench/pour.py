#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pour.py - bytes per second through a relay

    pour.py sink FILE          an application that takes everything; its port
                               is written to FILE
    pour.py unix PATH          the same at a UNIX socket
    pour.py door PATH          the same behind hybrid vsock, whatever the port
    pour.py WAY PORT MB        pours MB megabytes and waits until the other end
                               has them: MB/s on standard output

WAY is a UNIX socket (PORT not 0: behind hybrid vsock), "tcp", or
"egress:SOCKET" of the host's egress proxy.
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

CHUNK = bytes(1 << 20)


def take(listener, door):
    space = bytearray(1 << 20)
    while True:
        c, _ = listener.accept()
        if door:
            while c.recv(1) != b"\n":
                pass
            c.sendall(b"OK 1\n")
        while c.recv_into(space):
            pass
        c.sendall(b"x")
        c.close()


def sink(what, path):
    if what == "sink":
        listener = socket.create_server(("127.0.0.1", 0))
        with open(path + ".new", "w") as f:
            f.write("%d\n" % listener.getsockname()[1])
        os.rename(path + ".new", path)
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
    take(listener, what == "door")


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
    s = connect(way, port)
    start = time.monotonic()
    for _ in range(megabytes):
        s.sendall(CHUNK)
    s.shutdown(socket.SHUT_WR)
    assert s.recv(1) == b"x"
    print("%.0f" % (megabytes / (time.monotonic() - start)))


if sys.argv[1] in ("sink", "unix", "door"):
    sink(sys.argv[1], sys.argv[2])
pour(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
