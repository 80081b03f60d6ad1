# SPDX-License-Identifier: Apache-2.0
"""Runs the programs under test: starts them, waits for what they print, ends them, and judges how they ended.

Nothing here waits for a fixed time. A wait names its condition and a deadline; a deadline that passes raises with the
program's output in the text."""

import os
import re
import signal
import subprocess
import threading
import time

DEFAULT_WAIT = 20.0
SANITIZER = re.compile(
    r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|runtime error: |SUMMARY: \w*Sanitizer"
)


def bin_dir():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.path.abspath(os.environ.get("FARFLASH_BIN") or os.path.join(root, "build", "bin"))


def program_path(name):
    return os.path.join(bin_dir(), name)


def environment(extra=None):
    """The tests' environment without what would change a program's behaviour, plus `extra`."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("FARFLASH_", "http_", "HTTP_"))}
    env.update(LC_ALL="C", TZ="UTC", NO_PROXY="*")
    env.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1:abort_on_error=0:malloc_fill_byte=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    env.update(extra or {})
    return env


def wait_until(condition, what, timeout=DEFAULT_WAIT, interval=0.02):
    """Polls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}")
        time.sleep(interval)


def sanitizer_report(text):
    """The part of `text` from the first sanitizer message on, or None."""
    found = SANITIZER.search(text)
    return text[found.start():] if found else None


class Program:
    """A program in the background whose output is collected line by line."""

    def __init__(self, arguments, env=None, preexec=None, cwd=None):
        self.arguments = [str(argument) for argument in arguments]
        self.expected_status = {0}
        self.lines = []
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(env), preexec_fn=preexec, cwd=cwd, text=True, errors="replace")
        streams = (self.process.stdout, self.process.stderr)
        self._readers = [threading.Thread(target=self._collect, args=(stream,), daemon=True) for stream in streams]
        for reader in self._readers:
            reader.start()

    def _collect(self, stream):
        for line in stream:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        with self._changed:
            return "\n".join(self.lines)

    def _search(self, pattern, start):
        for line in self.lines[start:]:
            found = re.search(pattern, line)
            if found:
                return found
        return None

    def wait_line(self, pattern, timeout=DEFAULT_WAIT, start=0):
        """Waits for a line, from line number `start` on, in which `pattern` is found; returns the match."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = self._search(pattern, start)
                if found:
                    return found
                ended = not any(reader.is_alive() for reader in self._readers)
                left = deadline - time.monotonic()
                if ended or left <= 0:
                    why = "ended" if ended else f"did not in {timeout:g} s"
                    raise AssertionError(f"{self.arguments}: wanted /{pattern}/, {why}:\n" + "\n".join(self.lines))
                self._changed.wait(min(left, 0.5))

    def running(self):
        return self.process.poll() is None

    def wait(self, timeout=DEFAULT_WAIT):
        """Waits for the end and returns the exit status (negative: the signal)."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.arguments} did not end in {timeout:g} s:\n{self.output()}") from None
        for reader in self._readers:
            reader.join(timeout)
        return status

    def terminate(self, timeout=DEFAULT_WAIT):
        """SIGTERM, unless it has ended already; returns the exit status."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self):
        """SIGKILL, by intent: the exit status is then no failure."""
        self.expected_status.add(-signal.SIGKILL)
        if self.running():
            self.process.kill()
        return self.wait()

    def judge(self):
        """Ends it and raises for a wrong exit status or a sanitizer report."""
        status = self.terminate()
        report = sanitizer_report(self.output())
        assert report is None, f"{self.arguments}: sanitizer report\n{report}"
        assert status in self.expected_status, f"{self.arguments}: exit status {status}\n{self.output()}"


class Finished:
    """What a program that ran to its end left."""

    def __init__(self, arguments, status, stdout, stderr, seconds):
        self.arguments, self.status, self.stdout, self.stderr = arguments, status, stdout, stderr
        self.seconds = seconds

    def __repr__(self):
        return f"{self.arguments}: exit status {self.status}\n-- stdout\n{self.stdout}\n-- stderr\n{self.stderr}"


def run(arguments, env=None, timeout=60.0, cwd=None, stdin=None):
    """Runs a program to its end; raises for a timeout or a sanitizer report, never for the exit status. `stdin` is
    bytes."""
    arguments = [str(argument) for argument in arguments]
    begin = time.monotonic()
    try:
        done = subprocess.run(arguments, env=environment(env), timeout=timeout, cwd=cwd, input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"{arguments} did not end in {timeout:g} s:\n{error.stdout}\n{error.stderr}") from None
    stdout, stderr = (output.decode(errors="replace") for output in (done.stdout, done.stderr))
    report = sanitizer_report(stderr)
    assert report is None, f"{arguments}: sanitizer report\n{report}"
    return Finished(arguments, done.returncode, stdout, stderr, time.monotonic() - begin)
