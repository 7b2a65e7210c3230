"""The formats of a report by name. Each only presents what `build` computed."""

from collections.abc import Callable, Iterator, Mapping

from shadow.report.formats import as_csv, as_json, as_junit, as_markdown
from shadow.report.model import Report

Render = Callable[[Report], Iterator[str]]


def _table(report: Report) -> Iterator[str]:
    from shadow.report.formats import as_table  # noqa: PLC0415 - what draws tables costs start-up time and memory

    return as_table.render(report)


def _html(report: Report) -> Iterator[str]:
    from shadow.report.formats import as_html  # noqa: PLC0415 - the template engine costs start-up time and memory

    return as_html.render(report)


FORMATS: Mapping[str, Render] = {
    "table": _table,
    "json": as_json.render,
    "csv": as_csv.render,
    "markdown": as_markdown.render,
    "html": _html,
    "junit": as_junit.render,
}

MEDIA_TYPES: Mapping[str, str] = {
    "table": "text/plain; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "junit": "application/xml",
}
