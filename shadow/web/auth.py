"""Who may use the control address: a bearer token, compared in constant time, or anybody on loopback without one."""

import hmac
from collections.abc import Callable

from starlette.requests import Request

Token = Callable[[], str | None]
"""The token as it is now; None: none is asked for."""


def may(request: Request, token: Token) -> bool:
    """Whether the request carries the token."""
    expected = token()
    if expected is None:
        return True
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), expected.encode())
