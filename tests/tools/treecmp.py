#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""treecmp.py [--rootless] [--no-root] dir FOLDER | ramdisk FILE [UNDER]

Lists a file tree one line an entry, sorted, so that a folder and a newc
ramdisk that hold the same tree give the same text: path, type, mode, owner,
mtime in seconds, then size and SHA-256, link target or device number, the
first name of a hard link group, and the extended attributes.

UNDER is the folder in the ramdisk to list (rootfs); its attributes are then
those of the ramdisk's xattrs member.  --rootless leaves out what a user who is
not root cannot unpack: owners, attributes, and the difference between a device
node and an empty file.  --no-root leaves the top folder out.

The ramdisk's form is judged too: headers, padding, order, parents, links and
trailer.  A fault there is one line on stderr and status 1.
"""
import hashlib
import os
import stat
import sys

TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "symlink",
         stat.S_IFCHR: "char", stat.S_IFBLK: "block", stat.S_IFIFO: "fifo",
         stat.S_IFSOCK: "socket"}
FIELDS = ("ino", "mode", "uid", "gid", "nlink", "mtime", "size", "dev_major",
          "dev_minor", "rdev_major", "rdev_minor", "name_size", "check")
EMPTY = hashlib.sha256().hexdigest()


class Fault(Exception):
    """What is wrong with a ramdisk."""


class Entry:
    """What both sides know of a file."""

    def __init__(self, path, mode, owner, mtime):
        self.path, self.mode, self.owner, self.mtime = path, mode, owner, mtime
        self.size, self.sha, self.target = 0, EMPTY, b""
        self.device = (0, 0)
        self.group = None       # inode, for files with several names
        self.xattrs = {}

    def line(self, first, rootless):
        kind = TYPES[stat.S_IFMT(self.mode)]
        mode = f"{stat.S_IMODE(self.mode):04o}"
        if rootless and kind in ("char", "block"):
            kind, mode = "file-or-device", "-"
        elif rootless and kind == "file" and not self.size:
            kind, mode = "file-or-device", "-"
        words = [quote(self.path), kind]
        words += [mode if kind != "symlink" else "-",
                  "-" if rootless else "%d:%d" % self.owner, str(self.mtime)]
        if kind == "file":
            words += [str(self.size), self.sha]
        elif kind == "symlink":
            words.append("-> " + quote(self.target))
        elif kind in ("char", "block"):
            words.append("%d,%d" % self.device)
        if first:
            words.append("same as " + quote(first))
        if not rootless:
            words += [f"{quote(k)}={v}" for k, v in sorted(
                self.xattrs.items())]
        return " ".join(words)


def quote(name):
    return "".join(chr(c) if 32 < c < 127 and c != 92 else f"\\x{c:02x}"
                   for c in name) or "."


def opened(path):
    """For reading, and an owner reads what the mode forbids, as root does."""
    try:
        return open(path, "rb")
    except PermissionError:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        os.chmod(path, 0o400)
        try:
            return open(path, "rb")
        finally:
            os.chmod(path, mode)


def digest_of(path):
    digest = hashlib.sha256()
    with opened(path) as f:
        while data := f.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


def from_dir(top):
    """Entries of a folder; the top's own path is empty."""
    found = []

    def visit(path):
        full = os.path.join(top, path) if path else top
        st = os.lstat(full)
        entry = Entry(path, st.st_mode, (st.st_uid, st.st_gid),
                      st.st_mtime_ns // 1000000000)
        if stat.S_ISREG(st.st_mode):
            entry.size, entry.sha = st.st_size, digest_of(full)
        elif stat.S_ISLNK(st.st_mode):
            entry.target = os.readlink(full)
        elif stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
            entry.device = (os.major(st.st_rdev), os.minor(st.st_rdev))
        if st.st_nlink > 1 and not stat.S_ISDIR(st.st_mode):
            entry.group = st.st_ino
        for name in os.listxattr(full, follow_symlinks=False):
            value = os.getxattr(full, name, follow_symlinks=False)
            entry.xattrs[os.fsencode(name)] = value.hex()
        found.append(entry)
        if stat.S_ISDIR(st.st_mode):
            for name in sorted(os.listdir(full)):
                visit(os.path.join(path, name) if path else name)

    visit(b"")
    return found


def number(field):
    """Eight hexadecimal digits, and nothing that int() is generous about."""
    if not all(c in b"0123456789abcdefABCDEF" for c in field):
        raise Fault(f"not a number in a header: {field!r}")
    return int(field, 16)


def members(f):
    """(offset, header fields, name, content's digest, small content)."""
    def take(size, what):
        data = f.read(size)
        if len(data) != size:
            raise Fault(f"the file ends in {what}")
        return data

    def pad():
        if any(take(-f.tell() % 4, "padding")):
            raise Fault(f"padding before {f.tell()} is not zero")

    while True:
        at = f.tell()
        head = take(110, "a header")
        if head[:6] != b"070701":
            raise Fault(f"no newc header at {at}")
        h = dict(zip(FIELDS, (number(head[i:i + 8])
                              for i in range(6, 110, 8))))
        if not 1 < h["name_size"] <= 4096 or h["check"]:
            raise Fault(f"bad header at {at}")
        name = take(h["name_size"], "a name")
        if name[-1] or b"\0" in name[:-1]:
            raise Fault(f"name at {at} does not end with its NUL")
        pad()
        digest, left, small = hashlib.sha256(), h["size"], b""
        while left:
            data = take(min(left, 1 << 20), "a file's content")
            digest.update(data)
            small = small + data if len(small) < 1 << 22 else small
            left -= len(data)
        pad()
        if name[:-1] == b"TRAILER!!!":
            if any(f.read()):
                raise Fault("something follows the trailer")
            return
        yield h, name[:-1], digest.hexdigest(), small


def from_ramdisk(path, under):
    """Entries below UNDER of a ramdisk that is well formed."""
    found, dirs, last, links, xattrs = [], set(), None, {}, b""
    with open(path, "rb") as f:
        for h, name, sha, small in members(f):
            if name.startswith(b"/") or {b"", b".", b".."} & set(
                    name.split(b"/")):
                raise Fault(f"name {quote(name)} is not canonical")
            if last is not None and last >= name:
                raise Fault(f"{quote(name)} comes after {quote(last)}")
            last = name
            parent = name.rpartition(b"/")[0]
            if parent and parent not in dirs:
                raise Fault(f"{quote(name)} comes before its folder")
            entry = Entry(name, h["mode"], (h["uid"], h["gid"]), h["mtime"])
            kind = stat.S_IFMT(h["mode"])
            if kind not in TYPES:
                raise Fault(f"{quote(name)} has no type")
            if kind == stat.S_IFDIR:
                dirs.add(name)
            if kind == stat.S_IFREG:
                entry.size, entry.sha = h["size"], sha
            elif kind == stat.S_IFLNK:
                entry.target = small
            elif h["size"]:
                raise Fault(f"{quote(name)} has content")
            entry.device = (h["rdev_major"], h["rdev_minor"])
            if h["nlink"] > 1 and kind != stat.S_IFDIR:
                entry.group = (h["ino"], h["dev_major"], h["dev_minor"])
                links.setdefault(entry.group, []).append((entry, h["nlink"]))
            if name == b"xattrs":
                xattrs = small
            found.append(entry)
    for group in links.values():
        join(group)
    if under:
        found = below(found, under)
        spread(found, xattrs)
    return found


def join(group):
    """The names of one file: the kernel takes the content from any of them."""
    names = [quote(entry.path) for entry, _ in group]
    if any(nlink != len(group) for _, nlink in group):
        raise Fault(f"link count of {names[0]} is not {len(group)}")
    if len({entry.mode for entry, _ in group}) > 1:
        raise Fault(f"links of {names[0]} differ in type or mode")
    full = [entry for entry, _ in group if entry.size]
    if len(full) > 1:
        raise Fault(f"{names[0]} has its content twice")
    for entry, _ in group:
        if full:
            entry.size, entry.sha = full[0].size, full[0].sha


def below(found, under):
    kept = [e for e in found if e.path == under
            or e.path.startswith(under + b"/")]
    for entry in kept:
        entry.path = entry.path[len(under) + 1:]
    return kept


def spread(found, text):
    """Gives the entries what the xattrs member says of them."""
    words = text.split(b"\0")
    if words.pop() or len(words) % 3:
        raise Fault("xattrs is no list of records")
    records = [(words[i] if words[i] != b"." else b"", *words[i + 1:i + 3])
               for i in range(0, len(words), 3)]
    if records != sorted(records):
        raise Fault("xattrs is not sorted")
    by_path = {entry.path: entry for entry in found}
    for path, name, value in records:
        if path not in by_path:
            raise Fault(f"xattrs names {quote(path)}, which is not there")
        entry = by_path[path]
        for twin in found if entry.group else [entry]:
            if twin is entry or twin.group == entry.group:
                twin.xattrs[name] = value.decode()


def main():
    args = sys.argv[1:]
    rootless, no_root = "--rootless" in args, "--no-root" in args
    args = [a for a in args if not a.startswith("--")]
    if args[:1] == ["dir"] and len(args) == 2:
        found = from_dir(os.fsencode(args[1]))
    elif args[:1] == ["ramdisk"] and len(args) in (2, 3):
        found = from_ramdisk(args[1], os.fsencode(args[2])
                             if len(args) == 3 else b"")
    else:
        sys.exit(__doc__)
    first = {}
    found.sort(key=lambda entry: entry.path)
    for entry in found:
        first.setdefault(entry.group, entry.path)
    for entry in found:
        if entry.path or not no_root:
            print(entry.line(first[entry.group] if entry.group else b"",
                             rootless))


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(f"treecmp.py: {fault}")
