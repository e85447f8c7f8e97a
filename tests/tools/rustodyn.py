#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rustodyn.py - the Rust odyn's side of the wire, by hand (contract.md section
4): what Enclaver's own supervisor says to a host, and what it expects back

    rustodyn.py P PORT

Listens at P as an enclave's hybrid vsock does:

    17000   a line of status at once, {"status":"running"}, and when the egress
            below is done the final one, whose signal is a name.  It never ends
            its side: it waits for the reader to close
    17001   what the application wrote, raw, and then no end either

and asks the host's egress proxy, as NE_FAKE's port 17002, for host:PORT, twice:
the answers are written to 17001.
"""
import json
import os
import socket
import struct
import sys
import threading
import time

P, WEB = sys.argv[1], int(sys.argv[2])
LOG = b""
CHANGED = threading.Condition()
FINAL = False
CLOSED = threading.Event()


def exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def ask(host, port):
    """A frame there, a frame back, in the bytes of the Rust proxies."""
    limit = time.monotonic() + 60
    while True:  # the host may not listen yet
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        try:
            s.connect(os.path.join(os.environ["NE_FAKE"], "vsock", "17002"))
            break
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
    text = b'{"host":"%s","port":%d}' % (host.encode(), port)
    s.sendall(struct.pack("<H", len(text)) + text)
    (size,) = struct.unpack("<H", exactly(s, 2))
    return s, exactly(s, size)


def write(text):
    global LOG
    with CHANGED:
        LOG += text
        CHANGED.notify_all()


def egress():
    global FINAL
    s, answer = ask("host", WEB)
    write(b"answer %s\n" % answer)
    s.sendall(b"GET /answer HTTP/1.0\r\n\r\n")
    body = b""
    while True:
        data = s.recv(65536)
        if not data:
            break
        body += data
    write(body.split(b"\r\n\r\n", 1)[1])
    s, answer = ask("denied.example", 443)
    error = json.loads(answer)["Err"]
    write(b"denied %d %s\n" % (error["os_code"], error["message"].encode()))
    with CHANGED:
        FINAL = True
        CHANGED.notify_all()


def status(s):
    s.sendall(b'{"status":"running"}\n')
    with CHANGED:
        CHANGED.wait_for(lambda: FINAL)
    s.sendall(b'{"status":"signaled","signal":"SIGTERM"}\n')
    while s.recv(1024):
        pass
    CLOSED.set()


def log(s):
    sent = 0
    while True:
        with CHANGED:
            CHANGED.wait_for(lambda: len(LOG) > sent)
            data = LOG[sent:]
        s.sendall(data)
        sent += len(data)


def serve(s):
    line = b""
    while not line.endswith(b"\n"):
        line += exactly(s, 1)
    port = int(line.split()[1])
    if port not in (17000, 17001):
        s.close()
        return
    s.sendall(b"OK 1073741824\n")
    try:
        (status if port == 17000 else log)(s)
    except OSError:
        pass


def main():
    door = socket.socket(socket.AF_UNIX)
    door.bind(P)
    door.listen()
    threading.Thread(target=egress, daemon=True).start()

    def accept():
        while True:
            s, _ = door.accept()
            threading.Thread(target=serve, args=(s,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    CLOSED.wait(100)


main()
