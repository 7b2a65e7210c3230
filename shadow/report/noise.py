"""Noise as a report shows it, with the rule that would account for it. Proposed, never applied."""

from collections.abc import Iterable

from shadow.protocol.objects import Identity
from shadow.report.model import NoiseLine, Proposal
from shadow.store.base import NoiseCount

_LITERAL = ("<namespace>", "<name>", "<uid>")
"""What stands for a parent's own words in a path; no field is called so, so a rule has a `*` there."""


def noise_lines(counts: Iterable[NoiseCount]) -> tuple[NoiseLine, ...]:
    """Most frequent first."""
    ordered = sorted(counts, key=lambda count: (-count.differs, count.implementation, str(count.object), count.path))
    return tuple(map(_line, ordered))


def _line(count: NoiseCount) -> NoiseLine:
    return NoiseLine(
        path=count.path,
        object=count.object,
        implementation=count.implementation,
        differs=count.differs,
        of=count.of,
        example=(count.one, count.other),
        proposal=_proposal(count),
    )


def _proposal(count: NoiseCount) -> Proposal | None:
    if not count.path or any(word in count.path for word in _LITERAL):
        return None
    because = f"{count.implementation} differs from itself here ({count.differs} of {count.of} times)"
    return Proposal(count.path, because, None if count.object is None else _kind(count.object))


def _kind(identity: Identity) -> str:
    return f"{identity.kind}.{identity.group}/*" if identity.group else f"{identity.kind}/*"
