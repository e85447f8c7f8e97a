#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dns.py FOLDER NAME=ANSWER... - a name server on 127.0.0.1

Writes its port to FOLDER/dns-port and each question as a line "NAME TYPE" to
FOLDER/dns-asked.  ANSWER is a list of addresses, by commas, of which each
question gets those of its type (IPv4 over TCP when they are many); or

    silent      there is none, ever
    servfail    it fails
    no-aaaa     127.0.0.1, and silence about IPv6
    junk        bytes that are no answer
    other       an answer to another question

Names that are not given do not exist.
"""
import ipaddress
import os
import socket
import struct
import sys
import threading

FOLDER = sys.argv[1]
NAMES = dict(word.split("=", 1) for word in sys.argv[2:])
TYPES = {1: "A", 28: "AAAA"}
LOCK = threading.Lock()


def question(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    kind, = struct.unpack(">H", query[at + 1:at + 3])
    return ".".join(labels).lower(), kind, query[12:at + 5]


def reply(query, most):
    """The whole answer, or None."""
    name, kind, echo = question(query)
    with LOCK, open(os.path.join(FOLDER, "dns-asked"), "a") as log:
        log.write("%s %s\n" % (name, TYPES.get(kind, kind)))
    what = NAMES.get(name)
    if what == "silent" or (what == "no-aaaa" and kind == 28):
        return None
    if what == "junk":
        return b"\xff" * 40
    code = 3 if what is None else 2 if what == "servfail" else 0
    records = []
    if what == "no-aaaa":
        what = "127.0.0.1"
    if what == "other":
        echo = b"\x05other" + echo
        what = "127.0.0.1"
    for text in what.split(",") if what and code == 0 else []:
        a = ipaddress.ip_address(text)
        if TYPES.get(kind) == ("A" if a.version == 4 else "AAAA"):
            records.append(b"\xc0\x0c" + struct.pack(
                ">HHIH", kind, 1, 60, len(a.packed)) + a.packed)
    flags = 0x8180 | code
    body = b"".join(records)
    if 12 + len(echo) + len(body) > most:
        flags, records, body = flags | 0x0200, [], b""
    return query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0,
                                   0) + echo + body


def udp(s):
    while True:
        query, peer = s.recvfrom(4096)
        answer = reply(query, 512)
        if answer:
            s.sendto(answer, peer)


def tcp(s):
    while True:
        c, _ = s.accept()
        with c, c.makefile("rb") as f:
            while head := f.read(2):
                answer = reply(f.read(struct.unpack(">H", head)[0]), 65535)
                if answer:
                    c.sendall(struct.pack(">H", len(answer)) + answer)


def main():
    over_tcp = socket.create_server(("127.0.0.1", 0))
    over_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    over_udp.bind(over_tcp.getsockname())
    file = os.path.join(FOLDER, "dns-port")
    with open(file + ".new", "w") as f:
        f.write("%d\n" % over_tcp.getsockname()[1])
    os.rename(file + ".new", file)
    threading.Thread(target=tcp, args=(over_tcp,), daemon=True).start()
    udp(over_udp)


if __name__ == "__main__":
    main()
