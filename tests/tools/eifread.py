#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""eifread.py EIF [FOLDER] - read an enclave image by its specification alone

Checks the header, the sections and the CRC, prints the measurements as
"PCR0 HEX" lines, and with FOLDER writes each section's data to a file there:
kernel, cmdline, metadata, signature, ramdisk1, ramdisk2.  Shares no code with
the suite: it is the tests' second opinion.
"""
import hashlib
import os
import struct
import sys
import zlib

KINDS = {1: "kernel", 2: "cmdline", 3: "ramdisk", 4: "signature",
         5: "metadata"}
HEADER, SECTION, CHUNK = 548, 12, 1 << 20


def die(text):
    sys.exit(f"eifread.py: {text}")


def chunks(f, size):
    while size:
        data = f.read(min(size, CHUNK))
        if not data:
            die("the file ends in a section")
        size -= len(data)
        yield data


def main():
    with open(sys.argv[1], "rb") as f:
        read(f, sys.argv[2] if len(sys.argv) > 2 else None)


def read(f, folder):
    head = f.read(HEADER)
    magic, version, flags = struct.unpack_from(">4sHH", head)
    memory, cpus, zero, count = struct.unpack_from(">QQHH", head, 8)
    offsets = struct.unpack_from(">32Q", head, 28)
    sizes = struct.unpack_from(">32Q", head, 284)
    unused, crc = struct.unpack_from(">II", head, 540)
    if (magic, version, zero, unused) != (b".eif", 4, 0, 0) or flags > 1:
        die("no header of version 4")
    if (memory, cpus) != (1 << 30, 2) or not 2 <= count <= 32:
        die("memory, processors or sections are not what AWS writes")
    if any(offsets[count:]) or any(sizes[count:]):
        die("an unused section has an offset or a size")
    pcr = [hashlib.sha384() for _ in range(3)]
    found, at, check = [], HEADER, zlib.crc32(head[:544])
    for i in range(count):
        if offsets[i] != at:
            die(f"section {i} is at {offsets[i]}, not at {at}")
        top = f.read(SECTION)
        check = zlib.crc32(top, check)
        number, flags, size = struct.unpack(">HHQ", top)
        if number not in KINDS or flags or size != sizes[i]:
            die(f"section {i} has a bad header")
        found.append(number)
        name = KINDS[number]
        if name == "ramdisk":
            name += str(found.count(3))
        measured = {"kernel": (0, 1), "cmdline": (0, 1), "ramdisk1": (0, 1),
                    "metadata": (), "signature": ()}.get(name, (0, 2))
        out = open(os.path.join(folder, name), "wb") if folder else None
        for data in chunks(f, size):
            check = zlib.crc32(data, check)
            for n in measured:
                pcr[n].update(data)
            if out:
                out.write(data)
        if out:
            out.close()
        at += SECTION + size
    if f.read(1):
        die("something follows the last section")
    if check != crc:
        die("the CRC does not match")
    if found[:2] != [1, 2] or found.count(5) != 1:
        die("a section is missing or out of order")
    for n, digest in enumerate(pcr):
        value = hashlib.sha384(bytes(48) + digest.digest()).hexdigest()
        print(f"PCR{n} {value}")


if __name__ == "__main__":
    main()
