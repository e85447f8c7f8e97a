#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attest.py - an attestation document of a chain that the tests make

    attest.py [NAME=VALUE]... >DOCUMENT

The first call makes root, two certificates below it and the module's in the
working folder (*.pem, *.key) with openssl; later ones use them.  nonce, user
and public are members in hex, pcrN registers in hex (PCR0 to PCR2 and PCR8
have values of their own), chain the names of the certificates of cabundle,
leaf the module's, key whose key signs, alg COSE's number of the algorithm and
hash openssl's name of it.
"""
import os
import struct
import subprocess
import sys

CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
LEAF = "basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\n"
CHAIN = [("root", None, CA), ("zone", "root", CA), ("host", "zone", CA),
         ("module", "host", LEAF), ("other", "root", LEAF),
         ("below", "module", LEAF)]


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def certificate(name, by, extensions):
    with open(name + ".ext", "w") as out:
        out.write(extensions)
    curve = "P-256" if name == "other" else "P-384"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:" + curve, "-out", name + ".key")
    openssl("req", "-new", "-key", name + ".key", "-subj", "/O=Test/CN=" + name,
            "-out", name + ".csr")
    signer = ["-CA", by + ".pem", "-CAkey", by + ".key", "-CAcreateserial"] \
        if by else ["-signkey", name + ".key"]
    openssl("x509", "-req", "-in", name + ".csr", "-days", "3", "-sha384",
            "-extfile", name + ".ext", "-out", name + ".pem", *signer)


def head(kind, value):
    for bits, size, code in ((8, "B", 24), (16, "H", 25), (32, "I", 26),
                             (64, "Q", 27)):
        if value < 24:
            return bytes([kind << 5 | value])
        if value < 1 << bits:
            return struct.pack(">B" + size, kind << 5 | code, value)


def cbor(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(
        cbor(k) + cbor(v) for k, v in value.items())


def der(name):
    if not os.path.exists(name + ".pem"):
        return b"junk"
    return openssl("x509", "-in", name + ".pem", "-outform", "DER")


def raw(signature, width):
    """r and s of a DER signature, each as wide as the curve."""
    at, out = 2 if signature[1] < 128 else 3, b""
    for _ in range(2):
        number = signature[at + 2:at + 2 + signature[at + 1]]
        at += 2 + signature[at + 1]
        out += number.lstrip(b"\0").rjust(width, b"\0")
    return out


def main():
    ask = dict(arg.split("=", 1) for arg in sys.argv[1:])
    if not os.path.exists("root.pem"):
        for one in CHAIN:
            certificate(*one)
    pcrs = {i: bytes(48) for i in range(16)}
    pcrs.update({0: b"\x10" * 48, 1: b"\x11" * 48, 2: b"\x12" * 48,
                 8: b"\x18" * 48})
    for name, value in ask.items():
        if name.startswith("pcr"):
            pcrs[int(name[3:])] = bytes.fromhex(value)
    chain = ask.get("chain", "root zone host").split()
    payload = {
        "module_id": ask.get("module", "i-1-enc2"), "digest": "SHA384",
        "timestamp": 1700000000123, "pcrs": pcrs,
        "certificate": der(ask.get("leaf", "module")),
        "cabundle": [der(name) for name in chain],
    }
    for name in ("public", "user", "nonce"):
        member = {"public": "public_key", "user": "user_data"}.get(name, name)
        value = ask.get(name)
        payload[member] = bytes.fromhex(value) if value else None
    body = cbor(payload)
    protected = cbor({1: int(ask.get("alg", "-35"))})
    key = ask.get("key", "module")
    signature = openssl(
        "dgst", "-" + ask.get("hash", "sha384"), "-sign", key + ".key",
        data=cbor(["Signature1", protected, b"", body]))
    sys.stdout.buffer.write(cbor(
        [protected, {}, body, raw(signature, 32 if key == "other" else 48)]))


if __name__ == "__main__":
    main()
