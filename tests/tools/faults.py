#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""faults.py WAY GIVEN COMMAND... - a program on disks that fail, and killed

Each run has a fresh copy of the folder GIVEN, ./at, as its working folder; a
run that nothing happens to says what is right.

  fail    the n-th change of the file system fails, for every n, by ENOSPC
          and all after it too, and by EIO: status 6, one sentence, nothing
          published, no temporary left
  kill    SIGKILL before the n-th change, for every n
  random  SIGKILL at random moments, alone and with a second run beside, which
          succeeds; FAULTS_KILLS times, by FAULTS_SEED

Afterwards every blob of ./at/store has the digest that is its name, every
index is whole, and one more run makes the same bytes as the first: that is
also no temporary file.  FAULTS_PRELOAD is preload/fail.so.
"""
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

AT = "at"
CALLS = "calls"
ENOSPC, EIO = 28, 5
# What a program does without: it copies by hand, it leaves a hole filled.
OPTIONAL = re.compile(r"copy_file_range|fallocate")
BLOB = re.compile(r"(.*/)?blobs/sha256/([^/]+)$")


def tree():
    """What ./at holds: path → digest, of folders None."""
    seen = {}
    for folder, folders, files in os.walk(AT):
        for name in folders:
            seen[os.path.relpath(os.path.join(folder, name), AT)] = None
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                seen[os.path.relpath(path, AT)] = hashlib.sha256(
                    f.read()).hexdigest()
    return seen


class Trial:
    def __init__(self, given, command):
        self.given, self.command = given, command
        self.what = "the clean run"
        self.before = self.fresh()
        if os.path.exists(CALLS):
            os.unlink(CALLS)
        done = self.run({"FAIL_COUNT": os.path.abspath(CALLS)})
        self.right(done.returncode == 0, done)
        self.out, self.after = done.stdout, tree()
        self.right(self.after != self.before, "it changes nothing")
        with open(CALLS, encoding="ascii") as f:
            self.calls = f.read().split()
        self.right(len(self.calls) > 3, "nothing was counted")

    def fresh(self):
        shutil.rmtree(AT, ignore_errors=True)
        shutil.copytree(self.given, AT, symlinks=True)
        return tree()

    def start(self, env=None):
        add = dict(env or {})
        if add:
            add["LD_PRELOAD"] = os.environ["FAULTS_PRELOAD"]
            # A sanitizer wants to be loaded before all else.
            add["ASAN_OPTIONS"] = (os.environ.get("ASAN_OPTIONS", "") +
                                   ":verify_asan_link_order=0")
        return subprocess.Popen(self.command, cwd=AT,
                                env={**os.environ, **add},
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run(self, env=None):
        return self.end(self.start(env))

    def end(self, child):
        out, err = child.communicate()
        return subprocess.CompletedProcess(self.command, child.returncode,
                                           out, err)

    def right(self, truth, seen):
        if not truth:
            sys.exit(f"{' '.join(self.command)}\n{self.what}:\n{seen}")

    def sound(self, temporaries, published):
        """Nothing but whole things, of before or of the end."""
        for path, digest in tree().items():
            blob = BLOB.match(path)
            if blob:
                self.right(blob[2] == digest, f"bad blob {path}")
            elif path.endswith(".tmp"):
                self.right(temporaries, f"left behind: {path}")
            elif digest and published and path.endswith("index.json"):
                with open(os.path.join(AT, path), "rb") as f:
                    json.load(f)
            elif digest and digest != self.before.get(path):
                whole = published or path.endswith("oci-layout")
                self.right(whole and digest == self.after.get(path),
                           f"half done: {path}")
        for path in self.before:
            self.right(os.path.lexists(os.path.join(AT, path)),
                       f"lost: {path}")

    def again(self):
        """One more run puts all right."""
        done = self.run()
        self.right(done.returncode == 0, done)
        self.right(done.stdout == self.out, done)
        now = tree()
        self.right(now == self.after, "not what a clean run makes: " +
                   str(sorted(set(now.items()) ^ set(self.after.items()),
                              key=str)))

    def fail(self):
        for error in ENOSPC, EIO:
            for n, call in enumerate(self.calls, 1):
                self.what = f"error {error} at call {n}, {call}"
                self.fresh()
                done = self.run({"FAIL_AT": str(n), "FAIL_ERRNO": str(error)})
                if done.returncode == 0 and OPTIONAL.match(call):
                    self.right(tree() == self.after, "not the same bytes")
                    continue
                self.right(done.returncode == 6, done)
                self.right(done.stdout == b"", done)
                self.right(re.fullmatch(rb"enc-[a-z]+: [^\n]*'[^\n]*\n",
                                        done.stderr), done)
                self.right(os.strerror(error).encode() in done.stderr, done)
                # What came before the last rename cannot be taken back.
                self.sound(False, n == len(self.calls))
                if error == ENOSPC:
                    self.again()

    def kill(self):
        for n, call in enumerate(self.calls, 1):
            self.what = f"killed before call {n}, {call}"
            self.fresh()
            done = self.run({"FAIL_AT": str(n), "FAIL_KILL": "1"})
            self.right(done.returncode == -signal.SIGKILL, done)
            self.sound(True, True)
            self.again()

    def random(self):
        seed = int(os.environ.get("FAULTS_SEED") or
                   random.SystemRandom().randrange(1 << 32))
        dice = random.Random(seed)
        self.fresh()
        start = time.monotonic()
        self.run()
        took = time.monotonic() - start
        for n in range(int(os.environ["FAULTS_KILLS"])):
            beside = n % 2 == 1
            self.what = f"kill {n}, FAULTS_SEED={seed}, beside: {beside}"
            self.fresh()
            children = [self.start() for i in range(1 + beside)]
            time.sleep(dice.uniform(0, 1.2) * took)
            children[0].kill()
            done = self.end(children[0])
            self.right(done.returncode in (0, -signal.SIGKILL), done)
            if beside:
                done = self.end(children[1])
                self.right(done.returncode == 0 and done.stdout == self.out,
                           done)
            self.sound(True, True)
            self.again()


def main():
    way, given, *command = sys.argv[1:]
    trial = Trial(given, command)
    {"fail": trial.fail, "kill": trial.kill, "random": trial.random}[way]()


main()
