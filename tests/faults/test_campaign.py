"""The faults that say most, shortly, over one running proxy; `make faults` has all of them, for longer."""

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.campaign import Fault, struck
from tests.faults.catalogue import FAULTS
from tests.faults.scene import Scene, scene

SECONDS = 0.6
SHORT = (
    "an implementation hangs",
    "resets amid its answer",
    "closes idle connections",
    "kill -9 of the compare process",
    "kill -9 of the proxy",
    "the disk is full",
)
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(sys.platform != "linux", reason="limits another process with prlimit and reads /proc"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("faults"), seed=1) as running:
        yield running


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.name in SHORT], ids=lambda fault: fault.name)
async def test_no_call_gets_a_wrong_answer_and_each_is_counted(one_scene: Scene, fault: Fault):
    outcome = await struck(one_scene, fault, SECONDS)
    assert outcome.figures.answered > 0
    outcome.check()
