"""Says in words each entry of the lists that a report has beside its differences. Plain text, like `words`."""

import json

import msgspec

from shadow.report.model import AdviceLine, FailureLine, HeldLine, NoiseLine, Report, RuleLine, RuleState
from shadow.report.words import counted, object_name, printable, second


def failure(line: FailureLine) -> str:
    """`new gave no valid answer to sync 12 times: timeout`."""
    return (
        f"{line.implementation} gave no valid answer to {line.hook} {counted(line.count, 'time')}: "
        f"{printable(line.reason)}"
    )


def held(line: HeldLine) -> str:
    """`team-a: new would delete Service team-a/ui; held 12 times, last ...`."""
    would = ", ".join(f"{each.effect} {object_name(each.object)}" for each in line.objects)
    times = f"held {counted(line.count, 'time')}, last {second(line.last_seen)}"
    return f"{printable(str(line.parent))}: new would {would}; {times}"


def advice(line: AdviceLine) -> str:
    """`stringdata (new, Secret <namespace>/mlpipeline), 12 times: ...`."""
    who = line.implementation or "old and new"
    about = ", ".join(part for part in (who, line.object and object_name(line.object)) if part)
    return f"{printable(line.code)} ({about}), {counted(line.count, 'time')}: {printable(line.message)}"


_RULES = {
    RuleState.EXPIRED: "has expired on {rule.until}: it explains nothing any more, {present} still like that",
    RuleState.UNMATCHED: "matches nothing so far",
    RuleState.GONE: "no longer happens, it did in {matched}",
}


def idle_rules(report: Report) -> list[str]:
    """The rules that explain nothing at present: `expect Deployment.apps/* removed (dropped upstream): ...`."""
    return [_idle_rule(rule) for rule in report.rules if rule.state in _RULES]


def _idle_rule(rule: RuleLine) -> str:
    about = " ".join(part for part in (rule.object, rule.path, rule.change, rule.effect, *rule.parents) if part)
    owner = f", {rule.owner}" if rule.owner else ""
    present, matched = counted(rule.present_parents, "parent"), counted(rule.matched_parents, "parent")
    state = _RULES[rule.state].format(rule=rule, present=f"{present} {_are(rule.present_parents)}", matched=matched)
    return printable(f"{rule.verb} {about} ({rule.because}{owner}): {state}")


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def taken(report: Report) -> list[str]:
    """`team-a: new would create Service team-a/ui in vain: Gadget other has it`."""
    lines = () if isinstance(report.taken, msgspec.UnsetType) else report.taken
    return [
        printable(
            f"{line.parent}: {' and '.join(line.sides)} would create {object_name(line.object)} in vain: "
            f"{line.owner} has it"
        )
        for line in lines
    ]


def noise(line: NoiseLine) -> str:
    """`new differs from itself 3 of 20 times in Secret * data.key; ignore it with ...`."""
    about = "the parent" if line.object is None else line.object.kind
    where = f"{about} {line.path}" if line.path else f"whether {about} is wanted"
    said = f"{line.implementation} differs from itself {line.differs} of {counted(line.of, 'time')} in {where}"
    rule = line.proposal
    if rule is None:
        return printable(said)
    keys = {"object": rule.object, "path": rule.path, "because": rule.because}
    text = json.dumps({key: text for key, text in keys.items() if text}, ensure_ascii=False)
    return printable(f"{said}; a rule for it: {text}")
