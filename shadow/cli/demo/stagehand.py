"""What happens behind the scene: everything is started and ended here, and each chapter's syncs are run and told."""

import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from shadow.cli.demo.hooks import NewHook, environment_of_old, serving
from shadow.cli.demo.proxy import Addresses, Proxy
from shadow.cli.demo.scenery import FORGOTTEN, FORGOTTEN_IN, NAMESPACES, UPDATED, build_cluster
from shadow.cli.demo.screen import Screen, Seen
from shadow.cli.processes import Process, free_port, shadow
from shadow.simulate import Cluster, Write
from shadow.terms import Stage


@dataclass(frozen=True, slots=True)
class Scene:
    """What one chapter's syncs came to."""

    outcomes: dict[str, int]
    served: dict[str, int]
    held: int
    differences: Sequence[Seen]
    writes: Sequence[Write]
    quiet: bool

    @property
    def deletes(self) -> int:
        return sum(write.verb == "delete" for write in self.writes)

    def updated(self) -> list[str]:
        """Namespaces whose visualization server was updated."""
        return sorted(write.namespace for write in self.writes if (write.verb, write.name) == ("update", UPDATED))

    def harmful(self) -> list[str]:
        """A namespace for each difference by which new would take something away."""
        harm = ("delete", "recreate")
        return [line.told["example"]["parent"] for line in self.differences if line.told["effects"]["new"] in harm]


@dataclass(slots=True)
class Stagehand:
    """Everything a chapter needs: the cluster, the proxy, both hooks, and the reader's screen."""

    cluster: Cluster
    proxy: Proxy
    old: Process
    new: NewHook
    screen: Screen

    async def resync(self) -> Scene:
        """Let Metacontroller sync every namespace until nothing changes; tell what was compared and what happened."""
        before, mark = await self.proxy.counted(), self.cluster.mark()
        known = {line["id"]: line["count"] for line in (await self.proxy.report())["differences"]}
        with self.screen.progress(f"Metacontroller syncs {len(NAMESPACES)} namespaces"):
            settled = await self.cluster.settle(max_rounds=5)
            after = await self.proxy.counted()
        writes = [write for write in self.cluster.since(mark) if not write.noop]
        seen = await self._seen_since(known)
        scene = Scene(
            outcomes=_less(after["comparisons"], before["comparisons"])
            | {"dropped": after["dropped"] - before["dropped"]},
            served=_less(after["served"], before["served"]),
            held=after["held"] - before["held"],
            differences=seen,
            writes=writes,
            quiet=settled.quiet,
        )
        self.screen.compared(scene.outcomes, scene.served)
        self.screen.differences(scene.differences)
        self.screen.happened(writes)
        self.screen.claim(scene.quiet, "the cluster came to rest: a second sync changes nothing more")
        return scene

    async def _seen_since(self, known: Mapping[str, int]) -> list[Seen]:
        lines = (await self.proxy.report())["differences"]
        seen = [Seen(line, line["count"] - known.get(line["id"], 0)) for line in lines]
        return [line for line in seen if line.calls]

    def has_forgotten_service(self) -> bool:
        """Whether the Service that new forgets is still in the cluster."""
        services = self.cluster.api.list_all("v1", "Service", FORGOTTEN_IN)
        return any(service["metadata"]["name"] == FORGOTTEN for service in services)

    async def move(self, stage: Stage) -> None:
        seconds = await self.proxy.change(stage=stage)
        self.screen.aside(f"shadow.yaml: stage: {stage}; in force after {seconds:.1f} s, no call lost")


@asynccontextmanager
async def stage_set(screen: Screen, port: int | None) -> AsyncIterator[Stagehand]:
    """Both hooks, the proxy and the cluster, all on loopback; gone afterwards."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shadow-demo-")))
        new, old_port = NewHook(), free_port()
        addresses = Addresses(
            hooks=free_port(),
            control=port or free_port(),
            old=f"http://127.0.0.1:{old_port}",
            new=stack.enter_context(serving(new)),
        )
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=addresses.control_url, trust_env=False))
        proxy = Proxy(addresses, directory, client)
        proxy.write()
        with screen.progress("Starting two hooks and the proxy"):
            old = await stack.enter_async_context(_old_hook(old_port, directory))
            running = await stack.enter_async_context(_proxy(proxy))
            await old.ready(f"{addresses.old}/livez")
            await running.ready(f"{addresses.control_url}/readyz")
        cluster = build_cluster(addresses.sync_url)
        stack.push_async_callback(cluster.webhooks.client.aclose)
        yield Stagehand(cluster, proxy, old, new, screen)


def _old_hook(port: int, directory: Path) -> AbstractAsyncContextManager[Process]:
    listen = ("--listen", f"127.0.0.1:{port}")
    return shadow("the old hook", "profile", *listen, log=directory / "old.log", environment=environment_of_old())


def _proxy(proxy: Proxy) -> AbstractAsyncContextManager[Process]:
    arguments = ("serve", "--config", str(proxy.configuration))
    return shadow("the proxy", *arguments, log=proxy.directory / "proxy.log", environment=os.environ)


def _less(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {key: value - before[key] for key, value in after.items()}
