"""Templates to HTML. Everything that is put in is escaped; names that a hook chose are made printable first."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from shadow.protocol.objects import Identity
from shadow.report import words
from shadow.report.formats.lines import scalar, yaml

_TEMPLATES = Path(__file__).parent.parent / "templates"


class Pages:
    """The templates, compiled once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {
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

    def page(self, template: str, facts: Mapping[str, Any], status: int = 200) -> Response:
        """One page.

        Args:
            template: its file's name without `.html`.
        """
        return HTMLResponse(self._environment.get_template(f"{template}.html").render(facts), status)


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
