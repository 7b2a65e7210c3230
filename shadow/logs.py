"""Log lines: JSON where a machine reads them, a short line where a person does. A secret in one is taken out first.

Facts travel as `extra={"call": ..., "migration": ..., "parent": ...}`, so that a log can be searched by them.
"""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

FIELDS = ("call", "migration", "parent")
"""Facts that a line may carry beside its message."""

Redact = Callable[[str], str]
"""Takes out what is secret in a text, such as the `text` method of a redactor."""


def set_up(redact: Redact, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every log line of this process to one stream, redacted.

    Args:
        redact: Applied to the message, to the facts and to tracebacks.
        stream: Default stderr. JSON lines unless it is a terminal.
        level: The least that is shown.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter(redact) if out.isatty() else JsonFormatter(redact))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Theirs is one line a request, with addresses and no outcome: traces and metrics say more.
    for name in ("httpx", "httpcore", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class _Redacting(logging.Formatter):
    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._redact = redact

    def _facts(self, record: logging.LogRecord) -> dict[str, str]:
        found = {name: getattr(record, name, None) for name in FIELDS}
        return {name: self._redact(str(value)) for name, value in found.items() if value is not None}

    def _message(self, record: logging.LogRecord) -> str:
        return self._redact(record.getMessage())

    def _traceback(self, record: logging.LogRecord) -> str | None:
        return self._redact(self.formatException(record.exc_info)) if record.exc_info else None


class JsonFormatter(_Redacting):
    """`{"at", "level", "logger", "message", "call"?, "migration"?, "parent"?, "traceback"?}`, one object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        } | self._facts(record)
        if traceback := self._traceback(record):
            line["traceback"] = traceback
        return json.dumps(line, ensure_ascii=False)


class LineFormatter(_Redacting):
    """`12:00:01 warning the message (migration=kfp)`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        facts = ", ".join(f"{name}={value}" for name, value in self._facts(record).items())
        message = " ".join(self._message(record).splitlines())
        line = f"{at:%H:%M:%S} {record.levelname.lower()} {message}{f' ({facts})' if facts else ''}"
        traceback = self._traceback(record)
        return f"{line}\n{traceback}" if traceback else line
