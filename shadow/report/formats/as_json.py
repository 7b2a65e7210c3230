"""The report as JSON (`shadow.report/v1`): written a line at a time, and read back by whoever fetched it."""

from collections.abc import Iterable, Iterator

import msgspec

from shadow.report.model import Report


def render(report: Report) -> Iterator[str]:
    """The document in pieces: lists come an item a line, so that many parents never are in memory at once."""
    opening = "{"
    for name in report.__struct_fields__:
        if getattr(report, name) is msgspec.UNSET:
            continue
        yield f"{opening}{_text(name)}: "
        yield from _value(getattr(report, name), listed=name in _LISTS)
        opening = ",\n "
    yield "}\n"


_LISTS = frozenset(
    {"coverage", "differences", "parents", "advice", "failures", "held", "rules", "noise", "creations", "taken"}
)


def _value(value: object, *, listed: bool) -> Iterator[str]:
    if not listed:
        yield _text(value)
        return
    assert isinstance(value, Iterable)
    separator = "\n  "
    yield "["
    for item in value:
        yield f"{separator}{_text(item)}"
        separator = ",\n  "
    yield "]"


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def read(document: bytes) -> Report:
    """A report as the control API sent it; what a newer proxy added is passed over.

    Raises:
        msgspec.DecodeError: it is no report.
    """
    return msgspec.json.decode(document, type=Report)
