"""Templates to HTML. Everything that is put in is escaped; names that a hook chose are made printable first."""

from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shadow.protocol.objects import Identity
from shadow.report import words
from shadow.report.lines import scalar, yaml

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
"""Style and icon."""


def environment(*directories: Path) -> Environment:
    """The templates of `directories` beside `look.html`, what they have in common."""
    made = Environment(
        loader=FileSystemLoader([*directories, _HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "printable": lambda value: words.printable(str(value)),
        "prose": prose,
        "object": object_name,
        "instant": instant,
        "moment": moment,
        "clock": clock,
        "duration": duration,
        "share": share,
        "number": number,
        "scalar": scalar,
        "yaml": lambda value: "\n".join(yaml(value)),
    }
    return made


def prose(text: str) -> Markup:
    """A sentence of ours, in which backticks mark what is code."""
    parts = enumerate(words.printable(text).split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if index % 2 else part for index, part in parts)


def object_name(identity: Identity | None) -> str:
    return "the parent itself" if identity is None else words.object_name(identity)


def instant(at: datetime | None) -> str:
    """`2027-01-31 08:00:00 UTC`; the page's script says how long ago that is."""
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def clock(seconds: float) -> str:
    return f"{moment(seconds):%m-%d %H:%M}"


def duration(seconds: float | None) -> str:
    """`12 ms`, `1.24 s`."""
    if seconds is None:
        return "not asked"
    return (
        f"{seconds:.2f} s"
        if seconds >= 1
        else f"{seconds * 1000:.0f} ms"
        if seconds >= 0.01
        else f"{seconds * 1000:.1f} ms"
    )


def share(part: float, whole: float) -> str:
    """`12%`; what is not nothing never reads as `0%`, nor what is not all as `100%`."""
    if not whole:
        return "0%"
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "<1%"
    return ">99%" if 99 < percent < 100 else f"{percent:.0f}%"


def number(value: int) -> str:
    """With a thin space every three digits."""
    return f"{value:,}".replace(",", "\u202f")
