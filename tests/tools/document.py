#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""document.py - an attestation document on standard input, as JSON

Its payload, with byte strings in hex and the registers as "PCR0" and so on.
The signature is not looked at: an emulator's is none.  Shares no code with the
suite: it is the tests' second opinion.
"""
import json
import struct
import sys


def item(data, at):
    """RFC 8949: the value at this place, and the place behind it."""
    kind, more = data[at] >> 5, data[at] & 31
    at += 1
    if 24 <= more < 31:
        size = 1 << more - 24
        value, = struct.unpack_from(">" + " BH I   Q"[size], data, at)
        at += size
    else:
        value = more
    if kind == 0:
        return value, at
    if kind == 1:
        return -1 - value, at
    if more == 31:
        out = []
        while data[at] != 0xff:
            each, at = item(data, at)
            out.append(each)
        return out if kind == 4 else dict(zip(out[::2], out[1::2])), at + 1
    if kind in (2, 3):
        text = data[at:at + value]
        return text if kind == 2 else text.decode(), at + value
    if kind == 4:
        out = []
        for _ in range(value):
            each, at = item(data, at)
            out.append(each)
        return out, at
    if kind == 5:
        out = {}
        for _ in range(value):
            key, at = item(data, at)
            out[key], at = item(data, at)
        return out, at
    return {20: False, 21: True, 22: None}[value], at


def main():
    data = sys.stdin.buffer.read()
    (_, _, payload, _), end = item(data, 0)
    assert end == len(data), "more than a document"
    document, _ = item(payload, 0)
    for number, value in document.pop("pcrs").items():
        document["PCR%d" % number] = value
    del document["cabundle"]
    print(json.dumps(document, default=bytes.hex, sort_keys=True))


if __name__ == "__main__":
    main()
