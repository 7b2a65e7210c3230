"""The report as JSON (`shadow.report/v1`): written a line at a time, and read back by whoever fetched or kept it."""

from collections.abc import Collection, Iterable, Iterator

import msgspec

from shadow.report.model import Head, ParentCase, Report


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


def read(document: bytes | bytearray) -> Report:
    """A report as the control API sent it; what a newer proxy added is passed over.

    Raises:
        msgspec.DecodeError: it is no report.
    """
    head = read_head(document)
    parents = ReadParents(msgspec.json.decode(document, type=_Listed).parents)
    return Report(**{name: getattr(head, name) for name in Head.__struct_fields__}, parents=parents)


def read_head(document: bytes | bytearray) -> Head:
    """The same without its parents.

    Raises:
        msgspec.DecodeError: it is no report.
    """
    return msgspec.json.decode(document, type=Head)


class _Listed(msgspec.Struct):
    parents: tuple[msgspec.Raw, ...]


class ReadParents(Collection[ParentCase]):
    """Parents that stay text until they are asked for: as objects they would be ten times as large.

    Raises:
        msgspec.DecodeError: one of them is none.
    """

    def __init__(self, texts: tuple[msgspec.Raw, ...]) -> None:
        self._texts = texts
        for _ in self:
            pass

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, case: object) -> bool:
        return any(case == other for other in self)

    def __iter__(self) -> Iterator[ParentCase]:
        return map(_CASE.decode, self._texts)


_CASE = msgspec.json.Decoder(ParentCase)
