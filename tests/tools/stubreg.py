#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stubreg.py LAYOUT LOG MODE [CERT KEY] - a registry that misbehaves

Serves the OCI layout LAYOUT under any repository name, tags by their ref.name,
on two ports of the loopback (the second stands for another host), which it
prints, "PORT OTHER", on the first line.  Each request is a line in LOG: which
port, method, path, what Authorization it came with, and its Content-Range.
With CERT and KEY the first port speaks TLS.  MODE says what is wrong; "good" is
nothing.  With a mode of stubpush.py it takes images too.
"""
import base64
import json
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from stubpush import Pushes, once

LAYOUT, LOG, MODE = sys.argv[1:4]
TLS = sys.argv[4:6]
BASIC = "Basic " + base64.b64encode(b"tester:sesame").decode()
TOKEN = "Bearer a-token"
LAYER = ("layer.v1.tar", "rootfs.diff.tar")
COUNT = {}


def blob(digest):
    path = os.path.join(LAYOUT, "blobs/sha256", digest.removeprefix("sha256:"))
    with open(path, "rb") as f:
        return f.read()


def entries():
    with open(os.path.join(LAYOUT, "index.json"), encoding="utf-8") as f:
        return json.load(f)["manifests"]


def layers():
    """The digests of all layers that any manifest names."""
    found = set()
    for entry in entries():
        for layer in json.loads(blob(entry["digest"])).get("layers", []):
            found.add(layer["digest"])
    return found


class Stub(Pushes, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mode = MODE
    form = {}

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        length = headers.pop("length", len(body))
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def endless(self, start=b"", status=200, **headers):
        """A body without end; the peer hangs up, or this test hangs."""
        self.close_connection = True
        self.reply(status, start, length=None, Connection="close", **headers)
        try:
            while True:
                self.wfile.write(b" " * 65536)
        except OSError:
            pass

    def endless_headers(self, status):
        """An answer that never comes to its body."""
        self.close_connection = True
        try:
            while True:
                if status == 100:
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
                else:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while True:
                        self.wfile.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")
        except OSError:
            pass

    def error(self, status, message, **headers):
        body = json.dumps({"errors": [{"code": "X", "message": message}]})
        self.reply(status, body.encode(), **headers)

    def do_POST(self):
        size = int(self.headers.get("Content-Length", "0"))
        self.form = parse_qs(self.rfile.read(size).decode())
        self.do_GET()

    def do_HEAD(self):
        self.do_GET()

    def do_PUT(self):
        self.do_GET()

    def do_PATCH(self):
        self.do_GET()

    def do_GET(self):
        main = self.server is SERVERS[0]
        auth = self.headers.get("Authorization", "-")
        with LOCK, open(LOG, "a", encoding="utf-8") as f:
            f.write(f"{'main' if main else 'other'} {self.command} {self.path} {auth}")
            f.write(f" {self.headers.get('Content-Range', '')}".rstrip() + "\n")
            COUNT[self.path] = COUNT.get(self.path, 0) + 1
        parts = urlsplit(self.path).path.split("/")
        if self.passing():
            pass
        elif parts[1] == "token":
            self.token(auth)
        elif not main and MODE in ("redirect-401", "push-other-401"):
            self.reply(401, WWW_Authenticate='Basic realm="give it to me"')
        elif main and not self.allowed(auth):
            pass
        elif MODE.startswith("push") and len(parts) > 3:
            at = max(i for i, part in enumerate(parts)
                     if part in ("blobs", "manifests"))
            self.push("/".join(parts[2:at]), "/".join(parts[at:]),
                      parse_qs(urlsplit(self.path).query), main)
        elif "manifests" in parts:
            self.manifest(parts[-1])
        elif "blobs" in parts:
            self.blob(parts[-1], main)
        else:
            self.reply(200, b"{}")

    def passing(self):
        """What goes wrong the first time for each path but /v2/, and not again."""
        if COUNT[self.path] > 1 or self.path == "/v2/":
            return False
        if MODE == "flaky":
            self.error(503, "not yet")
        elif MODE == "busy":
            self.error(429, "slowly", Retry_After="1")
        elif MODE == "hang-up":
            self.close_connection = True
        else:
            return False
        return True

    def allowed(self, auth):
        base = f"http://127.0.0.1:{PORTS[0]}/token"
        if MODE == "challenge":
            self.reply(401, WWW_Authenticate='Bearer realm="unfinished')
        elif MODE == "digest-auth":
            self.reply(401, WWW_Authenticate='Digest realm="x"')
        elif MODE == "realm-file":
            self.reply(401, WWW_Authenticate='Bearer realm="file:///etc/passwd"')
        elif (MODE in ("basic", "redirect-basic", "redirect-401", "push-other",
                       "push-other-401", "push-redirect") and auth != BASIC):
            self.refuse('Basic realm="x"')
        elif ("token" in MODE and (auth != TOKEN or self.expired())):
            self.refuse(f'Bearer realm="{base}?a=b",service="stub \\"1\\"",scope="x"')
        else:
            return True
        return False

    def refuse(self, challenge):
        """401, with the body read first: what follows would be taken for it."""
        if self.command in ("PUT", "PATCH"):
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.error(401, "no", WWW_Authenticate=challenge)

    def expired(self):
        """The first answer for each blob is that the token is too old."""
        if MODE == "push-token-expires":
            return self.command in ("PUT", "PATCH") and once(self.path)
        return (MODE == "token-expires" and "/blobs/" in self.path and
                COUNT[self.path] == 1)

    def token(self, auth):
        scopes = parse_qs(urlsplit(self.path).query).get("scope", [])
        if MODE == "push-token-strict" and len(scopes) > 1:
            return self.error(403, "one at a time")
        if MODE == "token-endless":
            self.endless(b'{"token":"')
        elif MODE == "token-newline":
            self.reply(200, json.dumps({"token": "a\r\nX-Evil: 1"}).encode())
        elif MODE == "token-none":
            self.reply(200, b'{"token":7}')
        elif MODE == "token-basic" and auth != BASIC:
            self.error(401, "who are you")
        elif MODE == "token-refresh":
            good = (self.command == "POST" and
                    self.form.get("refresh_token") == ["re/fresh"] and
                    self.form.get("grant_type") == ["refresh_token"])
            self.reply(200 if good else 401, b'{"access_token":"a-token"}')
        else:
            self.reply(200, b'{"token":"a-token"}')

    def manifest(self, name):
        found = [e for e in entries()
                 if name in (e["digest"], e["annotations"].get(
                     "org.opencontainers.image.ref.name"))]
        if MODE in ("500", "429", "403"):
            return self.error(int(MODE), "the\nreason",
                              Retry_After="61" if MODE == "429" else "x")
        if MODE == "headers":
            return self.endless_headers(200)
        if MODE == "continues":
            return self.endless_headers(100)
        if MODE == "giant":
            return self.endless(b"{")
        if MODE == "html":
            return self.reply(200, b"<html>", Content_Type="text/html")
        if MODE == "empty":
            return self.reply(200)
        if MODE == "loop":
            return self.reply(302, Location=self.path)
        if MODE == "chain":
            step = int(name[5:]) if name.startswith("step-") else 0
            if step < 4:
                return self.reply(307, Location=f"step-{step + 1}")
            found = [e for e in entries()]
        if MODE == "file":
            return self.reply(302, Location="file:///etc/passwd")
        if MODE == "nowhere":
            return self.reply(302)
        if MODE == "downgrade":
            return self.reply(302, Location=f"http://127.0.0.1:{PORTS[1]}{self.path}")
        if not found:
            try:
                body = blob(name)
            except OSError:
                return self.error(404, "manifest unknown")
            return self.reply(200, body)
        body = blob(found[0]["digest"])
        if MODE == "other-manifest":
            body += b"\n"
        return self.reply(200, body, Docker_Content_Digest="sha256:" + "0" * 64,
                          Content_Type=found[0]["mediaType"])

    def blob(self, digest, main):
        body = blob(digest)
        if digest not in layers():
            return self.reply(200, body)
        if MODE == "flip":
            return self.reply(200, bytes([body[0] ^ 1]) + body[1:])
        if MODE == "endless":
            return self.endless(body)
        if MODE == "longer":
            return self.reply(200, body + b"x")
        if MODE == "shorter":
            return self.reply(200, body[:-1])
        if MODE == "cut" or (MODE == "cut-once" and COUNT[self.path] == 1):
            self.close_connection = True
            return self.reply(200, body[:-1], length=len(body))
        if MODE == "gone":
            return self.error(404, "blob unknown")
        if MODE.startswith("redirect") and main:
            return self.reply(307, Location=f"http://127.0.0.1:{PORTS[1]}{self.path}?sig=secret")
        if MODE == "encoding":
            return self.reply(200, body, Content_Encoding="gzip")
        return self.reply(200, body)


LOCK = threading.Lock()
SERVERS = [ThreadingHTTPServer(("127.0.0.1", 0), Stub) for _ in range(2)]
PORTS = Stub.ports = [s.server_address[1] for s in SERVERS]
if TLS:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*TLS)
    SERVERS[0].socket = context.wrap_socket(SERVERS[0].socket, server_side=True)
print(*PORTS, flush=True)
threading.Thread(target=SERVERS[1].serve_forever, daemon=True).start()
SERVERS[0].serve_forever()
