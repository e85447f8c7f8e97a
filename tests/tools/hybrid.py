#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hybrid.py - the host's side of hybrid vsock (Firecracker's convention)

    hybrid.py P PORT                standard input and output, until the end
    hybrid.py P follow PORT FILE... reads ports into files, connecting to each
                                    when it is with those before
    hybrid.py P forward PORT FILE   listens on 127.0.0.1, on the port that is
                                    written to FILE, and passes connections on

A port that nobody listens on yet is tried again for a minute.
"""
import os
import socket
import sys
import threading
import time


def connect(path, port, patience=100):
    """A socket to this port of the enclave behind P."""
    limit = time.monotonic() + patience
    while True:
        s = socket.socket(socket.AF_UNIX)
        try:
            # A request that comes before the enclave's driver is never answered.
            # Who gives up too early may be taken for one who has read.
            s.settimeout(15)
            s.connect(path)
            s.sendall(b"CONNECT %d\n" % port)
            line = b""
            while not line.endswith(b"\n"):
                byte = s.recv(1)
                if not byte:
                    raise ConnectionRefusedError
                line += byte
            if not line.startswith(b"OK "):
                raise SystemExit("hybrid.py: %r" % line)
            s.settimeout(None)
            return s
        except OSError:
            s.close()
            if time.monotonic() > limit:
                raise
            time.sleep(0.02)


def copy(read, write, end):
    try:
        while True:
            data = read(65536)
            if not data:
                break
            write(data)
        end()
    except OSError:
        pass


def shut(s):
    return lambda: s.shutdown(socket.SHUT_WR)


def forward(path, port, file):
    listener = socket.create_server(("127.0.0.1", 0))
    with open(file + ".new", "w") as f:
        f.write("%d\n" % listener.getsockname()[1])
    os.rename(file + ".new", file)
    while True:
        client, _ = listener.accept()
        enclave = connect(path, port)
        for a, b in ((client, enclave), (enclave, client)):
            threading.Thread(target=copy, daemon=True,
                             args=(a.recv, b.sendall, shut(b))).start()


def follow(path, words):
    readers = []
    for port, file in zip(words[::2], words[1::2]):
        s = connect(path, int(port))
        out = open(file, "wb", buffering=0)
        readers.append(threading.Thread(
            target=copy, args=(s.recv, out.write, s.close)))
        readers[-1].start()
    for each in readers:
        each.join()


def main():
    path, word = sys.argv[1:3]
    if word == "follow":
        follow(path, sys.argv[3:])
        return
    if word == "forward":
        forward(path, int(sys.argv[3]), sys.argv[4])
    s = connect(path, int(word))
    threading.Thread(target=copy, daemon=True, args=(
        lambda n: os.read(0, n), s.sendall, shut(s))).start()
    copy(s.recv, lambda data: os.write(1, data), lambda: None)


if __name__ == "__main__":
    main()
