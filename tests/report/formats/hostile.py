"""Names, paths and values as an attacker who owns a hook would choose them."""

from pathlib import Path

import pytest

from shadow.compare.model import Advice
from shadow.report import Report
from shadow.terms import Change, Side
from tests.report.scene import compared, difference, failed, reported

NASTY = (
    "</details>|`=cmd()`\x1b[31m\n| @everyone <script>alert(1)</script>",
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;\x00\x08\ufffe\udfff",
    "\"><img src=x onerror=alert(1)><style>@import 'http://evil'</style>{{ 7*7 }}{% raw %}",
    "see https://evil.example/#1 WWW.evil.example mailto:me@evil.example, GH-7 and evil/repo#12",
    "<!--</style></svg><iframe src=javascript:alert(1)>",
)


def hostile(directory: Path, text: str) -> Report:
    """The text wherever an answer can put one."""
    sent = text.encode("utf-8", "replace").decode()  # what JSON can hold
    call = compared(
        "team-a",
        difference(sent, path=sent, change=Change.CHANGED, old=sent, new={sent: [sent]}),
        difference(sent, kind=sent, old={sent: sent}),
        advice=[Advice("code", Side.NEW, None, sent)],
    )
    return reported(directory, call, failed("team-b", error=sent))


nasty = pytest.mark.parametrize("text", NASTY, ids=["markdown", "xml", "html", "links", "comment"])
