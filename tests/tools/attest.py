#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attest.py - an attestation document of a chain that the tests make

    attest.py [NAME=VALUE]... >DOCUMENT

The first call makes root, two certificates below it and the module's in the
working folder (*.pem, *.key) with openssl; later ones use them.  nonce, user
and public are members in hex, pcrN registers in hex (PCR0 to PCR2 and PCR8
have values of their own), chain the names of the certificates of cabundle,
leaf the module's, key whose key signs, alg COSE's number of the algorithm and
hash openssl's name of it.  Further certificates are made when they are named.
cbor:MEMBER is the whole value of a member in hex, drop the name of one that is
left out, and more what stands behind the signature in its string, in hex.
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
# Each wrong in one way: what it is for, how strong it is, what is below it.
FURTHER = {
    "bare": ("host", ""),
    "cipher": ("host", LEAF.replace("digitalSignature", "keyEncipherment")),
    "issuer": ("host", CA.replace("=critical,key", "=digitalSignature,key")),
    "sha224": ("host", LEAF, "P-384", "sha224"),
    "odd": ("host", LEAF + "1.2.3.4=critical,DER:0500\n"),
    "p521": ("host", LEAF, "P-521"),
    "useless": ("zone", "basicConstraints=critical,CA:TRUE\n"),
    "of-useless": ("useless", LEAF),
    "under": ("useless", CA),
    "of-under": ("under", LEAF),
    "weak": ("zone", CA, "P-224"),
    "of-weak": ("weak", LEAF),
    "short": ("zone", CA.replace("TRUE", "TRUE,pathlen:0")),
    "long": ("short", CA),
    "of-long": ("long", LEAF),
}
WIDTHS = {"other": 32, "p521": 66}


class Raw(bytes):
    """What is CBOR as it is."""


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def certificate(name, by, extensions, curve="P-384", digest="sha384"):
    with open(name + ".ext", "w") as out:
        out.write(extensions)
    if name == "other":
        curve = "P-256"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:" + curve, "-out", name + ".key")
    openssl("req", "-new", "-key", name + ".key", "-subj", "/O=Test/CN=" + name,
            "-out", name + ".csr")
    signer = ["-CA", by + ".pem", "-CAkey", by + ".key", "-CAcreateserial"] \
        if by else ["-signkey", name + ".key"]
    openssl("x509", "-req", "-in", name + ".csr", "-days", "3", "-" + digest,
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
    if isinstance(value, Raw):
        return value
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(
        cbor(k) + cbor(v) for k, v in value.items())


def der(name):
    if name in FURTHER and not os.path.exists(name + ".pem"):
        der(FURTHER[name][0])
        certificate(name, *FURTHER[name])
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
    for name, value in ask.items():
        if name.startswith("cbor:"):
            payload[name[5:]] = Raw.fromhex(value)
    payload.pop(ask.get("drop"), None)
    body = cbor(payload)
    protected = cbor({1: int(ask.get("alg", "-35"))})
    key = ask.get("key", "module")
    signature = openssl(
        "dgst", "-" + ask.get("hash", "sha384"), "-sign", key + ".key",
        data=cbor(["Signature1", protected, b"", body]))
    signature = raw(signature, WIDTHS.get(key, 48))
    sys.stdout.buffer.write(cbor(
        [protected, {}, body, signature + bytes.fromhex(ask.get("more", ""))]))


if __name__ == "__main__":
    main()
