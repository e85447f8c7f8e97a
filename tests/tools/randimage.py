#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""randimage.py SEED - a random image, as a description for mkimage.py

The same seed gives the same text.  Several layers in all formats of tar; in
them files, folders, links of both kinds, devices and pipes come, change,
turn into each other, move and go, by names that lead through symbolic links
as well.  Sockets are missing: tar has no type for them.

What is left out, and why:
  - folders that no member names: what their owner and time are, nothing says;
    a folder that a whiteout removed something from while it stays is named
    again after it, for umoci leaves the time of day there
  - hard links of symbolic links: Linux makes none from a ramdisk
  - times before 1970 and after 2106: a ramdisk cannot hold them
  - attributes of what is no file and no folder: Linux takes none there
  - attributes without a value: for Go, and so for umoci, that is none
  - bin and etc, which stay: an image that has no command is no image
"""
import random
import shlex
import sys

from mkimage import raw

KEPT = ("", "bin", "etc", "bin/app", "etc/passwd")
CONFIG = 'config {"Entrypoint": ["/bin/app"], "WorkingDir": "/"}'
BASE = """dir . mode=0755 mtime=1000
dir bin mtime=1001
dir etc mtime=1002
file bin/app mode=0755 data='app\\n' mtime=1003
file etc/passwd data='root:x:0:0::/root:/bin/sh\\n' mtime=1004"""
WORDS = ["a", "b", "c", "d-e", "d.e", "d", "lib", "usr", "f o", "\\xff\\xe9",
         "\\xc3\\xa4", "new\\nline", "back\\\\slash", "*", "TRAILER!!!", "wh.x",
         ".hidden", "..x", "%s", "-", "l" * 101, "m" * 155, "n" * 250]
KINDS = ["file"] * 6 + ["dir"] * 4 + ["symlink"] * 3 + ["link"] * 3 + [
    "fifo", "char", "block"]
DIR_MODES = ["0755", "0700", "01777", "02755", "0750"]
FILE_MODES = ["0644", "0755", "0600", "04755", "02711", "06755", "0", "0444",
              "01644"]


class Tree:
    """What is there: real path → kind, or for a link to a folder its path."""

    def __init__(self):
        self.kinds = {path: "dir" for path in ("", "bin", "etc")}
        self.kinds.update({"bin/app": "file", "etc/passwd": "file"})
        self.targets = {}

    def below(self, path):
        head = path + "/" if path else ""
        return [p for p in self.kinds if p.startswith(head) and p]

    def remove(self, path):
        for name in self.below(path) + [path]:
            self.kinds.pop(name, None)
            self.targets.pop(name, None)

    def dirs(self):
        return [p for p, kind in self.kinds.items() if kind == "dir"]


class Generator:
    def __init__(self, seed):
        self.r = random.Random(f"randimage {seed}")
        self.tree, self.lines = Tree(), [CONFIG, "layer gzip", BASE]
        self.new, self.form = set(), "gzip"

    def emit(self, word, path, **options):
        words = [word, shlex.quote(path)]
        words += [f"{k}={shlex.quote(str(v))}" for k, v in options.items()]
        self.lines.append(" ".join(words))

    def spelled(self, path):
        """A name of the real path: through links where there are some."""
        head, slash, tail = path.rpartition("/")
        links = [link for link, to in self.tree.targets.items()
                 if to == head and link.rpartition("/")[0] != path]
        if links and self.r.random() < 0.5:
            link = self.r.choice(links)
            return self.spelled(link) + "/" + tail
        if slash:
            return self.spelled(head) + "/" + tail
        return self.r.choice(["", "", "", "./", "/"]) + path

    def fits(self, text):
        """Into a header of 1988, which is all that ustar has."""
        name = raw(text) + b"/"
        if self.form != "ustar" or len(name) <= 100:
            return len(name) < 3000
        at = name.rfind(b"/", 0, min(156, len(name) - 1))
        return at > 0 and len(name) - at <= 100

    def name(self, path, marker=""):
        """None when the format has no room for it, nor for the name of a
        whiteout or of a marker in it."""
        for name in [self.spelled(path) for _ in range(4)] + [path]:
            head, slash, tail = name.rpartition("/")
            if self.fits(name + marker if marker else
                         head + slash + ".wh." + tail):
                return name
        return None

    def facts(self, kind):
        r = self.r
        options = {"mtime": r.choice([0, 1, 10 ** 9, 2 ** 31, 2 ** 32 - 1,
                                      r.randrange(2 ** 31)])}
        if r.random() < 0.4:
            options["uid"] = r.choice([0, 1, 1000, 65534, 2097152, 2 ** 32 - 2])
            options["gid"] = r.choice([0, 5, 100, 3000000])
        if kind == "dir":
            options["mode"] = r.choice(DIR_MODES)
        elif kind != "symlink":
            options["mode"] = r.choice(FILE_MODES)
        if kind in ("file", "dir") and r.random() < 0.15:
            options[r.choice(["xattr.user.x", "xattr.user.long.name"])] = (
                r.choice(["31", "00ff", "61" * 300]))
        if kind == "file" and r.random() < 0.05:
            options["xattr.security.capability"] = (
                "0100000200200000000000000000000000000000")
        if kind in ("char", "block"):
            options["major"] = r.choice([0, 1, 8, 300])
            options["minor"] = r.choice([0, 3, 255, 70000])
        if kind == "file" and r.random() < 0.7:
            options["size"] = r.choice([0, 1, 511, 512, 513, 4097,
                                        r.randrange(20000)])
            options["fill"] = r.randrange(1000)
        elif kind == "file":
            options["data"] = f"text {r.randrange(1000)}"
        return options

    def place(self):
        """A path for something new, which may be taken."""
        free = [p for p in self.tree.kinds if p not in KEPT]
        if free and self.r.random() < 0.25:
            return self.r.choice(free)
        head = self.r.choice(self.tree.dirs())
        return (head + "/" if head else "") + self.r.choice(WORDS)

    def put(self, path, kind):
        if path in KEPT:
            return
        name = self.name(path)
        if name is None:
            return
        options = self.facts(kind)
        if kind == "symlink":
            options["to"], real = self.target(path)
        elif kind == "link":
            options = {"to": self.link_target(path)}
            if not options["to"]:
                return
        old = self.tree.kinds.get(path)
        if not (kind == old == "dir"):
            self.tree.remove(path)
        self.tree.kinds[path] = kind if kind != "link" else "file"
        if kind == "symlink" and real is not None:
            self.tree.targets[path] = real
        self.emit(kind, name, **options)
        self.touch(path)

    def target(self, path):
        """What a link says, and the folder that it leads to, or None."""
        r = self.r
        if r.random() < 0.4:
            return r.choice(["nowhere", "../../../../etc/passwd", path,
                             "a b", "x" * 150, "\\xff"]), None
        # Neither one that it would replace, nor one that leads back to it.
        dirs = [d for d in self.tree.dirs()
                if d != path and not d.startswith(path + "/")]
        real = r.choice(dirs)
        if r.random() < 0.5:
            return "/" + real, real
        return "../" * path.count("/") + (real or "."), real

    def link_target(self, path):
        files = [p for p, kind in self.tree.kinds.items()
                 if kind not in ("dir", "symlink") and p != path
                 and not p.startswith(path + "/") and len(p) < 99]
        return self.r.choice(files) if files else None

    def touch(self, path):
        while path:
            self.new.add(path)
            path = path.rpartition("/")[0]
        self.new.add("")

    def whiteout(self, path, opaque):
        """What is new in this layer stays, with the folders that hold it."""
        if path in KEPT and (path or not opaque):
            return
        name = self.name(path, "/.wh..wh..opq" if opaque else "")
        kept = self.tree.kinds.get(path) == "dir" and (
            opaque or path in self.new)
        again = [p for p in sorted([path] + self.tree.below(path), reverse=True)
                 if kept and p not in KEPT and self.tree.kinds[p] == "dir"]
        if name is None or not all(self.fits(p) for p in again):
            return
        self.emit("opaque" if opaque else "whiteout", name if path else ".")
        if not path:
            self.lines.append(BASE)
            self.new.update(KEPT)
        for p in self.tree.below(path) + ([] if opaque else [path]):
            if p not in self.new:
                self.tree.kinds.pop(p, None)
                self.tree.targets.pop(p, None)
        for p in again:
            if p in self.tree.kinds:
                self.emit("dir", p, **self.facts("dir"))
                self.touch(p)

    def step(self):
        r, paths = self.r, sorted(self.tree.kinds)
        what = r.random()
        if what < 0.12:
            self.whiteout(r.choice(paths), False)
        elif what < 0.17:
            self.whiteout(r.choice(self.tree.dirs()), True)
        elif what < 0.24:		# a rename: gone here, new there
            path = r.choice(paths)
            kind = self.tree.kinds[path]
            self.whiteout(path, False)
            self.put(self.place(), kind)
        elif what < 0.34:		# a folder's facts change
            path = r.choice(self.tree.dirs())
            if self.name(path):
                self.put(path, "dir")
        else:
            self.put(self.place(), r.choice(KINDS))

    def layer(self):
        kind = self.r.choice(["gzip", "gzip", "none", "zstd"])
        self.form = self.r.choice(["pax", "gnu", "ustar"])
        self.new = set()
        split = " split=3000" if self.r.random() < 0.1 and kind != "none" else ""
        self.lines.append(f"layer {kind} {self.form}{split}")
        for _ in range(self.r.choice([0, 1, 8, 15, 30])):
            self.step()

    def image(self):
        for _ in range(self.r.randrange(2, 7)):
            self.layer()
        return "\n".join(self.lines)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: randimage.py SEED")
    print(Generator(sys.argv[1]).image())
