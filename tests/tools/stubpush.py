# SPDX-License-Identifier: Apache-2.0
"""stubpush.py - the half of stubreg.py that takes images

What is pushed is kept in memory and, when complete, in the folder PUSHED of
the environment: blobs by REPO/sha256:HEX, manifests by REPO/TAG.  A mode that
begins with "push-" says what is wrong with it.
"""
import hashlib
import itertools
import os
import threading

LOCK = threading.RLock()
UPLOADS = {}
BLOBS = {}
MANIFESTS = {}
ONCE = set()
NUMBERS = itertools.count(1)
MIB = 1 << 20


def once(key):
    """True for the first who asks."""
    with LOCK:
        new = key not in ONCE
        ONCE.add(key)
        return new


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def keep(repo, name, data):
    if "PUSHED" in os.environ:
        folder = os.path.join(os.environ["PUSHED"], repo)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


class Pushes:
    """For BaseHTTPRequestHandler; has self.mode, self.ports, reply(), error()."""

    def push(self, repo, rest, query, main):
        """A request to /v2/REPO/REST while the mode is one of ours."""
        kind = rest.split("/")[0]
        if kind == "manifests":
            getattr(self, "manifest_" + self.command.lower())(repo, rest[10:])
        elif rest == "blobs/uploads/":
            self.upload_start(repo, query)
        elif rest.startswith("blobs/uploads/"):
            getattr(self, "upload_" + self.command.lower())(
                repo, rest.rsplit("/", 1)[1], query, main)
        elif (repo, rest[6:]) in BLOBS:
            self.reply(200, **self.told(rest[6:], "push-digest-head"))
        else:
            self.reply(404)

    def told(self, digest, wrong):
        if self.mode == wrong:
            digest = "sha256:" + "0" * 64
        if self.mode == "push-silent":
            return {}
        return {"Docker_Content_Digest": digest}

    def location(self, repo, uid):
        path = f"/v2/{repo}/blobs/uploads/{uid}"
        return {
            "push-relative": f"../uploads/{uid}?state=a%20b",
            "push-other": f"http://127.0.0.1:{self.ports[1]}{path}?sig=secret",
            "push-other-401": f"http://127.0.0.1:{self.ports[1]}{path}",
            "push-file": "file:///etc/passwd",
            "push-password": f"http://a:b@127.0.0.1:{self.ports[1]}{path}",
            "push-downgrade": f"http://127.0.0.1:{self.ports[1]}{path}",
        }.get(self.mode, path)

    def accepted(self, repo, uid, **headers):
        headers["Location"] = self.location(repo, uid)
        if self.mode == "push-nowhere":
            del headers["Location"]
        if self.mode == "push-min":
            headers["OCI_Chunk_Min_Length"] = str(5 * MIB)
        if self.mode == "push-endless":
            return self.endless(status=202, **headers)
        return self.reply(202, **headers)

    def upload_start(self, repo, query):
        word = self.mode[5:]
        if word.isdigit() and word != "413":
            return self.error(int(word), "the\nreason", Retry_After="61")
        if self.mode == "push-endless-500":
            return self.endless(status=400)
        if "mount" in query:
            source = (query["from"][0], query["mount"][0])
            if self.mode == "push-mount-403":
                return self.error(403, "not yours")
            if self.mode != "push-mount-202" and source in BLOBS:
                BLOBS[repo, source[1]] = BLOBS[source]
                return self.reply(201, **self.told(source[1], "push-digest-mount"))
        uid = str(next(NUMBERS))
        UPLOADS[uid] = bytearray()
        return self.accepted(repo, uid)

    def body(self, uid, limit=None):
        """Appends the body to the upload; up to limit bytes, if there is one."""
        left = int(self.headers.get("Content-Length", "0"))
        while left > 0 and (limit is None or limit > 0):
            data = self.rfile.read(min(left, 65536, limit or 65536))
            left -= len(data)
            limit = None if limit is None else limit - len(data)
            UPLOADS[uid] += data
        return UPLOADS[uid]

    def broken(self, uid, main):
        """What is wrong with a request that has a body, and was answered."""
        size = int(self.headers.get("Content-Length", "0"))
        mode = self.mode
        large = (self.command == "PUT" and size > 4 * MIB and mode in (
            "push-min", "push-no-patch", "push-stuck", "push-range", "push-lost"))
        if (large or mode == "push-413" and size > MIB or
                mode == "push-413-empty" and size == 0 or mode == "push-all-413"):
            self.rfile.read(size)
            self.error(413, "too much")
        elif (mode in ("push-no-patch", "push-cut-no-patch") and
              self.command == "PATCH"):
            self.rfile.read(size)
            self.error(405, "pieces?")
        elif (mode in ("push-cut", "push-cut-no-patch") and size > MIB and
              once("cut") or
              mode == "push-cut-always" and size > MIB):
            self.body(uid, MIB + 17)
            self.close_connection = True
        elif mode == "push-hold" and size > MIB:
            self.body(uid, MIB)
            keep("", "held", b"")
            self.rfile.read(size)
        elif (mode == "push-lost" and self.command == "PATCH" and
              UPLOADS[uid] and once("lost")):
            self.rfile.read(size)
            UPLOADS.pop(uid)
            self.error(404, "upload unknown")
        elif mode == "push-redirect" and main:
            self.rfile.read(size)
            self.reply(307, Location=f"http://127.0.0.1:{self.ports[1]}{self.path}")
        elif mode == "push-redirect-302":
            self.rfile.read(size)
            self.reply(302, Location=f"http://127.0.0.1:{self.ports[1]}{self.path}")
        elif mode == "push-loop":
            self.rfile.read(size)
            self.reply(307, Location=self.path)
        else:
            return False
        return True

    def upload_put(self, repo, uid, query, main):
        if uid not in UPLOADS:
            return self.error(404, "upload unknown")
        if self.broken(uid, main):
            return None
        data = bytes(self.body(uid))
        digest = query["digest"][0]
        if digest_of(data) != digest and self.mode != "push-believes":
            return self.error(400, "digest invalid")
        with LOCK:
            UPLOADS.pop(uid, None)
            BLOBS[repo, digest] = data
        keep(repo, digest, data)
        if self.mode == "push-late" and once(digest):
            return self.error(502, "a proxy gave up")
        if self.mode == "push-endless-201":
            return self.endless(status=201)
        return self.reply(201, **self.told(digest, "push-digest"))

    def upload_patch(self, repo, uid, _query, main):
        if uid not in UPLOADS:
            return self.error(404, "upload unknown")
        if self.broken(uid, main):
            return None
        start = int(self.headers["Content-Range"].split("-")[0])
        if start != len(UPLOADS[uid]):
            self.rfile.read(int(self.headers["Content-Length"]))
            return self.error(416, "not in order")
        last = len(self.body(uid)) - 1
        if self.mode == "push-range":
            last += 1
        if self.mode == "push-stuck":
            UPLOADS[uid].clear()
            last = 0
        return self.accepted(repo, uid, Range=f"0-{last}")

    def upload_get(self, repo, uid, _query, _main):
        if uid not in UPLOADS:
            return self.error(404, "upload unknown")
        return self.reply(204, Location=self.location(repo, uid),
                          Range=f"0-{max(len(UPLOADS[uid]) - 1, 0)}")

    def manifest_put(self, repo, name):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.mode == "push-manifest-400":
            return self.error(400, "manifest blob unknown")
        if self.mode != "push-forgets":
            MANIFESTS[repo, name] = (data, self.headers["Content-Type"])
        keep(repo, name, data)
        return self.reply(201, **self.told(digest_of(data), "push-digest-manifest"))

    def manifest_get(self, repo, name):
        if (repo, name) not in MANIFESTS:
            return self.error(404, "manifest unknown")
        data, kind = MANIFESTS[repo, name]
        if self.mode == "push-other-manifest":
            data += b"\n"
        if self.mode == "push-giant":
            return self.endless(b"{")
        return self.reply(200, data, Content_Type=kind)
