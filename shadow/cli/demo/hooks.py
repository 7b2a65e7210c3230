"""The two hooks of the story: the bundled profile hook as it is, and a newer one with a bug that can be mended."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import msgspec
import uvicorn

from shadow.cli.demo.scenery import FORGOTTEN, FORGOTTEN_IN, NEW_TAG, OLD_TAG
from shadow.profile.hook import LISTS, Sync, answer
from shadow.profile.server import create_app, listen
from shadow.profile.settings import from_environment
from shadow.protocol.objects import Json
from shadow.terms import Protocol

_SETTINGS = {
    "KFP_VERSION": OLD_TAG,
    "MINIO_ACCESS_KEY": "fake-minio",
    "MINIO_SECRET_KEY": "fake-minio-secret",
    # With a sidecar the hook asks for an empty map that the API server drops: a write without effect at every sync.
    "DISABLE_ISTIO_SIDECAR": "true",
}


def environment_of_old(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For the process of the old hook."""
    return {**base, **_SETTINGS}


class NewHook:
    """The newer hook: another image on purpose, and until it is mended one Service less in one namespace."""

    def __init__(self) -> None:
        self.mended = False
        self.calls = 0
        self._settings = from_environment({**_SETTINGS, "VISUALIZATION_SERVER_TAG": NEW_TAG})

    def respond(self, protocol: Protocol, call: Sync, _role: str = "") -> bytes:
        """An answer of the bundled hook, with the bug; whatever the call is for."""
        self.calls += 1
        said = answer(protocol, call, self._settings)
        return said if self.mended else _forgetful(protocol, said)


def _forgetful(protocol: Protocol, said: bytes) -> bytes:
    decoded: Json = msgspec.json.decode(said)
    key = LISTS[protocol]
    decoded[key] = [item for item in decoded[key] if not _is_forgotten(item)]
    return msgspec.json.encode(decoded)


def _is_forgotten(item: Json) -> bool:
    metadata = item["metadata"]
    return (item["kind"], metadata["namespace"], metadata["name"]) == ("Service", FORGOTTEN_IN, FORGOTTEN)


@contextmanager
def serving(hook: NewHook) -> Iterator[str]:
    """Serve it in a thread of this process; gives its URL."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        create_app(partial(NewHook.respond, hook)), log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="new-hook")
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
