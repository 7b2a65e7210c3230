"""The page's templates, as responses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, Response

from shadow.report.html.look import environment

_TEMPLATES = Path(__file__).parent.parent / "templates"


class Pages:
    """The templates, compiled once."""

    def __init__(self) -> None:
        self._environment = environment(_TEMPLATES)

    def page(self, template: str, facts: Mapping[str, Any], status: int = 200) -> Response:
        """One page.

        Args:
            template: its file's name without `.html`.
        """
        return HTMLResponse(self._environment.get_template(f"{template}.html").render(facts), status)
