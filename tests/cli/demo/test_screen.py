"""What is shown of a difference and of writes."""

import io
from typing import Any

import pytest
from rich.console import Console

from shadow.cli.demo.screen import Screen, Seen
from shadow.simulate import Write


def shown(tell: Any) -> str:
    out = io.StringIO()
    tell(Screen(Console(file=out, width=100)))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def difference(**changes: Any) -> dict[str, Any]:
    return {
        "object": {"kind": "Deployment", "name": "[x]"},
        "path": "spec.containers[name=main].image",
        "change": "changed",
        "effects": {"old": "none", "new": "update"},
        "example": {"old": "registry.invalid/long/server:1", "new": "b", "parent": "team-a"},
        "parents": 3,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "calls", "lines"),
    [
        pytest.param(
            {},
            2,
            ["Deployment/[x]: image, in 2 calls", "old: …long/server:1 if served: none", "new: b if served: update"],
            id="changed",
        ),
        pytest.param(
            {"change": "removed", "path": "", "parents": 1, "example": {"old": {}, "new": None, "parent": "team-a"}},
            1,
            ["Deployment/[x]: the whole object, in 1 call (team-a)", "old: there is one", "new: nothing"],
            id="removed",
        ),
        pytest.param({"object": None, "path": "parent.labels.a"}, 1, ["the parent: a, in 1 call"], id="parent"),
    ],
)
def test_a_difference_is_told_with_its_effects(changes: dict[str, Any], calls: int, lines: list[str]) -> None:
    text = shown(lambda screen: screen.differences([Seen(difference(**changes), calls)]))
    squeezed = " ".join(text.split())
    for line in lines:
        assert line in squeezed


def test_few_writes_are_listed_and_many_are_counted() -> None:
    write = Write("update", "apps/v1", "Deployment", "ns", "d", 200, "me")
    assert "update Deployment ns/d 200" in shown(lambda screen: screen.happened([write]))
    many = shown(lambda screen: screen.happened([write] * 20))
    assert "20 writes: 20 x update Deployment" in many
    assert "ns/d" not in many
    assert "nothing was written" in shown(lambda screen: screen.happened([]))
