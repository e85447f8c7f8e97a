#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mkimage.py DIR NAME <DESCRIPTION - build an image into an OCI layout

Prints the image path, oci:DIR:NAME@sha256:HEX.  The same description makes
the same bytes.  A line is a word and its arguments, quoted as in a shell;
inside the words \\n, \\\\ and \\xHH stand for bytes.  '#' begins a comment.

  layer [gzip|zstd|none] [pax|gnu|ustar] [cut=N] [split=N] [type=MEDIA-TYPE]
        begins a layer; cut drops the last N bytes of the compressed blob;
        split begins a gzip member or zstd frame every N bytes, and a zstd
        blob then ends in a skippable frame, as lazily pulled images have
  tar FILE         the layer is this tar instead of entries
  config JSON      the image's "config" object
  image JSON       members of the configuration itself (architecture, created)
  docker           Docker's media types instead of OCI's

Entries of the layer:
  file NAME [data=TEXT | size=N [fill=SEED]] …  size without fill: zeros
                   claim=N: the header says N bytes, whatever follows
  dir NAME | fifo NAME | char NAME major=1 minor=3 | block NAME …
  link NAME to=TARGET | symlink NAME to=TARGET
  whiteout NAME    NAME is gone | opaque DIR   what lies below is gone
  many PREFIX N    N empty files, PREFIX0 …
with any of mode=0755 uid=0 gid=0 mtime=0 flag=TYPEFLAG xattr.NAME=HEX
(a PAX record SCHILY.xattr) pax.KEY=TEXT (any other record, as it is)
prefix=TEXT (the ustar field, as it is) at.N=TEXT (bytes at offset N of the
header, before its checksum is made)
"""
import functools
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import zlib

MEDIA = {
    "oci": ("application/vnd.oci.image.manifest.v1+json",
            "application/vnd.oci.image.config.v1+json",
            {"gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
             "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
             "none": "application/vnd.oci.image.layer.v1.tar"}),
    "docker": ("application/vnd.docker.distribution.manifest.v2+json",
               "application/vnd.docker.container.image.v1+json",
               {"gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                "zstd": "application/vnd.docker.image.rootfs.diff.tar.zstd",
                "none": "application/vnd.docker.image.rootfs.diff.tar"}),
}
FLAGS = {"file": b"0", "link": b"1", "symlink": b"2", "char": b"3",
         "block": b"4", "dir": b"5", "fifo": b"6"}
MODES = {"dir": "0755", "symlink": "0777"}
BLOCK = 512
CHUNK = 1 << 20
REPEAT = 64     # chunks: no window of a compressor is as long


def die(text):
    sys.exit(f"mkimage.py: {text}")


def raw(text):
    """The bytes that a word stands for."""
    def escape(m):
        if m[1] == b"n":
            return b"\n"
        return b"\\" if m[1] == b"\\" else bytes([int(m[1][1:], 16)])
    return re.sub(rb"\\(n|\\|x[0-9a-fA-F]{2})", escape,
                  text.encode("utf-8", "surrogateescape"))


class GzipFilter:
    """RFC 1952 without time stamp or name."""

    def __init__(self):
        self.z = zlib.compressobj(6, zlib.DEFLATED, 31)

    def add(self, data):
        return self.z.compress(data)

    def end(self):
        return self.z.flush()


class PlainFilter:
    def add(self, data):
        return data

    def end(self):
        return b""


class Layer:
    """A tar on its way through the filter into a blob."""

    def __init__(self, layout, kind, form, options):
        self.layout, self.kind, self.form = layout, kind, form
        self.options = options
        self.path = os.path.join(layout, "blobs", "sha256", ".layer")
        self.out = open(self.path, "wb")
        self.split = int(options.get("split", 0))
        self.filter = (GzipFilter() if kind == "gzip" and not self.split
                       else PlainFilter())
        self.diff = hashlib.sha256()

    def write(self, data):
        self.diff.update(data)
        self.out.write(self.filter.add(data))

    def close(self):
        """Ends the layer: (descriptor without media type, diff id)."""
        if not self.options.get("tar"):
            self.write(bytes(2 * BLOCK))
        self.out.write(self.filter.end())
        self.out.close()
        if self.split:
            self.recompress()
        elif self.kind == "zstd":
            subprocess.run(["zstd", "-q", "-f", "--rm", self.path,
                            "-o", self.path + ".zst"], check=True)
            os.rename(self.path + ".zst", self.path)
        cut = int(self.options.get("cut", 0))
        if cut:
            os.truncate(self.path, os.path.getsize(self.path) - cut)
        desc = describe_file(self.path)
        os.rename(self.path, blob_path(self.layout, desc["digest"]))
        return desc, "sha256:" + self.diff.hexdigest()

    def recompress(self):
        with open(self.path, "rb") as f:
            text = f.read()
        parts = [text[i:i + self.split]
                 for i in range(0, len(text), self.split)]
        with open(self.path, "wb") as out:
            for part in parts:
                if self.kind == "gzip":
                    gzip = GzipFilter()
                    out.write(gzip.add(part) + gzip.end())
                else:
                    out.write(subprocess.run(["zstd", "-q", "-c"], input=part,
                                             stdout=subprocess.PIPE,
                                             check=True).stdout)
            if self.kind == "zstd":
                out.write(b"\x50\x2a\x4d\x18" + (9).to_bytes(4, "little")
                          + b"skippable")

    def entry(self, kind, name, opts):
        """One member: the records that its names and attributes need, the
        header and the content."""
        if kind == "dir" and not name.endswith(b"/"):
            name += b"/"
        link = raw(opts.get("to", ""))
        records = [(k[4:].encode(), raw(v)) for k, v in opts.items()
                   if k.startswith("pax.")]
        records += [(b"SCHILY." + k.encode(), bytes.fromhex(v))
                    for k, v in opts.items() if k.startswith("xattr.")]
        prefix = raw(opts.get("prefix", ""))
        if len(name) > 100 and self.form == "ustar":
            at = name.rfind(b"/", 0, min(156, len(name) - 1))
            prefix, name = name[:at], name[at + 1:]
        elif len(name) > 100 and self.form == "gnu":
            self.member(b"././@LongLink", b"L", name + b"\0")
        elif len(name) > 100:
            records.append((b"path", name))
        if len(link) > 100 and self.form == "gnu":
            self.member(b"././@LongLink", b"K", link + b"\0")
        elif len(link) > 100:
            records.append((b"linkpath", link))
        size = int(opts.get("size", 0))
        data = raw(opts.get("data", ""))
        claim = int(opts.get("claim", len(data) or size))
        if claim >= 1 << 33 and self.form == "pax":
            records.append((b"size", str(claim).encode()))
        if records:
            text = b"".join(record(k, v) for k, v in sorted(records))
            self.member(b"PaxHeaders/" + name[:80], b"x", text)
        flag = opts.get("flag", FLAGS[kind].decode()).encode()
        mode = int(opts.get("mode", MODES.get(kind, "0644")), 8)
        block = header(name[:100], flag, claim, mode=mode, link=link[:100],
                       prefix=prefix, **{
                           k: int(opts.get(k, 0))
                           for k in ("uid", "gid", "mtime",
                                     "major", "minor")})
        for k, v in opts.items():
            if k.startswith("at."):
                block = patched(block, int(k[3:]), raw(v))
        self.write(block)
        self.content(data, size, opts.get("fill"))

    def member(self, name, flag, data):
        self.write(header(name, flag, len(data)))
        self.content(data, 0, None)

    def content(self, data, size, fill):
        if data:
            self.write(data + bytes(-len(data) % BLOCK))
            return
        left = size
        for n in range((size + CHUNK - 1) // CHUNK):
            part = min(left, CHUNK)
            self.write(chunk(fill, n % REPEAT, part) if fill
                       else bytes(part))
            left -= part
        self.write(bytes(-size % BLOCK))


@functools.lru_cache(REPEAT)
def chunk(seed, n, size):
    """Bytes that cost what programs cost: they deflate to 0.36 of their size,
    and inflate as fast.  Four bytes of noise, then one of 256 words."""
    own, width, words = 4, 14, 256
    count = size // (own + width) + 1
    noise = hashlib.shake_128(f"{seed}/{n}".encode()).digest(
        words * width + count * (own + 1))
    word = [noise[i * width:][:width] for i in range(words)]
    out, at = bytearray(), words * width
    for _ in range(count):
        out += noise[at:at + own] + word[noise[at + own]]
        at += own + 1
    return bytes(out[:size])


def record(key, value):
    """A PAX record: its length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    size = len(rest)
    while size != len(str(size)) + len(rest):
        size = len(str(size)) + len(rest)
    return str(size).encode() + rest


def header(name, flag, size, mode=0o644, uid=0, gid=0, mtime=0, link=b"",
           major=0, minor=0, prefix=b""):
    """POSIX.1-1988 ustar header; big numbers as GNU tar writes them."""
    def number(value, width):
        if 0 <= value < 8 ** (width - 1):
            return b"%0*o\0" % (width - 1, value)
        sign = b"\xff" if value < 0 else b"\x80"
        return sign + value.to_bytes(width - 1, "big", signed=True)
    fields = [name.ljust(100, b"\0"), number(mode, 8), number(uid, 8),
              number(gid, 8), number(size, 12), number(mtime, 12), b" " * 8,
              flag, link.ljust(100, b"\0"), b"ustar\00000", bytes(64),
              number(major, 8), number(minor, 8), prefix.ljust(155, b"\0")]
    block = b"".join(fields).ljust(BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def patched(block, at, text):
    block = block[:at] + text + block[at + len(text):]
    block = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def blob_path(layout, digest):
    return os.path.join(layout, "blobs", "sha256", digest.split(":")[1])


def describe_file(path):
    with open(path, "rb") as f:
        digest = hashlib.sha256()
        while data := f.read(CHUNK):
            digest.update(data)
    return {"digest": "sha256:" + digest.hexdigest(),
            "size": os.path.getsize(path)}


def put_json(layout, value):
    text = json.dumps(value, sort_keys=True).encode()
    digest = "sha256:" + hashlib.sha256(text).hexdigest()
    with open(blob_path(layout, digest), "wb") as f:
        f.write(text)
    return {"digest": digest, "size": len(text)}


class Image:
    def __init__(self, layout):
        self.layout, self.layer, self.done = layout, None, []
        self.family, self.config = "oci", {}
        self.top = {"architecture": os.environ.get("MKIMAGE_ARCH", "amd64"),
                    "os": "linux", "created": "2024-01-02T03:04:05Z"}

    def line(self, words, text):
        word, args = words[0], words[1:]
        if word == "config":
            self.config = json.loads(text.split(None, 1)[1])
        elif word == "image":
            self.top.update(json.loads(text.split(None, 1)[1]))
        elif word == "docker":
            self.family = "docker"
        elif word == "layer":
            self.begin(args)
        elif self.layer is None:
            die(f"'{word}' stands before the first layer")
        elif word == "tar":
            self.layer.options["tar"] = True
            with open(args[0], "rb") as f:
                while data := f.read(CHUNK):
                    self.layer.write(data)
        elif word == "many":
            for i in range(int(args[1])):
                self.layer.entry("file", raw(args[0] + str(i)), {})
        else:
            self.entry(word, raw(args[0]), options(args[1:]))

    def entry(self, word, name, opts):
        head, _, tail = name.rpartition(b"/")
        head += b"/" if head else b""
        if word == "whiteout":
            word, name = "file", head + b".wh." + tail
        elif word == "opaque":
            word, name = "file", name.rstrip(b"/") + b"/.wh..wh..opq"
        if word not in FLAGS:
            die(f"'{word}' is no word of a description")
        self.layer.entry(word, name, opts)

    def begin(self, args):
        self.end()
        kind = next((a for a in args if a in ("gzip", "zstd", "none")), "gzip")
        form = next((a for a in args if a in ("pax", "gnu", "ustar")), "pax")
        self.layer = Layer(self.layout, kind, form,
                           options([a for a in args if "=" in a]))

    def end(self):
        if self.layer:
            self.done.append((self.layer, *self.layer.close()))
        self.layer = None

    def finish(self, name):
        self.end()
        manifest_type, config_type, layer_types = MEDIA[self.family]
        config = dict(self.top, config=self.config, rootfs={
            "type": "layers", "diff_ids": [diff for _, _, diff in self.done]})
        config["history"] = [{"created": self.top["created"],
                              "created_by": f"layer {i}"}
                             for i in range(len(self.done))]
        manifest = {
            "schemaVersion": 2, "mediaType": manifest_type,
            "config": dict(put_json(self.layout, config),
                           mediaType=config_type),
            "layers": [dict(desc, mediaType=layer.options.get(
                "type", layer_types[layer.kind]))
                       for layer, desc, _ in self.done]}
        desc = dict(put_json(self.layout, manifest), mediaType=manifest_type)
        tag(self.layout, name, desc)
        print(f"oci:{self.layout}:{name}@{desc['digest']}")


def options(words):
    return dict(w.split("=", 1) for w in words)


def tag(layout, name, desc):
    """index.json names the image twice, as the store of enclaver does."""
    path = os.path.join(layout, "index.json")
    index = {"schemaVersion": 2, "manifests": []}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            index = json.load(f)
    key = "org.opencontainers.image.ref.name"
    names = [f"{name}@{desc['digest']}", name]
    index["manifests"] = [m for m in index["manifests"]
                          if m.get("annotations", {}).get(key) not in names]
    index["manifests"] += [dict(desc, annotations={key: n}) for n in names]
    with open(path, "w", encoding="utf-8") as f:
        json.dump(index, f, sort_keys=True)


def main():
    if len(sys.argv) != 3:
        die("usage: mkimage.py DIR NAME <DESCRIPTION")
    layout = os.path.abspath(sys.argv[1])
    os.makedirs(os.path.join(layout, "blobs", "sha256"), exist_ok=True)
    with open(os.path.join(layout, "oci-layout"), "w", encoding="utf-8") as f:
        f.write('{"imageLayoutVersion": "1.0.0"}')
    image = Image(layout)
    source = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    for text in source.split("\n"):
        word = text.split(None, 1)[:1]
        if word in (["config"], ["image"]):
            image.line(word, text)
        elif words := shlex.split(text, comments=True):
            image.line(words, text)
    image.finish(sys.argv[2])


if __name__ == "__main__":
    main()
