# SPDX-License-Identifier: Apache-2.0
"""aws.py - stand-ins for KMS and for the instance's metadata, in outside.py

KMS speaks TLS with FOLDER/kms-cert.pem and kms-key.pem, checks the signature
with the key that the metadata gave, and encrypts to the public key in the
attestation document, by openssl cms.  It writes each request's body as a line
to FOLDER/kms, and follows FOLDER/mode, one word:

    expired     the first credentials of the metadata are refused
    clock       every signature has expired
    throttled   400 ThrottlingException
    definite    the CMS is in DER
    otherkey    encrypted to somebody else
    html        no JSON
    huge        an answer without end
    norole      the metadata has no role
"""
import base64
import hashlib
import hmac
import json
import os
import ssl
import subprocess
import tempfile
import threading
import time

FOLDER = "."
LOCK = threading.Lock()
FETCHES = []


def mode():
    try:
        return open(os.path.join(FOLDER, "mode")).read().strip()
    except FileNotFoundError:
        return ""


def log(name, text):
    with LOCK, open(os.path.join(FOLDER, name), "a") as f:
        f.write(text + "\n")


def reply(s, status, body, kind="application/x-amz-json-1.1"):
    s.sendall(b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
              % (status, kind.encode(), len(body)) + body)


def fields_of(head):
    return {k.strip().lower().decode(): v.strip().decode() for k, v in
            (line.split(b":", 1) for line in head[1:])}


def imds(s, head, body):
    method, path, _ = head[0].decode().split(" ")
    fields = fields_of(head)
    log("imds", method + " " + path)
    base = "/latest/meta-data/iam/security-credentials/"
    if method == "PUT" and path == "/latest/api/token":
        assert 0 < int(fields["x-aws-ec2-metadata-token-ttl-seconds"]) <= 21600
        reply(s, 200, b"TOKEN==", "text/plain")
    elif fields.get("x-aws-ec2-metadata-token") != "TOKEN==":
        reply(s, 401, b"", "text/plain")
    elif path == base and mode() == "norole":
        reply(s, 404, b"", "text/plain")
    elif path == base:
        reply(s, 200, b"the-role", "text/plain")
    elif path == base + "the-role":
        time.sleep(0.2)     # so that those who ask meanwhile are seen to wait
        FETCHES.append(1)
        reply(s, 200, json.dumps({
            "Code": "Success", "AccessKeyId": "AKID%d" % len(FETCHES),
            "SecretAccessKey": "secret%d" % len(FETCHES), "Token": "session==",
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
                time.time() + 3600))}).encode(), "application/json")
    else:
        reply(s, 404, b"", "text/plain")


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature_fault(head, body):
    """None, or what is wrong with it."""
    fields = fields_of(head)
    scheme, rest = fields["authorization"].split(" ", 1)
    parts = dict(p.strip().split("=", 1) for p in rest.split(","))
    key, day, region, service, end = parts["Credential"].split("/")
    if (scheme, service, end) != ("AWS4-HMAC-SHA256", "kms", "aws4_request"):
        return "another scope"
    if not key.startswith("AKID"):
        return "not the instance's credentials"
    if fields["x-amz-security-token"] != "session==":
        return "no session"
    names = parts["SignedHeaders"].split(";")
    if not {"host", "x-amz-date", "x-amz-target",
            "x-amz-security-token"} <= set(names):
        return "not signed: " + parts["SignedHeaders"]
    canonical = "\n".join(
        ["POST", "/", ""] + ["%s:%s" % (n, fields[n]) for n in names] +
        ["", parts["SignedHeaders"], hashlib.sha256(body).hexdigest()])
    text = "\n".join([scheme, fields["x-amz-date"],
                      "/".join([day, region, service, end]),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    k = ("AWS4secret" + key[4:]).encode()
    for part in (day, region, service, end):
        k = mac(k, part)
    if hmac.new(k, text.encode(), hashlib.sha256).hexdigest() != \
            parts["Signature"]:
        return "the signature does not match"
    if not fields["host"].startswith("kms." + region + "."):
        return "another region's host"
    return None


def run(*words, data=b""):
    return subprocess.run(words, input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def encrypt(public_key, secret):
    with tempfile.TemporaryDirectory() as d:
        key, pub, cert = (os.path.join(d, n) for n in "kpc")
        if public_key:
            open(pub, "wb").write(run("openssl", "pkey", "-pubin", "-inform",
                                      "DER", data=public_key))
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", key)
        csr = run("openssl", "req", "-new", "-key", key, "-subj", "/CN=x")
        if not public_key:
            run("openssl", "genpkey", "-algorithm", "RSA", "-out", cert)
            open(pub, "wb").write(run("openssl", "pkey", "-in", cert,
                                      "-pubout"))
        run("openssl", "x509", "-req", "-signkey", key, "-force_pubkey", pub,
            "-out", cert, data=csr)
        stream = [] if mode() == "definite" else ["-stream"]
        return run("openssl", "cms", "-encrypt", "-binary", *stream,
                   "-outform", "DER", "-aes-256-cbc", "-recip", cert,
                   "-keyopt", "rsa_padding_mode:oaep", "-keyopt",
                   "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256",
                   data=secret)


def public_key_of(document):
    """After the text "public_key" comes a byte string with a length of two
    bytes."""
    at = document.index(b"public_key") + 10
    assert document[at] == 0x59, "no public key"
    n = int.from_bytes(document[at + 1:at + 3], "big")
    return document[at + 3:at + 3 + n]


def fault(s, kind, text):
    reply(s, 400, json.dumps({"__type": kind, "message": text}).encode())


PLAIN = {"Decrypt": "Plaintext", "DeriveSharedSecret": "SharedSecret",
         "GenerateDataKey": "Plaintext", "GenerateRandom": "Plaintext",
         "GenerateDataKeyPair": "PrivateKeyPlaintext"}


def answer(s, action, asked):
    told = {"KeyId": "key-1", "Action": action}
    recipient = asked.get("Recipient")
    if not recipient or action not in PLAIN:
        told["Plaintext"] = None
        reply(s, 200, json.dumps(told).encode())
        return
    assert recipient["KeyEncryptionAlgorithm"] == "RSAES_OAEP_SHA_256"
    document = base64.b64decode(recipient["AttestationDocument"])
    public = None if mode() == "otherkey" else public_key_of(document)
    told["CiphertextForRecipient"] = base64.b64encode(
        encrypt(public, b"secret of " + action.encode())).decode()
    told[PLAIN[action]] = None
    reply(s, 200, json.dumps(told).encode())


def kms(s, head, body):
    action = fields_of(head)["x-amz-target"].split(".")[1]
    log("kms", action + " " + body.decode())
    wrong = signature_fault(head, body)
    now = mode()
    if wrong:
        fault(s, "InvalidSignatureException", wrong)
    elif now == "expired" and "AKID1/" in fields_of(head)["authorization"]:
        fault(s, "ExpiredTokenException",
              "The security token included in the request is expired")
    elif now == "clock":
        fault(s, "InvalidSignatureException", "Signature expired: then is now "
              "earlier than now")
    elif now == "throttled":
        fault(s, "ThrottlingException", "Rate exceeded")
    elif now == "html":
        reply(s, 200, b"<html>")
    elif now == "huge":
        s.sendall(b"HTTP/1.1 200 X\r\n\r\n")
        while True:
            s.sendall(b"x" * 65536)
    else:
        answer(s, action, json.loads(body))


def tls(s):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(os.path.join(FOLDER, "kms-cert.pem"),
                      os.path.join(FOLDER, "kms-key.pem"))
    return c.wrap_socket(s, server_side=True)
