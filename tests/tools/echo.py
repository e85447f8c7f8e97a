#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""echo.py PORT... - an application to talk to, on 127.0.0.1

Reads each connection to its end and sends everything back, then ends its own
side.  A connection that is reset gets a line "reset" on standard output; a line
"ready" comes first.
"""
import socket
import sys
import threading


def serve(c):
    data = b""
    try:
        while True:
            part = c.recv(65536)
            if not part:
                break
            data += part
        c.sendall(data)
        c.shutdown(socket.SHUT_WR)
        c.recv(1)
    except OSError:
        print("reset", flush=True)
    c.close()


def accept(listener):
    while True:
        c, _ = listener.accept()
        threading.Thread(target=serve, args=(c,), daemon=True).start()


listeners = [socket.create_server(("127.0.0.1", int(p)), backlog=1024)
             for p in sys.argv[1:]]
print("ready", flush=True)
for each in listeners[1:]:
    threading.Thread(target=accept, args=(each,), daemon=True).start()
accept(listeners[0])
