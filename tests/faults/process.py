"""A real `shadow serve` in a process of its own, what it may use, and what it does use."""

import asyncio
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0


class Served:
    """Started, killed and started again over the same directory."""

    def __init__(self, directory: Path, control: str) -> None:
        self._directory = directory
        self._control = control
        self._process: asyncio.subprocess.Process | None = None
        self.log = directory / "log"
        self._injected = directory / "faults.json"
        self.inject()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    def inject(self, clock: float = 0.0, store: float = 0.0, names: dict[str, str | None] | None = None) -> None:
        """See `tests.faults.launcher`. Nothing given: nothing is injected."""
        names = {"implementations.test": "127.0.0.1"} if names is None else names
        fresh = self._injected.with_suffix(".new")
        fresh.write_text(json.dumps({"clock": clock, "store": store, "names": names}))
        fresh.rename(self._injected)

    async def start(self) -> None:
        """Returns once calls are served."""
        await self.launch()
        async with httpx.AsyncClient() as client:
            deadline = asyncio.get_running_loop().time() + START_SECONDS
            while asyncio.get_running_loop().time() < deadline and not self.ended:
                try:
                    if (await client.get(f"{self._control}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.03)
        raise AssertionError(f"shadow serve does not serve: {self.said()[-2000:]}")

    async def launch(self, most_bytes: int | None = None) -> None:
        """`most_bytes`: that any file of it may have from the start; None: no limit."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(
                    sys.executable,
                    "-m",
                    "tests.faults.launcher",
                    "serve",
                    "--config",
                    str(self._directory / "shadow.yaml"),
                ),
                cwd=ROOT,
                env={**os.environ, "FAULTS": str(self._injected)},
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        if most_bytes is not None:
            self.limit(resource.RLIMIT_FSIZE, most_bytes)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    async def kill(self) -> None:
        assert self._process is not None
        if not self.ended:
            self._process.kill()
        await self._process.wait()

    async def terminate(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self._process is not None
        self._process.terminate()
        return await self._process.wait()

    def worker(self) -> int | None:
        """The id of the compare process."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def limit(self, kind: int, soft: int | None) -> None:
        """From now on it may use so much; None: as much as at first."""
        hard = resource.prlimit(self.pid, kind)[1]
        resource.prlimit(self.pid, kind, (hard if soft is None else soft, hard))

    def usage(self) -> dict[str, int]:
        """Memory in bytes, descriptors, threads and tasks; of the proxy unless they are called the worker's."""
        status, worker = _status(self.pid), self.worker()
        return {
            "memory": int(status["VmRSS"].split()[0]) * 1024,
            "worker_memory": int(_status(worker)["VmRSS"].split()[0]) * 1024 if worker else 0,
            "address_space": int(status["VmSize"].split()[0]) * 1024,
            "descriptors": len(list(Path(f"/proc/{self.pid}/fd").iterdir())),
            "threads": int(status["Threads"]),
            "tasks": int(self._injected.with_suffix(".tasks").read_text()),
        }


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


async def get(url: str, seconds: float = 20.0) -> Any:
    async with httpx.AsyncClient(timeout=seconds) as client:
        return (await client.get(url)).raise_for_status().json()
