"""What goes wrong inside the simulated cluster, as the real one would say it.

ShadowError
├── ApiError      the API server refused a request; carries the HTTP status and the reason
├── HookError     a hook gave no answer that counts; nothing is applied
│   └── TooManyRequestsError   429: asked again after a while, without an event
├── SyncError     a sync came to an end, or went on, with something refused
└── CrashError    Metacontroller itself would have died of this answer
"""

from shadow.errors import ShadowError


class ApiError(ShadowError):
    """The API server refused a request. `code` is the HTTP status: 400, 404, 405, 409, 422, 500."""

    def __init__(self, code: int, message: str, *, already_exists: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.already_exists = already_exists

    @property
    def not_found(self) -> bool:
        return self.code == 404

    @property
    def conflict(self) -> bool:
        """A stale resourceVersion or another uid; 409 says AlreadyExists as well, which this is not."""
        return self.code == 409 and not self.already_exists


class HookError(ShadowError):
    """A hook gave no answer that counts: no 200, a time-out, or a body that does not decode."""


class TooManyRequestsError(HookError):
    """429: the parent is asked about again after `after_seconds`, 0 being at once."""

    def __init__(self, after_seconds: int) -> None:
        super().__init__(f"too many requests, retry after {after_seconds} s")
        self.after_seconds = after_seconds


class SyncError(ShadowError):
    """A sync that Metacontroller reports as failed and tries again."""


class CrashError(ShadowError):
    """An answer that makes Metacontroller exit; it would again after every restart."""
