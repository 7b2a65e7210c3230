"""For authors of hooks: a pytest fixture that asserts that two hooks agree on given requests, with the report if not.

    pytest_plugins = ["shadow.testing"]

    def test_the_new_hook_agrees(hooks_agree):
        hooks_agree(old=Hook(old.sync, "composite"), new=Hook(new.sync, "decorator"), requests=[...])

PYTEST_DONT_REWRITE: tests import this before it is a plugin, and there is no assert statement in here.
"""

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from shadow.compare.comparison import compare
from shadow.compare.model import Candidate, Comparison, Pair
from shadow.config.rules import Compare
from shadow.protocol.adapt import adapt_answer
from shadow.protocol.dialect import Alterations, Dialect
from shadow.protocol.messages import Request, read_request
from shadow.protocol.objects import Json
from shadow.protocol.shown import adapt_request
from shadow.redact import Redactor
from shadow.report import words
from shadow.report.build import build
from shadow.report.entries import advice, idle_rules
from shadow.report.judge import judge
from shadow.report.lines import diff
from shadow.report.model import Report
from shadow.report.view import MigrationView
from shadow.store.base import Asked, Call, Counters, Flush
from shadow.store.open import open_store
from shadow.terms import Hook as HookName
from shadow.terms import HookVersion, Outcome, Protocol, Side, Stage

Answering = Callable[[Json], Json]
"""A hook as a function: the request in its own protocol, the answer out; what it raises counts as a failure."""

Given = Json | bytes | Path
"""A request as Metacontroller sends it; a file may hold one, or a recording with a `request` in it."""

_NAME = "hooks"
_TIMEOUT_SECONDS = 30.0
_BUDGET_SECONDS = 60.0
_MOST_LINES = 12


@dataclass(frozen=True, slots=True)
class Hook:
    """One of the two: a function, or the URL of a hook that runs somewhere, and what it speaks."""

    answer: Answering | str
    protocol: str = "composite"
    version: str = "v1"

    @property
    def dialect(self) -> Dialect:
        return Dialect(Protocol(self.protocol), HookVersion(self.version))

    def ask(self, body: bytes) -> Candidate:
        """Its answer, or how it failed: `raised-ValueError`, `status-500`, `unreachable`."""
        if callable(self.answer):
            try:
                return Candidate(json.dumps(self.answer(json.loads(body))).encode(), 200)
            except Exception as exc:  # noqa: BLE001 - whatever a hook does is what is being tested
                return Candidate(None, failure=f"raised-{type(exc).__name__}: {exc}")
        try:
            headers = {"content-type": "application/json", "x-shadow-role": "replay"}
            response = httpx.post(self.answer, content=body, headers=headers, timeout=_TIMEOUT_SECONDS)
        except httpx.HTTPError as exc:
            return Candidate(None, failure=f"unreachable: {exc}")
        if response.status_code != httpx.codes.OK:
            return Candidate(None, response.status_code, f"status-{response.status_code}")
        return Candidate(response.content, response.status_code)


class HooksAgree:
    """Asserts that two hooks want the same of the cluster; the value of the fixture `hooks_agree`."""

    def __call__(
        self,
        old: Hook,
        new: Hook,
        requests: Iterable[Given],
        *,
        ignore: Sequence[Mapping[str, Any]] = (),
        expect: Sequence[Mapping[str, Any]] = (),
        normalize: Mapping[str, bool] | None = None,
        apply: str = "dynamic",
        alterations: Alterations | None = None,
    ) -> Report:
        """Ask both and compare.

        Args:
            requests: in the protocol of the controller that is in front.
            ignore, expect, normalize: as in `compare` of the configuration.
            apply: `dynamic` or `server-side`.
            alterations: what the proxy would change in the answers, such as `Alterations(status="drop")`.

        Returns:
            The report, in which everything that rules explain still stands.

        Raises:
            AssertionError: with the report, where something differs that no rule explains, a hook failed, or nothing
                was compared at all.
        """
        __tracebackhide__ = True
        rules = Compare.model_validate({"ignore": ignore, "expect": expect, "normalize": normalize or {}})
        judged = judge(rules, time.time())
        redactor = Redactor(os.urandom(16))
        altered = alterations or Alterations()
        calls = [
            _call(pair, compare(pair, judged.rules, redactor, _BUDGET_SECONDS))
            for pair in _pairs(old, new, requests, apply, altered)
        ]
        report = _reported(calls, rules)
        failures = report.totals.comparisons.failed + report.totals.dropped
        if report.differs or failures or not report.conclusive:
            raise AssertionError("\n".join(_disagreement(report)))
        return report


@pytest.fixture
def hooks_agree() -> HooksAgree:
    """Asserts that two hooks agree; see `HooksAgree.__call__`."""
    return HooksAgree()


def _pairs(old: Hook, new: Hook, requests: Iterable[Given], apply: str, alterations: Alterations) -> Iterator[Pair]:
    for number, given in enumerate(requests, start=1):
        request = _request(given)
        yield Pair(
            id=f"request-{number}",
            migration=_NAME,
            hook=request.hook,
            front=request.front,
            request=request.body,
            parent=request.parent,
            old=_candidate(request, old, alterations),
            new=_candidate(request, new, alterations),
            apply=apply,
        )


def _request(given: Given) -> Request:
    content = given.read_bytes() if isinstance(given, Path) else given
    value = json.loads(content) if isinstance(content, bytes) else content
    value = value.get("request", value)
    return read_request(json.dumps(value).encode(), HookName.FINALIZE if value.get("finalizing") else HookName.SYNC)


def _candidate(request: Request, hook: Hook, alterations: Alterations) -> Candidate:
    """What the front would be given of this hook."""
    front_version = request.caller.version(request.hook)
    answered = hook.ask(adapt_request(request, hook.dialect, front_version).body)
    if answered.body is None:
        return answered
    adapted = adapt_answer(request, answered.body, hook.dialect, front_version, alterations)
    if adapted.refusal is not None:
        return Candidate(None, answered.status, f"refused:{adapted.refusal.code}")
    if adapted.rejected is not None:
        return Candidate(None, answered.status, f"rejected: {adapted.rejected}")
    return Candidate(adapted.body, answered.status)


def _call(pair: Pair, comparison: Comparison) -> Call:
    return Call(
        id=pair.id,
        migration=_NAME,
        at=time.time(),
        hook=pair.hook,
        front=pair.front,
        parent=pair.parent,
        primary=Side.OLD,
        served=None,
        status=200,
        old=_asked(pair.old),
        new=_asked(pair.new),
        evidence_digest=_NAME,
        comparison=comparison,
        outcome=comparison.outcome,
        reason=comparison.reason,
    )


def _asked(candidate: Candidate) -> Asked:
    return Asked("failed" if candidate.failure else "answered", candidate.status, error=candidate.failure)


def _disagreement(report: Report) -> Iterator[str]:
    """What the author of a hook wants to know: where they differ, what that would do, and in which request."""
    totals, outcomes = report.totals, report.totals.comparisons
    if not totals.calls:
        yield "the hooks do not agree: there was no request to compare them by"
        return
    asked = words.counted(totals.calls, "request")
    yield f"the hooks do not agree: of {asked} {outcomes.mismatched} with differences, {outcomes.failed} not answered"
    if totals.dropped:
        yield f"{words.counted(totals.dropped, 'pair')} of answers took too long to compare"
    for line in report.failures:
        yield f"\n{line.implementation} gave no valid answer {words.counted(line.count, 'time')}: {line.reason}"
    for number, difference in enumerate(report.unexplained, start=1):
        yield f"\n{number}. {words.consequence(difference)}"
        yield f"   {words.printable(difference.path) or 'the whole object'}: {words.change_note(difference)}"
        yield from (f"   {shown}" for shown in diff(difference, _MOST_LINES))
        example = difference.example
        yield f"   in {words.counted(difference.count, 'request')}, such as {example.comparison} of {example.parent}"
    for title, lines in (("advice", map(advice, report.advice)), ("rules that explain nothing", idle_rules(report))):
        yield from (f"\n{title}: {line}" for line in lines)


def _reported(calls: Sequence[Call], rules: Compare) -> Report:
    now = time.time()
    judged = judge(rules, now)
    view = MigrationView(_NAME, Stage.SHADOW, 0.0, None, "", _NAME, judged, judged.rules)
    outcomes = Counter(call.outcome for call in calls)
    counters = Counters(
        calls=len(calls),
        matched=outcomes[Outcome.MATCHED],
        ignored=outcomes[Outcome.IGNORED],
        mismatched=outcomes[Outcome.MISMATCHED],
        failed=outcomes[Outcome.FAILED],
        dropped=outcomes[Outcome.DROPPED],
    )
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(f"sqlite:///{directory}/shadow.db")
        store.open(now)
        try:
            store.flush(Flush("testing", now, {_NAME: counters}, calls))
            return build(store, view, None, None, now)
        finally:
            store.close()
