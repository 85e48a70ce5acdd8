"""Many listeners in one process, and a copy of a station's files in a folder."""

import asyncio
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

# The time in which a response has to be complete.
FETCH_SECONDS = 10.0
# The time after which a playlist without a new segment is fetched again.
AGAIN_SECONDS = 1.0
MIRROR_SECONDS = 0.5
# The time in which all listeners of an endless file connect.
CONNECT_SECONDS = 6.0
ERRORS_KEPT = 3
FETCH_ERRORS = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValueError)


@dataclass
class Load:
    """What all listeners together have seen."""

    listener_seconds: float = 0.0
    received_bytes: int = 0
    segments: int = 0
    late: int = 0
    errors: int = 0
    dropped: int = 0
    longest_gap: float = 0.0
    # The seconds for a playlist and its newest segment.
    fetches: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def failed(self, error: Exception) -> None:
        self.errors += 1
        if len(self.messages) < ERRORS_KEPT:
            self.messages.append(f"{type(error).__name__}: {error}")

    def fetch_milliseconds(self, share: float) -> float:
        """The time in which this share of fetches was done."""
        ordered = sorted(self.fetches)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3 if ordered else float("nan")


class Connection:
    """A connection that is kept open between requests."""

    def __init__(self, port: int):
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> bytes:
        """A response with a length."""
        async with asyncio.timeout(FETCH_SECONDS):
            reader, head = await self._request(path)
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            if length is None:
                raise ValueError(f"{path}: no length")
            return await reader.readexactly(int(length[1]))

    async def open_file(self, path: str) -> asyncio.StreamReader:
        """The body of a response without a length."""
        async with asyncio.timeout(FETCH_SECONDS):
            return (await self._request(path))[0]

    async def _request(self, path: str) -> tuple[asyncio.StreamReader, bytes]:
        """Requests a file, and returns the head of the response."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        reader, writer = self.streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        status = head.split(b"\r\n", 1)[0]
        if status.split(b" ")[1:2] != [b"200"]:
            raise ValueError(f"{path}: {status.decode(errors='replace')}")
        return reader, head

    def close(self) -> None:
        if self.streams is not None:
            self.streams[1].transport.abort()
            self.streams = None


def read_playlist(text: str) -> tuple[list[str], float]:
    """The paths of the segments, and the target duration."""
    target = re.search(r"^#EXT-X-TARGETDURATION:(\d+)", text, re.MULTILINE)
    paths = [line for line in text.splitlines() if line and not line.startswith("#")]
    if target is None or not paths:
        raise ValueError("the playlist has no segments")
    return paths, float(target[1])


async def hls_listener(load: Load, port: int, start: float, end: float) -> None:
    """Fetches the playlist and then its newest segment, once in a target duration."""
    now = asyncio.get_running_loop().time
    connection = Connection(port)
    newest, fetched = "", None
    await asyncio.sleep(start - now())
    while now() < end:
        began = now()
        try:
            paths, target = read_playlist((await connection.get("/stream.m3u8")).decode())
            wait = AGAIN_SECONDS
            if paths[-1] != newest:
                load.received_bytes += len(await connection.get(f"/{paths[-1]}"))
                load.segments += 1
                load.fetches.append(now() - began)
                if fetched is not None and now() - fetched > 1.5 * target:
                    load.late += 1
                newest, fetched, wait = paths[-1], now(), target
        except FETCH_ERRORS as error:
            load.failed(error)
            connection.close()
            wait = AGAIN_SECONDS
        await asyncio.sleep(min(began + wait, end) - now())
    load.listener_seconds += now() - start
    connection.close()


async def file_listener(load: Load, port: int, start: float, end: float) -> None:
    """Reads `/listen.aac` until the end of the measurement."""
    now = asyncio.get_running_loop().time
    await asyncio.sleep(start - now())
    connection = Connection(port)
    try:
        reader = await connection.open_file("/listen.aac")
    except FETCH_ERRORS as error:
        load.failed(error)
        connection.close()
        return
    received = now()
    try:
        async with asyncio.timeout_at(end):
            while part := await reader.read(1 << 16):
                load.received_bytes += len(part)
                load.longest_gap = max(load.longest_gap, now() - received)
                received = now()
        load.dropped += 1
    except TimeoutError:
        load.longest_gap = max(load.longest_gap, now() - received)
    except OSError:
        load.dropped += 1
    load.listener_seconds += now() - start
    connection.close()


async def mirror(port: int, folder: Path) -> None:
    """Copies the playlist and its segments into a folder again and again, so that another server can serve the same files."""
    connection = Connection(port)
    while True:
        try:
            playlist = await connection.get("/stream.m3u8")
            for path in read_playlist(playlist.decode())[0]:
                if not (folder / path).exists():
                    write(folder / path, await connection.get(f"/{path}"))
            write(folder / "stream.m3u8", playlist)
        except FETCH_ERRORS:
            # A copy that is too old shows as late segments.
            connection.close()
        await asyncio.sleep(MIRROR_SECONDS)


def write(path: Path, content: bytes) -> None:
    """The file appears with all its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(content)
    os.replace(temporary, path)


async def listen(listener, port: int, listeners: int, seconds: float, mirrored: tuple[int, Path] | None = None) -> Load:
    """Runs this many listeners for this time. They begin one after the other within six seconds. `mirrored` is copied meanwhile."""
    load = Load()
    copy = None
    if mirrored is not None:
        copy = asyncio.create_task(mirror(*mirrored))
        async with asyncio.timeout(FETCH_SECONDS):
            while not (mirrored[1] / "stream.m3u8").exists():
                await asyncio.sleep(0.1)
    begin = asyncio.get_running_loop().time()
    starts = [begin + CONNECT_SECONDS * number / listeners for number in range(listeners)]
    async with asyncio.timeout(seconds + 2 * FETCH_SECONDS):
        await asyncio.gather(*(listener(load, port, start, begin + seconds) for start in starts))
    if copy is not None:
        copy.cancel()
    return load
