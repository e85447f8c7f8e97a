#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pour.py - bytes per second through a relay

    pour.py sink               an application that takes everything; its port
                               on standard output
    pour.py SOCKET PORT MB     pours MB megabytes into the UNIX socket (PORT not
                               0: behind hybrid vsock) and waits until the other
                               end has them: MB/s on standard output
"""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../tools"))
import hybrid

CHUNK = bytes(1 << 20)


def sink():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    space = bytearray(1 << 20)
    while True:
        c, _ = listener.accept()
        while c.recv_into(space):
            pass
        c.sendall(b"x")
        c.close()


def pour(path, port, megabytes):
    if port:
        s = hybrid.connect(path, port)
    else:
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
    start = time.monotonic()
    for _ in range(megabytes):
        s.sendall(CHUNK)
    s.shutdown(socket.SHUT_WR)
    assert s.recv(1) == b"x"
    print("%.0f" % (megabytes / (time.monotonic() - start)))


if sys.argv[1] == "sink":
    sink()
pour(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
