"""What was compared is not compared again: exactly where nothing that a comparison looks at has changed."""

import asyncio
from typing import Any

import msgspec
import pytest

from shadow.compare.model import Candidate, Comparison, Foresight, Pair, Predicted
from shadow.compare.predictions import PATIENCE_SECONDS
from shadow.protocol.draft import Note
from shadow.protocol.objects import Identity, ParentRef
from shadow.terms import Effect, Hook, Outcome, Protocol, Side
from shadow.worker.reuse import Reuse, key_of

ANSWER = Candidate(b'{"children":[]}', 200)
PARENT = ParentRef("v1", "Namespace", "", "a", "1")
PAIR = Pair("a", "kfp", Hook.SYNC, Protocol.COMPOSITE, b"{}", PARENT, ANSWER, ANSWER)
WRITE = Predicted(Identity("v1", "Secret", "a", "b"), Effect.CREATE)
FORESIGHT = Foresight("DecoratorController/p", "a", 0.0, Side.OLD)
DAY = 86_400.0

CHANGED: dict[str, Any] = {
    "migration": "other",
    "hook": Hook.FINALIZE,
    "front": Protocol.DECORATOR,
    "request": b"{ }",
    "parent": ParentRef("v1", "Namespace", "", "a", "2"),
    "old": msgspec.structs.replace(ANSWER, body=b"{}"),
    "new": msgspec.structs.replace(ANSWER, body=None, failure="timeout"),
    "apply": "server-side",
    "rules_digest": "x",
    "caller": "DecoratorController/q",
    "served": Side.NEW,
    "strict": True,
    "old_again": ANSWER,
    "new_again": ANSWER,
}
OF_EACH_CALL = {"keep_bodies", "id", "at", "previous", "foresight"}


class Desk:
    """A compare process that answers when told, and whoever hears of it."""

    def __init__(self, most_bytes: int = 1 << 20) -> None:
        self.asked: list[Pair] = []
        self.results: list[Comparison] = []
        self.lost: list[str] = []
        self.now = 0.0
        self.room = True
        self.reuse = Reuse(self.results.append, lambda ids, reason: self.lost.extend(ids), lambda: self.now, most_bytes)
        self.reuse.comparer = self

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.asked]

    def submit(self, pair: Pair) -> bool:
        if self.room:
            self.asked.append(pair)
        return self.room

    def answer(self, id: str, outcome: Outcome = Outcome.MATCHED, **fields: Any) -> None:
        self.reuse.compared(Comparison(id, outcome, None, "steady", (), (), (), (), cpu_seconds=1.0, **fields))

    def take(self, id: str, **changes: Any) -> bool:
        return self.reuse.submit(msgspec.structs.replace(PAIR, id=id, **{"at": self.now} | changes))


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_an_equal_pair_has_the_result_of_the_first_under_its_own_id(desk: Desk) -> None:
    assert desk.take("a")
    desk.answer("a", confirmed=2)
    desk.now = 0.5
    assert desk.take("b", old=msgspec.structs.replace(ANSWER, seconds=9.0))
    assert [each.id for each in desk.results] == ["a"], "not before the caller has gone on"
    await asyncio.sleep(0)
    assert [(each.id, each.outcome, each.cpu_seconds, each.confirmed) for each in desk.results] == [
        ("a", Outcome.MATCHED, 1.0, 2),
        ("b", Outcome.MATCHED, 0.0, 0),
    ]
    assert desk.ids == ["a"]


async def test_the_latest_pair_again_is_counted_without_a_look_at_it_while_its_result_holds(desk: Desk) -> None:
    key = key_of("kfp", Hook.SYNC, PARENT)
    assert not desk.reuse.again(key, "a", 0.0), "of a parent that was never compared"
    desk.take("a")
    assert not desk.reuse.again(key, "b", 0.0), "whose result is not in"
    desk.answer("a", foresight=msgspec.structs.replace(FORESIGHT, writes=(WRITE,)))
    assert desk.reuse.again(key, "b", 0.5)
    assert not desk.reuse.again(key_of("kfp", Hook.CUSTOMIZE, PARENT), "c", 0.5)
    assert not desk.reuse.again(key, "c", PATIENCE_SECONDS), "by now it could show what was foreseen"
    desk.now = DAY
    assert not desk.reuse.again(key, "c", 0.5), "a rule may have ended"
    desk.take("d", previous="b", at=DAY)
    assert desk.asked[-1].previous == "a", "the process knows the first of the calls that were alike"


async def test_the_latest_pair_is_looked_at_once_a_minute(desk: Desk) -> None:
    desk.take("a")
    desk.answer("a")
    key = key_of("kfp", Hook.SYNC, PARENT)
    assert [desk.reuse.again(key, "b", at) for at in (59.0, 60.0)] == [True, False]
    desk.take("c", at=60.0)
    await asyncio.sleep(0)
    assert desk.results[-1].repeated == 1


@pytest.mark.parametrize("field", [name for name in Pair.__struct_fields__ if name not in OF_EACH_CALL])
async def test_whatever_else_differs_is_compared(desk: Desk, field: str) -> None:
    desk.take("a")
    desk.answer("a")
    desk.take("b", **{field: CHANGED[field]})
    assert desk.ids == ["a", "b"]


@pytest.mark.parametrize(
    "change",
    [
        {"status": 204},
        {"failure": "timeout"},
        {"body": b'{"children":[] }'},
        {"body": None},
        {"notes": (Note("status-kept", ""),)},
    ],
    ids=str,
)
@pytest.mark.parametrize("side", ["old", "new"])
async def test_an_answer_that_differs_is_compared(desk: Desk, side: str, change: dict[str, Any]) -> None:
    desk.take("a")
    desk.answer("a")
    desk.take("b", **{side: msgspec.structs.replace(ANSWER, **change)})
    assert desk.ids == ["a", "b"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, ["a"]),
        ({"foresight": FORESIGHT}, ["a"]),
        ({"foresight": msgspec.structs.replace(FORESIGHT, writes=(WRITE,))}, ["a", "c"]),
        ({"foresight": msgspec.structs.replace(FORESIGHT, unseen=(WRITE.object,))}, ["a", "c"]),
        ({"confirmed": 1}, ["a", "c"]),
        ({"contradicted": 1}, ["a", "c"]),
    ],
    ids=["nothing", "nothing to write", "writes", "unseen", "confirmed", "contradicted"],
)
async def test_what_is_foreseen_is_looked_for_once_it_can_be_seen(
    desk: Desk, found: dict[str, Any], expected: list[str]
) -> None:
    desk.take("a")
    desk.answer("a", **found)
    desk.now = 0.9
    desk.take("b", previous="a")
    desk.now = 1.1
    desk.take("c", previous="b")
    assert desk.ids == expected


async def test_the_process_is_told_of_the_call_that_it_knows(desk: Desk) -> None:
    desk.take("a")
    desk.answer("a", foresight=msgspec.structs.replace(FORESIGHT, writes=(WRITE,)))
    desk.take("b", previous="a")
    desk.take("c", previous="b")
    desk.take("d", previous="c", request=b"another")
    desk.take("e", previous="x", request=b"a third")
    assert [(each.id, each.previous) for each in desk.asked] == [("a", None), ("d", "a"), ("e", "x")]


async def test_the_answers_of_those_that_agree_are_asked_for_once(desk: Desk) -> None:
    desk.take("a")
    desk.answer("a")
    for id, keep in (("b", False), ("c", True), ("d", False), ("e", True), ("f", False)):
        desk.take(id, keep_bodies=keep)
        if id == "c":
            desk.answer("c", old_answer=b"{}", new_answer=b"{}")
        await asyncio.sleep(0)
    assert desk.ids == ["a", "c"]
    assert {each.id for each in desk.results if each.old_answer is not None} == {"c", "e"}


async def test_a_pair_between_two_equal_ones_counts(desk: Desk) -> None:
    for id, request in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        desk.take(id, request=request)
        desk.answer(id)
    assert desk.ids == ["a", "b", "c"]


async def test_a_late_result_is_not_taken_for_that_of_another_pair(desk: Desk) -> None:
    desk.take("a", request=b"1")
    desk.take("b", request=b"2")
    desk.answer("a", Outcome.MISMATCHED)
    desk.answer("b")
    desk.take("c", request=b"2")
    await asyncio.sleep(0)
    assert [each.outcome for each in desk.results] == [Outcome.MISMATCHED, Outcome.MATCHED, Outcome.MATCHED]
    assert desk.ids == ["a", "b"]


async def test_on_another_day_a_rule_may_have_ended(desk: Desk) -> None:
    desk.take("a")
    desk.answer("a")
    desk.now = DAY
    desk.take("b")
    assert desk.ids == ["a", "b"]


async def test_equal_pairs_wait_for_the_first_together(desk: Desk) -> None:
    for id in ("a", "b", "c"):
        desk.take(id)
    assert desk.ids == ["a"]
    desk.answer("a")
    assert [each.id for each in desk.results] == ["a", "b", "c"]
    desk.take("d")
    await asyncio.sleep(0)
    assert [each.id for each in desk.results] == ["a", "b", "c", "d"]


async def test_until_the_same_pair_is_compared_once_more_the_former_result_counts(desk: Desk) -> None:
    desk.take("a")
    desk.answer("a", contradicted=1)
    desk.now = 2.0
    desk.take("b")
    desk.take("c")
    await asyncio.sleep(0)
    assert desk.ids == ["a", "b"]
    assert [(each.id, each.repeated) for each in desk.results] == [("a", 0), ("c", 1)]


async def test_a_result_that_comes_late_is_that_of_all_who_wait(desk: Desk) -> None:
    for at, id in ((0.0, "a"), (0.1, "b"), (2.0, "c"), (2.1, "d")):
        desk.now = at
        desk.take(id)
    assert desk.ids == ["a", "c"]
    desk.answer("a")
    assert [each.id for each in desk.results] == ["a", "b", "d"]


async def test_those_that_wait_are_bounded(desk: Desk) -> None:
    desk.reuse = Reuse(desk.results.append, lambda ids, reason: None, lambda: 0.0, most_waiting_bytes=40_000)
    desk.reuse.comparer = desk
    taken = [desk.take(str(number)) for number in range(10)]
    assert taken == [True] * 5 + [False] * 5
    desk.answer("0")
    assert [desk.take("a"), desk.take("b", request=b"other"), desk.take("c", request=b"other")] == [True] * 3
    assert desk.ids == ["0", "b"]


async def test_what_waits_together_is_lost_together(desk: Desk) -> None:
    desk.take("a")
    desk.take("b")
    desk.reuse.lost(["a"], "worker")
    assert desk.lost == ["a", "b"]
    desk.take("c")
    assert desk.ids == ["a", "c"]


async def test_what_waits_for_long_is_not_waited_for(desk: Desk) -> None:
    desk.take("a")
    desk.now = 1.0
    desk.take("b")
    assert desk.ids == ["a", "b"]


async def test_what_was_dropped_or_lost_is_tried_again(desk: Desk) -> None:
    desk.take("a")
    desk.answer("a", Outcome.DROPPED)
    desk.take("b")
    desk.reuse.lost(["b"], "worker")
    desk.take("c")
    assert desk.ids == ["a", "b", "c"]
    assert desk.lost == ["b"]


async def test_repetitions_are_counted_minute_by_minute(desk: Desk) -> None:
    desk.take("a")
    desk.answer("a")
    desk.take("b")
    desk.take("c")
    desk.now = 60.0
    desk.take("d")
    await asyncio.sleep(0)
    assert [each.repeated for each in desk.results] == [0, 1, 2, 1]


async def test_without_room_nothing_is_taken_nor_remembered(desk: Desk) -> None:
    desk.take("a")
    desk.answer("a")
    desk.room = False
    assert not desk.take("b", request=b"other")
    desk.room = True
    desk.take("c")
    assert desk.ids == ["a", "c"]


async def test_parents_not_heard_of_for_the_longest_time_are_forgotten_first() -> None:
    desk = Desk(most_bytes=3000)
    for id in ("a", "b", "c", "a2", "c2"):
        desk.take(id, parent=msgspec.structs.replace(PARENT, uid=id[0]))
        desk.answer(id)
    assert desk.ids == ["a", "b", "c", "a2"]
