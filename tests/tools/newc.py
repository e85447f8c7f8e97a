#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""newc.py <DESCRIPTION >ARCHIVE - a ramdisk, sound or not

A line is a word and its arguments, quoted as in a shell; inside of TEXT \\n
stands for a newline.

  file NAME [data=TEXT | from=FILE]
  dir NAME | fifo NAME | symlink NAME to=TARGET | char NAME major=1 minor=3
with any of mode=0644 uid=0 gid=0 mtime=0 ino=N nlink=1
  trailer       the end of an archive; there is one at the very end
  bytes TEXT    as they are
"""
import shlex
import sys

TYPES = {"file": 0o100000, "dir": 0o040000, "fifo": 0o010000,
         "symlink": 0o120000, "char": 0o020000}
MODES = {"file": "0644", "dir": "0755", "fifo": "0644", "symlink": "0777",
         "char": "0600"}


def put(data):
    sys.stdout.buffer.write(data + b"\0" * (-len(data) % 4))


def entry(name, mode, body=b"", ino=0, uid=0, gid=0, nlink=1, mtime=0,
          major=0, minor=0):
    name = name.encode() + b"\0"
    fields = (ino, mode, uid, gid, nlink, mtime, len(body), 0, 0, major,
              minor, len(name), 0)
    put(b"070701" + b"".join(b"%08X" % f for f in fields) + name)
    put(body)


def main():
    for number, line in enumerate(sys.stdin):
        word, *args = shlex.split(line)
        if word == "bytes":
            sys.stdout.buffer.write(args[0].encode())
            continue
        if word == "trailer":
            entry("TRAILER!!!", 0)
            continue
        name, *rest = args
        opts = dict(a.split("=", 1) for a in rest)
        body = opts.pop("data", opts.pop("to", "")).replace("\\n", "\n").encode()
        if "from" in opts:
            with open(opts.pop("from"), "rb") as f:
                body = f.read()
        mode = TYPES[word] | int(opts.pop("mode", MODES[word]), 8)
        opts.setdefault("ino", number + 1)
        entry(name, mode, body, **{k: int(v) for k, v in opts.items()})
    entry("TRAILER!!!", 0)


main()
