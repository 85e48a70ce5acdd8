#!/usr/bin/env python3
"""Measures crowd-radio beside ffmpeg, liquidsoap and nginx, in the same run on the same machine.

    crates/radio/measure/peers.py target/release/crowd-radio [--music DIR] [--seconds 120] [--listeners 1000] [--json]

Without --music, music is generated with ffmpeg. All servers listen on free ports of 127.0.0.1. The exit status is 1 if something could not
be measured, which stderr names; the rest is measured nevertheless.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

sys.dont_write_bytecode = True
import listeners
import stations
from programs import STOPS, Failed, Program, Programs, note

WARM_UP_SECONDS = 30
# The most time for everything that is not measured: generated and prepared music.
PREPARATION_SECONDS = 3_600


class Measurement:
    """The settings and the results of a run."""

    def __init__(self, arguments: argparse.Namespace, programs: Programs):
        self.binary = arguments.binary
        self.music = arguments.music
        self.seconds = arguments.seconds
        self.listeners = arguments.listeners
        self.programs = programs
        self.failures: list[str] = []
        self.tables: dict[str, list[dict]] = {name: [] for name in self.titles()}

    def titles(self) -> dict[str, str]:
        """The names and titles of the tables."""
        return {
            "live": f"one live stream, {self.seconds} s, all at the same time",
            "hls": f"{self.listeners} listeners of HLS, {self.seconds} s",
            "listen_aac": f"{self.listeners} listeners of /listen.aac, {self.seconds} s",
        }

    @contextmanager
    def reported(self):
        """A failure is told and counted, and the measurement continues."""
        try:
            yield
        except (Failed, TimeoutError) as failure:
            text = str(failure) or "a measurement took too long"
            self.failures.append(text)
            note(f"error: {text}")

    def run(self) -> None:
        folder = self.programs.folder
        if self.music is None:
            note("generating music")
            self.music = folder / "music"
            stations.make_music(self.programs, self.music)
        note("preparing two stations")
        stations.setup(self.programs, self.binary, self.music, folder / "gapless", 0)
        stations.setup(self.programs, self.binary, self.music, folder / "prepared", stations.CROSSFADE_SECONDS)
        with self.reported():
            self.live_streams()
        with self.reported():
            self.loads()

    def live_streams(self) -> None:
        """What one live stream costs, all programs at the same time."""
        running: list[tuple[Program, Path | None]] = []
        for name, station in (("gapless, encoding", "gapless"), ("crossfade, prepared", "prepared")):
            program, _ = self.start_crowd_radio(f"crowd-radio, {name}", station)
            running.append((program, None))
        for start in (stations.start_ffmpeg, stations.start_liquidsoap):
            with self.reported():
                running.append(start(self.programs, self.music))
        note(f"one live stream: {WARM_UP_SECONDS} s of warm-up, {self.seconds} s of measurement")
        time.sleep(WARM_UP_SECONDS)
        before = [program.cpu_seconds() for program, _ in running]
        began, load = time.monotonic(), os.getloadavg()[0]
        time.sleep(self.seconds)
        for (program, playlist), earlier in zip(running, before):
            with self.reported():
                cpu = (program.cpu_seconds() - earlier) / (time.monotonic() - began)
                if playlist is not None:
                    stations.check_fresh(program, playlist)
                row = {"name": program.name, "cores": round(cpu, 4), "peak_mb": round(program.peak_megabytes(), 1)}
                self.tables["live"].append(row | {"load_average": round(load, 2)})
        for program, _ in running:
            self.programs.end(program)

    def loads(self) -> None:
        """What many listeners cost, first of crowd-radio, then of nginx with the same files."""
        station, port = self.start_crowd_radio("crowd-radio", "prepared")
        served = self.programs.folder / "served"
        served.mkdir()
        nginx = None
        with self.reported():
            nginx, nginx_port = stations.start_nginx(self.programs, served, self.listeners)
        servers = [station] if nginx is None else [station, nginx]
        note(f"idle servers: {WARM_UP_SECONDS} s of warm-up, {self.seconds} s of measurement")
        time.sleep(WARM_UP_SECONDS)
        before = [server.cpu_seconds() for server in servers]
        time.sleep(self.seconds)
        idle = {server: server.cpu_seconds() - earlier for server, earlier in zip(servers, before)}

        with self.reported():
            self.hls(station, port, idle[station])
        if nginx is not None:
            with self.reported():
                self.hls(nginx, nginx_port, idle[nginx], (port, served))
        with self.reported():
            load, row = self.load(listeners.file_listener, station, port, idle[station])
            kilobits = load.received_bytes * 8e-3 / load.listener_seconds
            row |= {"dropped": load.dropped, "errors": load.errors, "longest_gap_s": round(load.longest_gap, 2)}
            self.tables["listen_aac"].append(row | {"kbit_s": round(kilobits, 1)})

    def hls(self, server: Program, port: int, idle: float, mirrored: tuple[int, Path] | None = None) -> None:
        load, row = self.load(listeners.hls_listener, server, port, idle, mirrored)
        row |= {"segments": load.segments, "late": load.late, "errors": load.errors}
        row |= {f"p{share * 100:.0f}_ms": round(load.fetch_milliseconds(share), 2) for share in (0.5, 0.99)}
        self.tables["hls"].append(row)

    def load(self, listener, server: Program, port: int, idle: float, mirrored=None) -> tuple[listeners.Load, dict]:
        """Listeners of one server, and what they cost it beyond its `idle` processor time."""
        note(f"{self.listeners} listeners of {server.name}: {self.seconds} s")
        server.reset_peak()
        before, average = server.cpu_seconds(), os.getloadavg()[0]
        load = asyncio.run(listeners.listen(listener, port, self.listeners, self.seconds, mirrored))
        cpu = server.cpu_seconds() - before - idle
        for message in load.messages:
            note(f"{server.name}: {message}")
        row = {"name": server.name, "ms_per_listener_minute": round(cpu * 60e3 / load.listener_seconds, 2)}
        return load, row | {"peak_mb": round(server.peak_megabytes(), 1), "load_average": round(average, 2)}

    def start_crowd_radio(self, name: str, station: str) -> tuple[Program, int]:
        folder = self.programs.folder / station
        return stations.start_crowd_radio(self.programs, name, self.binary, folder, self.listeners)

    def print_tables(self) -> None:
        for name, title in self.titles().items():
            print(f"\n{title}")
            rows = self.tables[name]
            if not rows:
                print("not measured")
                continue
            lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
            widths = [max(map(len, column)) for column in zip(*lines)]
            for first, *others in lines:
                print("  ".join([first.ljust(widths[0])] + [text.rjust(width) for text, width in zip(others, widths[1:])]))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="the program crowd-radio, built with the feature aac")
    parser.add_argument("--music", type=Path, help="folder of music; without it, music is generated")
    seconds = "time of each measurement, best a multiple of 30: crowd-radio encodes 30 s at a time [120]"
    parser.add_argument("--seconds", type=int, default=120, help=seconds)
    parser.add_argument("--listeners", type=int, default=1_000, help="number of listeners [1000]")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    if arguments.seconds < 12 or arguments.listeners < 1:
        parser.error("--seconds must be at least 12, --listeners at least 1")
    found = shutil.which(arguments.binary)
    if found is None:
        parser.error(f"there is no program {arguments.binary}")
    arguments.binary = str(Path(found).resolve())
    if arguments.music is not None and not arguments.music.is_dir():
        parser.error(f"there is no folder {arguments.music}")
    return arguments


def raise_file_limit(listeners: int) -> None:
    """Each listener is a connection at both ends, which are in two processes."""
    needed, (soft, hard) = 2 * listeners + 1_024, resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            sys.exit(f"error: {needed} open files are needed, and {hard} are allowed (ulimit -Hn)")
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def stop(number: int, _frame: object) -> None:
    sys.exit("error: the measurement took too long" if number == signal.SIGALRM else 128 + number)


def main() -> int:
    arguments = read_arguments()
    raise_file_limit(arguments.listeners)
    for number in STOPS:
        signal.signal(number, stop)
    signal.alarm(PREPARATION_SECONDS + 8 * arguments.seconds)
    with tempfile.TemporaryDirectory(prefix="radio-peers-") as folder, Programs(Path(folder)) as programs:
        measurement = Measurement(arguments, programs)
        with measurement.reported():
            measurement.run()
    if arguments.json:
        settings = {"processors": os.cpu_count(), "seconds": arguments.seconds, "listeners": arguments.listeners}
        print(json.dumps(settings | measurement.tables | {"failures": measurement.failures}, indent=2))
    else:
        measurement.print_tables()
    return 1 if measurement.failures else 0


if __name__ == "__main__":
    sys.exit(main())
