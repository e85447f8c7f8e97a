#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""outside.py - the host's egress proxy, and what is behind it, for odyn's tests

    outside.py P_PORT FOLDER

Listens on the UNIX socket P_PORT, in the way of a hybrid vsock, writes each
request as a line of JSON to FOLDER/asked, and connects every host and port to
a server of its own, by the host's name:

    web         answers a GET with its path, a POST with its body; the paths
                /chunked, /close, /early, /100, /broken, /two have it answer
                in that way, /head with the head of the request
    raw         sends back what comes, after the word "raw\\n"
    refused     nobody listens there
    denied      the host's policy forbids it
    silent      answers nothing, and closes
    garbage     the proxy itself answers with no frame
    host        the port of that number on 127.0.0.1, really
    kms         aws.py's KMS, and 169.254.169.254 its instance's metadata
"""
import json
import os
import socket
import socketserver
import struct
import sys
import threading

import aws
import hybrid

FOLDER = aws.FOLDER = sys.argv[2]
LOCK = threading.Lock()


def exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def frame(s, value):
    text = json.dumps(value, separators=(",", ":")).encode()
    s.sendall(struct.pack("<H", len(text)) + text)


def read_head(f):
    head = []
    while True:
        line = f.readline()
        if not line:
            raise EOFError
        line = line.rstrip(b"\r\n")
        if not line:
            return head
        head.append(line)


def read_body(f, head):
    fields = {k.strip().lower(): v.strip() for k, v in
              (line.split(b":", 1) for line in head[1:])}
    if b"content-length" in fields:
        return f.read(int(fields[b"content-length"]))
    body = b""
    if fields.get(b"transfer-encoding") == b"chunked":
        while True:
            n = int(f.readline().split(b";")[0], 16)
            body += f.read(n)
            f.readline()
            if n == 0:
                return body
    return body


ODD = {
    b"/close": b"HTTP/1.1 200 OK\r\n\r\nuntil close",
    b"/100": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
             b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nafter",
    b"/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n",
    b"/broken": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    b"/two": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
             b"Content-Length: 2\r\n\r\nab",
    b"/behind": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
                b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nbehind",
}


def web(s):
    f = s.makefile("rb")
    head = read_head(f)
    method, path, _ = head[0].split(b" ")
    if path == b"/early":
        s.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly")
        return
    if any(line.lower() == b"expect: 100-continue" for line in head):
        s.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = read_body(f, head)
    if path in ODD:
        s.sendall(ODD[path])
        return
    if path == b"/head":
        body = b"\n".join(head) + b"\n"
    elif method == b"GET":
        body = path + b"\n"
    s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
              b"Connection: close\r\n\r\n" % len(body))
    if method != b"HEAD":
        s.sendall(body)


def imds(s):
    f = s.makefile("rb")
    head = read_head(f)
    aws.imds(s, head, read_body(f, head))


def kms(s):
    with aws.tls(s) as t:
        f = t.makefile("rb")
        head = read_head(f)
        aws.kms(t, head, read_body(f, head))


def raw(s):
    s.sendall(b"raw\n")
    while True:
        data = s.recv(65536)
        if not data:
            return
        s.sendall(data)


def host(s, port):
    with socket.create_connection(("127.0.0.1", port)) as there:
        frame(s, "Ok")
        up = threading.Thread(target=hybrid.copy, daemon=True, args=(
            s.recv, there.sendall, hybrid.shut(there)))
        up.start()
        hybrid.copy(there.recv, s.sendall, lambda: None)


SERVERS = {"web": web, "raw": raw, "silent": lambda s: None,
           "kms": kms, "169": imds}
ERRORS = {"refused": (111, "Connection refused"),
          "denied": (13, "the policy forbids it")}


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        s = self.request
        try:
            n, = struct.unpack("<H", exactly(s, 2))
            asked = json.loads(exactly(s, n))
            with LOCK, open(os.path.join(FOLDER, "asked"), "a") as log:
                log.write(json.dumps(asked, sort_keys=True) + "\n")
            name = asked["host"].split(".")[0]
            if name == "garbage":
                s.sendall(b"\x05\x00hello")
            elif name == "host":
                host(s, asked["port"])
            elif name in ERRORS:
                code, text = ERRORS[name]
                frame(s, {"Err": {"os_code": code, "message": text}})
            else:
                frame(s, "Ok")
                SERVERS.get(name, web)(s)
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
        except (EOFError, OSError, ValueError):
            pass


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    server = Server(sys.argv[1], Handler)
    open(os.path.join(FOLDER, "outside-is-up"), "w").write("up\n")
    server.serve_forever()
