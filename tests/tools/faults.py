#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""faults.py WAY GIVEN COMMAND... - a program on disks that fail, and killed

Each run has a fresh copy of the folder GIVEN as its working folder, in memory
where there is /dev/shm; a run that nothing happens to says what is right.

  fail    the n-th change of the file system fails, for every n, by each of
          FAULTS_ERRORS (ENOSPC EIO): status 6, one sentence, nothing published,
          no temporary left
  read    the n-th read fails, for every n, by EIO: the same
  short   every read and write is cut short or interrupted: the right result
  kill    SIGKILL before the n-th change, for every n
  signal  SIGINT or SIGTERM before the n-th change, standard error being a
          terminal: ended by it, no temporary left, nor an unfinished line
  held    a second run starts while the first stands before the n-th change,
          which is killed when the other waits for it
  streams standard streams that are closed, and a pipe that nobody reads: the
          same files, and status 6 without a standard output
  oom     the n-th allocation fails, alone, and with all after it, for every n:
          "out of memory" and status 6, or what a library makes of it, and
          nothing published.  Only each FAULTS_STEP-th, the first by FAULTS_SEED
  random  SIGKILL at random moments, FAULTS_KILLS times, by FAULTS_SEED: half by
          the clock and half a moment after some change; alone, and with a
          second run beside, which succeeds

Afterwards every blob has the digest that is its name, every index is whole and
what it names is there, and one more run makes the same bytes as the first: that
is also no temporary file.  FAULTS_PRELOAD is preload/fail.so.
"""
import errno
import os
import pty
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import storecheck

# What a program does without: it copies by hand, it leaves a hole filled, it
# writes later, and of a file that has its name nothing can be told any more.
OPTIONAL = re.compile(r"copy_file_range|fallocate|sync_file_range|close")
BLOB = re.compile(r"(.*/)?blobs/sha256/([^/]+)$")
MEMORY = "/dev/shm"


def names(calls):
    """How many of these calls gave a file its name."""
    return sum(call.startswith("rename") for call in calls)


def drained(terminal):
    """All that the other side wrote before it closed."""
    seen = b""
    try:
        while more := os.read(terminal, 65536):
            seen += more
    except OSError:     # how a terminal says that it is over
        pass
    os.close(terminal)
    return seen


class Trial:
    def __init__(self, way, given, command, where):
        self.given, self.command = given, command
        self.at = os.path.join(where, "at")
        self.count = os.path.join(where, "calls")
        self.what = "the clean run"
        self.before = self.fresh()
        done = self.counted({"FAIL_NONE": "1"})
        self.right(done.returncode == 0, done)
        self.out, self.after = done.stdout, self.tree()
        self.right(self.after != self.before or way == "read",
                   "it changes nothing")
        self.calls = self.counts()
        self.right(len(self.calls) > 3 or way == "read",
                   "nothing was counted")

    def tree(self):
        """What the folder holds: path → digest, of folders None."""
        seen = {}
        for folder, folders, files in os.walk(self.at):
            for name in folders:
                path = os.path.join(folder, name)
                seen[os.path.relpath(path, self.at)] = None
            for name in files:
                path = os.path.join(folder, name)
                seen[os.path.relpath(path, self.at)] = storecheck.digest(path)
        return seen

    def fresh(self):
        shutil.rmtree(self.at, ignore_errors=True)
        shutil.copytree(self.given, self.at, symlinks=True)
        return self.tree()

    def start(self, env=None, **more):
        add = dict(env or {})
        if add or "FAIL_NAMED" in os.environ:
            add.setdefault("LD_PRELOAD", os.environ["FAULTS_PRELOAD"])
            # A sanitizer wants to be loaded before all else.
            add["ASAN_OPTIONS"] = (os.environ.get("ASAN_OPTIONS", "") +
                                   ":verify_asan_link_order=0")
        return subprocess.Popen(self.command, cwd=self.at,
                                env={**os.environ, **add},
                                stdin=subprocess.DEVNULL,
                                **{"stdout": subprocess.PIPE,
                                   "stderr": subprocess.PIPE, **more})

    def run(self, env=None):
        return self.end(self.start(env))

    def end(self, child):
        out, err = child.communicate()
        return subprocess.CompletedProcess(self.command, child.returncode,
                                           out, err)

    def counted(self, env):
        """A run whose calls self.counts() has afterwards."""
        if os.path.exists(self.count):
            os.unlink(self.count)
        return self.run({**env, "FAIL_COUNT": self.count})

    def counts(self):
        with open(self.count, encoding="ascii") as f:
            return f.read().splitlines()

    def stopped(self, n, **more):
        """A child that stands before its n-th change until the socket that it
        told so is closed."""
        ours, theirs = socket.socketpair()
        child = self.start({"FAIL_AT": str(n),
                            "FAIL_TELL": str(theirs.fileno())},
                           pass_fds=[theirs.fileno()], **more)
        theirs.close()
        ours.recv(1)
        return child, ours

    def right(self, truth, seen):
        if not truth:
            sys.exit(f"{' '.join(self.command)}\n{self.what}:\n{seen}")

    def sound(self, temporaries, published):
        """Nothing but whole things, of before or of the end."""
        now = self.tree()
        for path, digest in now.items():
            blob = BLOB.match(path)
            if path.endswith("index.json"):
                missing = list(storecheck.unresolved(
                    os.path.dirname(os.path.join(self.at, path))))
                self.right(not missing, missing)
            if blob:
                self.right(blob[2] == digest, f"bad blob {path}")
            elif path.endswith(".tmp"):
                self.right(temporaries, f"left behind: {path}")
            elif digest and published and path.endswith("index.json"):
                continue
            elif digest and digest != self.before.get(path):
                whole = published or path.endswith("oci-layout")
                self.right(whole and digest == self.after.get(path),
                           f"half done: {path}")
        for path in self.before:
            self.right(path in now, f"lost: {path}")

    def again(self):
        """One more run puts all right."""
        done = self.run()
        self.right(done.returncode == 0, done)
        self.right(done.stdout == self.out, done)
        now = self.tree()
        self.right(now == self.after, "not what a clean run makes: " +
                   str(sorted(set(now.items()) ^ set(self.after.items()),
                              key=str)))

    def failed(self, done, error, calls):
        """The last of calls failed, or what came after it as well."""
        self.right(done.returncode == 6, done)
        self.right(done.stdout == b"", done)
        self.right(re.fullmatch(rb"enc-[a-z]+: [^\n]*'[^\n]*\n", done.stderr),
                   done)
        self.right(os.strerror(error).encode() in done.stderr, done)
        # What came before the last name cannot be taken back.
        named = names(calls) + calls[-1].startswith("close")
        self.sound(False, named >= names(self.calls))

    def every(self, error, env):
        """Each n until a run comes to its end before: from a network they are
        not always as many."""
        n = 0
        while True:
            n += 1
            self.fresh()
            self.what = f"error {error} at call {n}"
            done = self.counted({"FAIL_AT": str(n), "FAIL_ERRNO": str(error),
                                 **env})
            calls = self.counts()
            if len(calls) < n:
                self.right(done.returncode == 0, done)
                return n - 1
            self.what += ", " + calls[n - 1]
            if done.returncode == 0 and OPTIONAL.match(calls[n - 1]):
                self.right(self.tree() == self.after, "not the same bytes")
                continue
            self.failed(done, error, calls[:n])
            if error != errno.EIO:
                self.again()

    def fail(self):
        for name in os.environ.get("FAULTS_ERRORS", "ENOSPC EIO").split():
            n = self.every(getattr(errno, name), {})
            print(name, "at each of", n)

    def read(self):
        n = self.every(errno.EIO, {"FAIL_READS": "1"})
        print("EIO at each of", n)
        self.right(n > 3, "nothing was counted")

    def allocations(self):
        """How many there are in a run."""
        reader, writer = os.pipe()
        self.fresh()
        child = self.start({"LD_PRELOAD": os.environ["FAULTS_PRELOAD_OOM"],
                            "OOM_COUNT": str(writer)}, pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader) as f:
            n = int(f.read())
        self.right(self.end(child).returncode == 0, "the counting run")
        return n

    def oom(self):
        total = self.allocations()
        step = int(os.environ["FAULTS_STEP"])
        first = 1 + int(os.environ["FAULTS_SEED"]) % step
        tolerated = misread = 0
        for stays in 0, 1:
            for n in range(first, total + 1, step):
                self.what = f"allocation {n} of {total}, stays: {stays}"
                self.fresh()
                done = self.run({
                    "LD_PRELOAD": os.environ["FAULTS_PRELOAD_OOM"],
                    "OOM_AT": str(n), "OOM_STAYS": str(stays)})
                if done.returncode == 0:    # a library does without
                    tolerated += 1
                    self.right(self.tree() == self.after, "not the same")
                    continue
                said = re.fullmatch(rb"enc-[a-z]+: ([^\n]+)\n", done.stderr)
                self.right(said and done.stdout == b"", done)
                if done.returncode == 6:
                    self.right(said[1].lower().endswith(b"memory"), done)
                else:
                    misread += 1
                    self.right(done.returncode in (3, 5), done)
                self.sound(False, True)
        print(total, "allocations, done without:", tolerated,
              "told as something else:", misread)
        self.right(misread < total / step / 10, "libraries misread too many")

    def short(self):
        self.what = "cut short"
        self.fresh()
        done = self.run({"FAIL_SHORT": "1"})
        self.right(done.returncode == 0 and done.stdout == self.out, done)
        self.right(self.tree() == self.after, "not the same bytes")

    def kill(self):
        for n, call in enumerate(self.calls, 1):
            self.what = f"killed before call {n}, {call}"
            self.fresh()
            child, link = self.stopped(n)
            child.kill()
            done = self.end(child)
            link.close()
            # From a network there may be fewer calls.
            self.right(done.returncode == -signal.SIGKILL or
                       (n > len(self.calls) - 10 and done.returncode == 0),
                       done)
            self.sound(True, True)
            self.again()

    def signal(self):
        bars = 0
        for n, call in enumerate(self.calls, 1):
            number = (signal.SIGINT, signal.SIGTERM)[n % 2]
            self.what = f"{number} before call {n}, {call}"
            self.fresh()
            ours, theirs = pty.openpty()
            child, link = self.stopped(n, stderr=theirs)
            os.close(theirs)
            child.send_signal(number)
            link.close()
            done = self.end(child)
            seen = drained(ours)
            self.right(done.returncode == -number, done)
            self.right(not seen or seen.endswith(b"\n"), seen)
            bars += b"\r[" in seen
            self.sound("FAIL_NAMED" in os.environ, True)
            self.again()
        print("unfinished bars:", bars)
        self.right(bars > 0 or "-q" in self.command, "no bar was drawn")

    def held(self):
        waited = 0
        for n, call in enumerate(self.calls, 1):
            self.what = f"beside a run that stands before call {n}, {call}"
            self.fresh()
            child, link = self.stopped(n)
            other = self.start()
            try:
                other.wait(0.3)
            except subprocess.TimeoutExpired:
                waited += 1
            child.kill()
            done = self.end(other)
            self.right(done.returncode == 0 and done.stdout == self.out, done)
            self.end(child)
            link.close()
            self.sound(True, True)
            self.again()
        print("runs that waited:", waited)
        self.right(waited, "nothing was locked")

    def without(self, closed):
        return self.end(self.start(
            preexec_fn=lambda: [os.close(fd) for fd in closed]))

    def streams(self):
        for closed in [], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]:
            self.what = f"closed at the start: {closed}"
            self.fresh()
            done = self.without(closed)
            self.right(done.returncode == (6 if 1 in closed else 0), done)
            self.right(done.stdout == (b"" if 1 in closed else self.out), done)
            said = b"standard output" in done.stderr
            self.right(said == (1 in closed and 2 not in closed), done)
            self.right(self.tree() == self.after, "not the same bytes")
        for ignored in False, True:
            self.what = f"a pipe that nobody reads, SIGPIPE ignored: {ignored}"
            self.fresh()
            reader, writer = os.pipe()
            os.close(reader)
            child = self.start(stdout=writer, restore_signals=not ignored)
            os.close(writer)
            done = self.end(child)
            want = 6 if ignored else -signal.SIGPIPE
            self.right(done.returncode == want, done)
            self.right(self.tree() == self.after, "not the same bytes")

    def random(self):
        seed = int(os.environ["FAULTS_SEED"])
        kills = int(os.environ["FAULTS_KILLS"])
        dice = random.Random(seed)
        self.fresh()
        start = time.monotonic()
        self.run()
        took = time.monotonic() - start
        within = 0
        for n in range(kills):
            beside, by_clock = n & 1, n & 2
            self.what = f"kill {n}, FAULTS_SEED={seed}, beside: {beside}"
            self.fresh()
            others = [self.start() for i in range(beside)]
            if by_clock:
                child = self.start()
                time.sleep(dice.uniform(0, 1.2) * took)
                child.kill()
            else:
                # A program is busy for 10 to 100 us between two changes.
                child = self.start({
                    "FAIL_AT": str(dice.randint(1, len(self.calls))),
                    "FAIL_KILL": str(int(10 ** dice.uniform(3, 6)))})
            done = self.end(child)
            self.right(done.returncode in (0, -signal.SIGKILL), done)
            for other in others:
                done = self.end(other)
                self.right(done.returncode == 0 and done.stdout == self.out,
                           done)
            within += not by_clock and done.returncode != 0
            self.sound(True, True)
            self.again()
        print("kills:", kills, "between changes:", within)
        self.right(within >= kills / 20, "all too late")


def main():
    way, given, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Who was started in the background by a shell ignores it, and so would
    # all that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="faults.", dir=memory) as where:
        trial = Trial(way, given, command, where)
        {"fail": trial.fail, "read": trial.read, "short": trial.short,
         "kill": trial.kill, "random": trial.random,
         "signal": trial.signal, "held": trial.held,
         "oom": trial.oom, "streams": trial.streams}[way]()


main()
