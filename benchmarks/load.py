"""Callers that call again at once on kept connections, in this process, and how long each call took."""

import asyncio
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Load:
    """Seconds of each call, in order of length, and the calls of each second."""

    seconds: list[float]
    per_second: float

    def percentile(self, share: float) -> float:
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


async def closed_loop(port: int, path: str, body: bytes, callers: int, calls: int) -> Load:
    """
    Raises:
        RuntimeError: an answer was none, or not a 200.
    """
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n".encode()
    message = head + b"content-length: %d\r\n\r\n%b" % (len(body), body)
    started = perf_counter()
    taken = await asyncio.gather(*(_caller(port, message, calls // callers) for _ in range(callers)))
    seconds = sorted(second for each in taken for second in each)
    return Load(seconds, len(seconds) / (perf_counter() - started))


async def _caller(port: int, message: bytes, calls: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 26)
    taken = []
    for _ in range(calls):
        started = perf_counter()
        writer.write(message)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"no 200: {head[:200]!r}")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        taken.append(perf_counter() - started)
    writer.close()
    return taken
