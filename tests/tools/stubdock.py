#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stubdock.py ARCHIVE LOG MODE WHERE [CERT KEY CA] - a docker daemon that misbehaves

Has one image under any name, what docker save wrote to ARCHIVE.  WHERE is the
path of a socket to make, or "tcp"; what to connect to is the first line on
stdout.  Each request is a line in LOG; what is loaded goes to LOG.loaded.  With
CERT, KEY and CA it speaks TLS and wants a certificate by CA.  MODE says what is
wrong; "good" is nothing, and "containerd" neither: its images have manifests.
With "named" only what ends in the image's own name, whatever its tag, is there.
"""
import hashlib
import json
import os
import socket
import ssl
import sys
import tarfile
import urllib.parse
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, TCPServer

ARCHIVE, LOG, MODE, WHERE = sys.argv[1:5]
TLS = sys.argv[5:8]


def facts():
    with tarfile.open(ARCHIVE) as tar:
        listed = json.load(tar.extractfile("manifest.json"))[0]
        config = tar.extractfile(listed["Config"]).read()
        digest = "sha256:" + hashlib.sha256(config).hexdigest()
        if MODE == "containerd":
            index = json.load(tar.extractfile("index.json"))
            digest = index["manifests"][0]["digest"]
    parsed = json.loads(config)
    return {
        "Id": digest,
        "RepoTags": listed["RepoTags"],
        "Os": parsed.get("os"),
        "Architecture": parsed.get("architecture"),
        "RootFS": {"Type": "layers", "Layers": parsed["rootfs"]["diff_ids"]},
    }


class Stub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "somebody"

    def head(self, status, kind, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def reply(self, status, body, kind="application/json", **headers):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        headers.setdefault("Content_Length", len(body))
        self.head(status, kind, **headers)
        self.wfile.write(body)

    def chunks(self, body, kind="application/x-tar", end=True):
        self.head(200, kind, Transfer_Encoding="chunked")
        for at in range(0, len(body), 10000):
            piece = body[at:at + 10000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if end:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def endless(self, start, kind, filler=b" "):
        """A body without end; the peer hangs up, or this test hangs."""
        self.close_connection = True
        self.head(200, kind, Connection="close")
        try:
            self.wfile.write(start)
            while True:
                self.wfile.write(filler * 65536)
        except OSError:
            pass

    def seen(self):
        with open(LOG, "a", encoding="utf-8") as f:
            f.write(f"{self.command} {self.path}\n")

    def do_GET(self):
        self.seen()
        if MODE == "500":
            self.reply(500, {"message": "the\nreason \x1b[31m"})
        elif MODE == "404":
            self.reply(404, {"message": "No such image"})
        elif MODE == "redirect":
            self.reply(302, b"", Location="file:///etc/passwd")
        elif MODE == "close":
            self.close_connection = True
        elif self.path.endswith("/json"):
            self.inspect()
        elif self.path.endswith("/get"):
            self.get()
        else:
            self.reply(400, {"message": "what?"})

    def names(self, own):
        asked = urllib.parse.unquote(self.path).removesuffix("/json")
        last, own = (name.split("/")[-1].split(":")[0] for name in (asked, own))
        return last == own

    def inspect(self):
        found = facts()
        if MODE == "named" and not self.names(found["RepoTags"][0]):
            return self.reply(404, {"message": "No such image"})
        if MODE == "inspect-endless":
            return self.endless(b'{"Id":"', "application/json")
        if MODE == "inspect-html":
            return self.reply(200, b"<html>", "text/html")
        if MODE == "inspect-none":
            return self.reply(200, {})
        if MODE == "inspect-types":
            return self.reply(200, {"Id": 7, "RepoTags": {"a": 1}, "Os": [], "RootFS": "x"})
        if MODE == "inspect-control":
            found["RepoTags"] = ["bad\nname:1"]
        if MODE == "inspect-arch":
            found["Architecture"] = "s390x"
        if MODE == "inspect-layers":
            found["RootFS"]["Layers"] = [found["Id"]] * 2
        if MODE == "inspect-many":
            found["RootFS"]["Layers"] = ["sha256:" + "0" * 64] * 5000
        return self.reply(200, found)

    def get(self):
        with open(ARCHIVE, "rb") as f:
            body = f.read()
        half = len(body) // 2
        if MODE == "html":
            return self.reply(200, b"<html>" + b"x" * 4096, "text/html")
        if MODE == "empty":
            return self.chunks(b"")
        if MODE == "endless":
            return self.endless(b"", "application/x-tar")
        if MODE == "endless-tar":
            info = tarfile.TarInfo("layer.tar")
            info.size = 1 << 50
            return self.endless(info.tobuf(), "application/x-tar", b"\0")
        if MODE == "cut":
            return self.chunks(body[:half], end=False)
        if MODE == "cut-length":
            self.close_connection = True
            return self.reply(200, body[:half], "application/x-tar", Content_Length=len(body))
        if MODE == "half":
            return self.chunks(body[:half])
        if MODE == "bad-chunk":
            self.close_connection = True
            self.head(200, "application/x-tar", Transfer_Encoding="chunked")
            return self.wfile.write(b"zz\r\n" + body)
        if MODE == "get-500":
            return self.reply(500, {"message": "disk \x1b[1m full\n"})
        if MODE == "encoding":
            return self.reply(200, body, "application/x-tar", Content_Encoding="gzip")
        return self.chunks(body)

    def body(self):
        """The body of a request: Content-Length or chunks, to the end."""
        if "Content-Length" in self.headers:
            yield self.rfile.read(int(self.headers["Content-Length"]))
            return
        while True:
            size = int(self.rfile.readline(), 16)
            piece = self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return
            yield piece

    def do_POST(self):
        self.seen()
        if MODE == "load-early":
            self.close_connection = True
            return self.reply(500, {"message": "no room"}, Connection="close")
        if MODE == "load-close":
            self.close_connection = True
            return self.rfile.readline()
        try:
            with open(LOG + ".loaded", "wb") as f:
                for piece in self.body():
                    f.write(piece)
        except (ValueError, OSError):
            os.rename(LOG + ".loaded", LOG + ".broken")
            self.close_connection = True
            return None
        if MODE == "load-500":
            return self.reply(500, {"message": "why\nnot"})
        if MODE == "load-silent":
            return self.reply(200, b"")
        if MODE == "load-html":
            return self.reply(200, b"<html>", "text/html")
        if MODE == "load-endless":
            return self.endless(b"", "application/json", b'{"stream":"a"}\n')
        loaded = b'{"stream":"Loaded image: x\\n"}\r\n'
        if MODE == "load-error":
            return self.chunks(b'{"errorDetail":{"message":"bad \\u001b[1m"},'
                               b'"error":"bad \\u001b[1m tar\\n"}\r\n')
        if MODE == "load-error-late":
            return self.chunks(loaded + b'{"error":{"odd":1}}\n')
        if MODE == "load-cut":
            return self.chunks(loaded, end=False)
        return self.chunks(b'{"status":"Loading layer","id":"x"}\n' + loaded)


class Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    if WHERE != "tcp":
        address_family = socket.AF_UNIX


server = Server(("127.0.0.1", 0) if WHERE == "tcp" else WHERE, Stub)
if TLS:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=TLS[2])
    context.load_cert_chain(*TLS[:2])
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"127.0.0.1:{server.server_address[1]}" if WHERE == "tcp" else WHERE, flush=True)
server.serve_forever()
