"""Says in the log, once per migration and code, what translating costs. The counts are in the report, as advice."""

import logging

from shadow.proxy.calls.call import Call

_log = logging.getLogger(__name__)


class Telling:
    """Remembers what was said."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()

    def tell(self, call: Call) -> None:
        """What was noted in this call and never before."""
        for side, asking in call.askings.items():
            for note in asking.all_notes:
                if (key := (call.migration.name, note.code)) not in self._said:
                    self._said.add(key)
                    about = f" ({note.object})" if note.object is not None else ""
                    _log.warning("%s: %s, for `%s`: %s%s", *key, side, note.message, about)
