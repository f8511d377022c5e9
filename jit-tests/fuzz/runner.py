"""Runs programs in child processes, so that a crash or a hang costs one program and not the run.

The driver hands a child a range of seeds. The child reports each seed before it runs it; when it dies or
falls silent, the last reported seed is the culprit and a new child goes on behind it.
"""

import collections
import json
import os
import pathlib
import selectors
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
#: A child is replaced after this many programs, which bounds what leaks of the tests themselves can cost.
BATCH = 500
SILENCE_SECONDS = 30


class Child:
    """One worker process."""

    def __init__(self, python, environment):
        self.process = subprocess.Popen(
            [python, "-W", "ignore", str(HERE / "worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        os.set_blocking(self.process.stdout.fileno(), False)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.pending = b""
        self.errors = b""
        self.heard = time.monotonic()

    def send(self, command):
        try:
            self.process.stdin.write(json.dumps(command).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the child has died; reading will say so

    def messages(self):
        """(messages that arrived, is the child gone)."""
        gone = False
        try:
            data = self.process.stdout.read()
            if data == b"":
                gone = True
            elif data:
                self.heard = time.monotonic()
                self.pending += data
        except BlockingIOError:
            pass
        self._drain_errors()
        *lines, self.pending = self.pending.split(b"\n")
        return [json.loads(line) for line in lines if line], gone

    def _drain_errors(self):
        try:
            data = self.process.stderr.read()
        except (BlockingIOError, ValueError):
            return
        if data:
            self.errors = (self.errors + data)[-6000:]

    def wait(self, seconds):
        """Blocks until there is something to read."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            selector.register(self.process.stderr, selectors.EVENT_READ)
            selector.select(seconds)

    def silent(self):
        return time.monotonic() - self.heard > SILENCE_SECONDS

    def stop(self):
        """Ends the child; returns how it died, in words."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._drain_errors()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        status = self.process.returncode
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def environment(jit=None, stress=None, extra=None, *, verify=False):
    """What a child's environment is made of."""
    result = dict(os.environ)
    if jit:
        result["BROLGA_TEST_JIT"] = jit
    if stress:
        result["BROLGA_THRESHOLD"] = "1"
        if not stress.startswith("threshold"):
            result["BROLGA_STRESS"] = stress
    if verify:
        result["BROLGA_VERIFY"] = "1"
    result.setdefault("PYTHONFAULTHANDLER", "1")
    result["PYTHONHASHSEED"] = "0"
    result.update(extra or {})
    return result


class Run:
    """A range of seeds on one interpreter with several children."""

    def __init__(self, python, first, count, *, jobs=1, seconds=None, env=None, on_failure=None):
        self.python = python
        self.environment = env or environment()
        self.next_seed = first
        self.last_seed = first + count
        self.jobs = jobs
        self.deadline = time.monotonic() + seconds if seconds else None
        self.on_failure = on_failure or (lambda failure: None)
        self.statistics = collections.Counter()
        self.failures = []

    def _finished(self):
        late = self.deadline is not None and time.monotonic() > self.deadline
        return late or self.next_seed >= self.last_seed

    def _start(self):
        if self._finished():
            return None
        count = min(BATCH, self.last_seed - self.next_seed)
        child = Child(self.python, self.environment)
        child.first, child.end, child.current = self.next_seed, self.next_seed + count, None
        child.send({"first": self.next_seed, "count": count, "deadline": self._seconds_left()})
        self.next_seed += count
        return child

    def _restart_behind(self, child):
        """A child for what a dead one left undone."""
        begin = child.first if child.current is None else child.current + 1
        if begin >= child.end or (self.deadline and time.monotonic() > self.deadline):
            return self._start()
        fresh = Child(self.python, self.environment)
        fresh.first, fresh.end, fresh.current = begin, child.end, None
        fresh.send({"first": begin, "count": child.end - begin, "deadline": self._seconds_left()})
        return fresh

    def _seconds_left(self):
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def run(self):
        """Runs everything; returns the list of failures."""
        children = [child for child in (self._start() for _ in range(self.jobs)) if child]
        while children:
            children[0].wait(0.2 if len(children) == 1 else 0.05)
            for child in list(children):
                replacement = self._poll(child)
                if replacement is not child:
                    children.remove(child)
                    if replacement is not None:
                        children.append(replacement)
        return self.failures

    def _poll(self, child):
        messages, gone = child.messages()
        for message in messages:
            self._handle(child, message)
            if message.get("done"):
                child.stop()
                return self._start()
        if gone or child.silent():
            how = "hang" if not gone else None
            status = child.stop()
            if child.current is None:
                raise RuntimeError(f"worker did not start: {status}\n{child.errors.decode(errors='replace')}")
            self._fail(
                {
                    "seed": child.current,
                    "status": how or "crash",
                    "part": how or status,
                    "message": child.errors.decode(errors="replace")[-4000:],
                }
            )
            return self._restart_behind(child)
        return child

    def _handle(self, child, message):
        if "at" in message:
            child.current = message["at"]
            self.statistics["programs"] += 1
        if "statistics" in message:
            self.statistics.update(message["statistics"])
        if message.get("status") == "different":
            self._fail(message)

    def _fail(self, failure):
        self.statistics[failure["status"]] += 1
        self.failures.append(failure)
        self.on_failure(failure)


def judge(child, text):
    """Runs one program text in `child`: (status, part, message); a dead child is status `crash`."""
    child.send({"program": text})
    child.heard = time.monotonic()
    while True:
        child.wait(0.2)
        messages, gone = child.messages()
        for message in messages:
            if "status" in message:
                return message["status"], message.get("part"), message.get("message", "")
        if gone:
            how = child.stop()
            return "crash", how, child.errors.decode(errors="replace")
        if child.silent():
            child.stop()
            return "hang", "hang", ""


def default_jobs():
    return max(1, os.cpu_count() or 1)


if __name__ == "__main__":
    sys.exit("run `python jit-tests/fuzz`")
