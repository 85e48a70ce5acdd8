"""Starts what is measured: stations of crowd-radio, ffmpeg and liquidsoap, and nginx."""

import json
import os
import socket
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from programs import Failed, Program, Programs, wait_until

SEGMENT_SECONDS = 6
WINDOW = 8
BIT_RATE = 128_000
SAMPLE_RATE = 48_000
CROSSFADE_SECONDS = 2
SETUP_SECONDS = 1_200.0

AUDIO_SUFFIXES = {".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav"}
MUSIC_FILES = 6
MUSIC_SECONDS = 180


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def make_music(programs: Programs, folder: Path) -> None:
    """Generates files of chords with a beat and noise, all different. The first half are MP3, the others FLAC."""
    folder.mkdir()
    for number in range(MUSIC_FILES):
        root = 110.0 * 2 ** (number * 5 % 12 / 12)
        sides = []
        for side, detune in enumerate((1.0, 1.004)):
            chord = [root * ratio * detune for ratio in (1, 1.26, 1.5, 2.52 + side * 0.48, 4.0 + side)]
            tones = "+".join(f"sin({2 * 3.14159265 * hertz:.3f}*t)" for hertz in chord)
            beat = 0.4 + number * 0.03
            sides.append(f"0.07*({tones})*(0.3+exp(-3*mod(t+{side * 0.1}\\,{beat})))")
        noise = f"anoisesrc=color=pink:amplitude=0.3:sample_rate=44100:duration={MUSIC_SECONDS}:seed="
        graph = (
            f"aevalsrc=exprs='{sides[0]}|{sides[1]}':sample_rate=44100:duration={MUSIC_SECONDS}[tones];"
            f"{noise}{2 * number + 1}[left];{noise}{2 * number + 2}[right];"
            "[left][right]join=inputs=2:channel_layout=stereo,tremolo=f=2:d=0.8[noise];"
            "[tones][noise]amix=inputs=2:normalize=0"
        )
        codec = ["-c:a", "libmp3lame", "-b:a", "192k"] if number < MUSIC_FILES // 2 else ["-c:a", "flac", "-sample_fmt", "s16"]
        name = f"{number + 1}.{'mp3' if number < MUSIC_FILES // 2 else 'flac'}"
        command = ["ffmpeg", "-nostdin", "-v", "error", "-filter_complex", graph, *codec, str(folder / name)]
        programs.run("ffmpeg generating music", command, 300.0)


def setup(programs: Programs, binary: str, music: Path, out: Path, crossfade: int) -> None:
    """Prepares a station of crowd-radio."""
    command = [binary, "setup", "--music", str(music), "--out", str(out), "--crossfade", str(crossfade)]
    command += ["--segment-seconds", str(SEGMENT_SECONDS), "--bit-rate", str(BIT_RATE)]
    command += ["--sample-rate", str(SAMPLE_RATE), "--quiet"]
    programs.run("crowd-radio setup", command, SETUP_SECONDS)


def start_crowd_radio(programs: Programs, name: str, binary: str, station: Path, clients: int) -> tuple[Program, int]:
    """Broadcasts a prepared station, with a new state. Returns the program and its port."""
    # One client may have half of what is free, and all listeners have the same address.
    limit = str(max(4_096, 4 * clients))
    port = free_port()
    command = [binary, "stream", "--processed", str(station), "--state", str(programs.folder / f"state-{port}")]
    command += ["--port", str(port), "--window", str(WINDOW), "--max-connections", limit, "--max-streams", limit]
    program = programs.start(name, command)
    wait_until("no playlist", lambda: is_answered(f"http://127.0.0.1:{port}/stream.m3u8"), program)
    return program, port


def is_answered(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def music_files(music: Path) -> list[Path]:
    files = sorted(path for path in music.rglob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    if not files:
        raise Failed(f"{music} has no music")
    return files


def start_ffmpeg(programs: Programs, music: Path) -> tuple[Program, Path]:
    """ffmpeg encoding the files of the most frequent format: its concat demuxer cannot change the codec."""
    files = music_files(music)
    suffix = Counter(path.suffix for path in files).most_common(1)[0][0]
    folder = programs.folder / "ffmpeg"
    folder.mkdir()
    entries = (str(path.resolve()).replace("'", "'\\''") for path in files if path.suffix == suffix)
    (folder / "list.txt").write_text("".join(f"file '{entry}'\n" for entry in entries))
    playlist = folder / "stream.m3u8"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-f", "concat", "-safe", "0"]
    command += ["-i", str(folder / "list.txt"), "-map", "0:a", "-c:a", "aac", "-b:a", str(BIT_RATE)]
    command += ["-ar", str(SAMPLE_RATE), "-ac", "2", "-f", "hls", "-hls_time", str(SEGMENT_SECONDS)]
    command += ["-hls_list_size", str(WINDOW), "-hls_flags", "delete_segments", str(playlist)]
    program = programs.start(f"ffmpeg, {suffix[1:].upper()} files only", command)
    wait_until("no playlist", playlist.exists, program)
    return program, playlist


def start_liquidsoap(programs: Programs, music: Path) -> tuple[Program, Path]:
    """liquidsoap with a crossfade, encoding AAC into HLS."""
    folder = programs.folder / "liquidsoap"
    folder.mkdir()
    # As root it must not start otherwise.
    root = "settings.init.allow_root.set(true)\n" if os.geteuid() == 0 else ""
    script = folder / "station.liq"
    script.write_text(
        f"""{root}music = playlist(mode="normal", {json.dumps(str(music.resolve()))})
music = mksafe(crossfade(duration={CROSSFADE_SECONDS}., music))
aac = %ffmpeg(format="mpegts", %audio(codec="aac", channels=2, ar={SAMPLE_RATE}, b="{BIT_RATE // 1_000}k"))
output.file.hls(playlist="stream.m3u8", segment_duration={SEGMENT_SECONDS}., segments={WINDOW}, segments_overhead=5,
  {json.dumps(str(folder))}, [("aac", aac)], music)
"""
    )
    program = programs.start("liquidsoap, crossfade", ["liquidsoap", str(script)])
    playlist = folder / "aac.m3u8"
    wait_until("no playlist", playlist.exists, program)
    return program, playlist


def check_fresh(program: Program, playlist: Path) -> None:
    """Raises `Failed` if a program has stopped writing its playlist."""
    program.check()
    age = time.time() - playlist.stat().st_mtime
    if age > 3 * SEGMENT_SECONDS:
        raise Failed(f"{program.name} has not written its playlist for {age:.0f} s")


def start_nginx(programs: Programs, served: Path, clients: int) -> tuple[Program, int]:
    """nginx serving a folder."""
    folder = programs.folder / "nginx"
    folder.mkdir()
    port = free_port()
    connections = 2 * clients + 512
    user = "user root;" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"""{user} daemon off; worker_processes 2; worker_rlimit_nofile {connections + 512}; pid {folder}/pid;
events {{ worker_connections {connections}; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000; {paths}
  types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
  server {{ listen 127.0.0.1:{port}; root {served}; }}
}}
"""
    )
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    program = programs.start("nginx, same files", command)
    wait_until("no connection", lambda: is_open(port), program)
    return program, port


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True
