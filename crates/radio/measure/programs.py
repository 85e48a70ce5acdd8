"""Starts programs, measures their processor time and memory, and ends them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# The time in which a program has to end after SIGTERM.
END_SECONDS = 5.0
LOG_BYTES_SHOWN = 2_000
# The signals that end a measurement.
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


class Failed(Exception):
    """Something could not be measured. The text says what and why."""


class Program:
    """A running program with all processes of its process group."""

    def __init__(self, name: str, arguments: list[str], log: Path):
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def cpu_seconds(self) -> float:
        """User and system time of all threads and processes, with those that have ended."""
        self.check()
        return sum(sum(map(int, fields[11:15])) for _, fields in self._processes()) / TICKS_PER_SECOND

    def peak_megabytes(self) -> float:
        """The most resident memory of each process since `reset_peak`, added up. Pages that processes share count for each of them."""
        self.check()
        kilobytes = 0
        for folder, _ in self._processes():
            for line in (folder / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    kilobytes += int(line.split()[1])
        return kilobytes * 1_024 / 1e6

    def reset_peak(self) -> None:
        """The peak of memory begins again at the present value."""
        for folder, _ in self._processes():
            (folder / "clear_refs").write_text("5")

    def check(self) -> None:
        """Raises `Failed` if the program has ended."""
        status = self.process.poll()
        if status is not None:
            text = self.log.read_bytes()[-LOG_BYTES_SHOWN:].decode(errors="replace")
            raise Failed(f"{self.name} ended with status {status}:\n{text}")

    def end(self) -> None:
        """Ends all processes of the group."""
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        # Processes of the group may be left when the first one has ended.
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def _processes(self) -> list[tuple[Path, list[str]]]:
        """The folders in /proc, and the fields of `stat` from the third one on."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                # The second field is the name in brackets, which may contain anything.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == self.process.pid:
                found.append((folder, fields))
        return found


class Programs:
    """All programs that run, which end when the context ends. They write their logs into `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.running: list[Program] = []
        self.started = 0

    def __enter__(self) -> "Programs":
        return self

    def __exit__(self, *_: object) -> None:
        # A second interrupt must not prevent programs from being ended.
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
        for program in list(self.running):
            self.end(program)

    def start(self, name: str, arguments: list[str]) -> Program:
        if shutil.which(arguments[0]) is None:
            raise Failed(f"{arguments[0]} is not installed: {name} is not measured")
        self.started += 1
        program = Program(name, arguments, self.folder / f"{self.started}.log")
        self.running.append(program)
        return program

    def end(self, program: Program) -> None:
        self.running.remove(program)
        program.end()

    def run(self, name: str, arguments: list[str], seconds: float) -> None:
        """Runs a program to its end, for at most this time."""
        program = self.start(name, arguments)
        try:
            status = program.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{name} did not end in {seconds:.0f} s") from None
        finally:
            self.end(program)
        if status != 0:
            program.check()


def wait_until(what: str, condition, program: Program, seconds: float = 60.0) -> None:
    """Waits until a condition holds, for at most this time, while the program runs."""
    deadline = time.monotonic() + seconds
    while not condition():
        program.check()
        if time.monotonic() > deadline:
            raise Failed(f"{program.name}: {what} after {seconds:.0f} s")
        time.sleep(0.1)


def note(text: str) -> None:
    """Tells on stderr what happens."""
    print(text, file=sys.stderr, flush=True)
