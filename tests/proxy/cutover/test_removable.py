from typing import Any

import pytest

from shadow.config.migration import Migration
from shadow.proxy.cutover.convergence import Convergence
from shadow.proxy.cutover.removable import removable
from tests.proxy.migrations.test_fronts import front

MET = Convergence(3, frozenset())
COMPLETE: dict[str, Any] = {
    "stage": "complete",
    "old": {"protocol": "composite", "url": "http://old", "sync": "/sync"},
    "new": {"protocol": "decorator", "url": "http://new", "sync": "/sync"},
}


def reasons(brake_on: bool | None = False, convergence: Convergence = MET, seen: bool = True, **changed: Any) -> str:
    values = {key: value for key, value in changed.items() if key != "new"}
    new = COMPLETE["new"] | changed.get("new", {})
    settings = Migration.model_validate(COMPLETE | values | {"new": new})
    found = removable(settings, brake_on, convergence, front() if seen else None)
    assert found.removable is (not found.reasons)
    return "; ".join(found.reasons)


def test_when_everybody_is_answered_by_new_and_nothing_is_altered_both_may_go():
    assert reasons() == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"stage": "live"}, "the stage is live"),
        ({"brake_on": True}, "the brake is on"),
        ({"brake_on": None}, "the brake is unknown"),
        ({"convergence": Convergence(3, frozenset("a"))}, "1 of 3 parents"),
        ({"convergence": Convergence(0, frozenset())}, "no parent has called"),
        ({"seen": False}, "no controller has called"),
        ({"new": {"protocol": "composite"}}, "the controller in front speaks decorator, new composite"),
        ({"new": {"hook_version": "v2"}}, "the proxy translates sync: v1 in front, v2 at new"),
        ({"new": {"headers": {"x-team": "a"}}}, "headers that only the proxy knows"),
        ({"new": {"controller_file": "/controller.json"}}, "another controller object"),
        ({"ownership": {"decorator": "d"}}, "ownership marks"),
        ({"status": "drop"}, "status"),
        ({"resync": {"after": "1m"}}, "an earlier sync"),
    ],
    ids=str,
)
def test_what_still_needs_them_is_a_reason(changed: dict[str, Any], told: str):
    assert told in reasons(**changed)
