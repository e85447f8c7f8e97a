#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""storecheck.py DIR - is this OCI layout sound?

Every blob has the digest that is its name, all that index.json names is there,
and tmp/ is empty.  Status 1 and what is wrong, or 0.
"""
import hashlib
import json
import os
import re
import sys


def descriptors(document):
    """What an index or a manifest names."""
    found = document.get("manifests", []) + document.get("layers", [])
    return found + [document[k] for k in ("config",) if "layers" in document]


def unresolved(layout, path="index.json"):
    """What a document of the layout names and is not there."""
    with open(os.path.join(layout, path), "rb") as f:
        document = json.load(f)
    for d in descriptors(document):
        blob = "blobs/" + d["digest"].replace(":", "/")
        there = os.path.join(layout, blob)
        if not os.path.isfile(there) or os.path.getsize(there) != d["size"]:
            yield f"{layout}/{path} names {d}, which is not there"
        elif re.search("manifest|index", d["mediaType"]):
            yield from unresolved(layout, blob)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def bad_blobs(layout):
    folder = os.path.join(layout, "blobs/sha256")
    for name in os.listdir(folder):
        if digest(os.path.join(folder, name)) != name:
            yield f"bad blob {folder}/{name}"


def main():
    layout = sys.argv[1]
    wrong = [*bad_blobs(layout), *unresolved(layout)]
    wrong += [f"left behind: {name}"
              for name in os.listdir(os.path.join(layout, "tmp"))]
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
