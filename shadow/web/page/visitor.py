"""Who is at the page: the session in the cookie, the token of its forms, and the way in and out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shadow.config.tokens import Right
from shadow.web.auth import LOCAL, SESSION_SECONDS, Holder
from shadow.web.desk import Desk, desk_of
from shadow.web.operation import body_of

COOKIE = "shadow-session"
_MOST_FORM_FIELDS = 10


class NotLoggedInError(Exception):
    """Nobody is logged in; ends in a redirect."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may look at the page."""

    holder: Holder
    form_token: str  # what every form of theirs carries
    logged_in: bool  # False where no token is asked for

    def may(self, right: str) -> bool:
        """For templates: which buttons to show."""
        return self.holder.may(Right(right))

    @property
    def may_note(self) -> bool:
        return bool(self.holder.rights & {Right.ROLLBACK, Right.RELEASE})


def visitor(request: Request) -> Visitor:
    """
    Raises:
        NotLoggedInError: nobody is logged in.
    """
    door = desk_of(request).door
    if not door.keyring.needed:
        return Visitor(LOCAL, door.sessions.form_token(""), logged_in=False)
    cookie = request.cookies.get(COOKIE, "")
    holder = door.sessions.holder(cookie)
    if holder is None:
        raise NotLoggedInError
    return Visitor(holder, door.sessions.form_token(cookie), logged_in=True)


async def fields(request: Request) -> Mapping[str, str]:
    """What a form sends.

    Raises:
        HTTPException: 400 if it is none, 413.
    """
    try:
        return dict(parse_qsl((await body_of(request)).decode(), max_num_fields=_MOST_FORM_FIELDS))
    except ValueError as exc:
        raise HTTPException(400, "this is no form of the page") from exc


async def form(request: Request) -> Mapping[str, str]:
    """The fields of a form of ours.

    Raises:
        HTTPException: 403 for another page's form.
    """
    given, door = await fields(request), desk_of(request).door
    cookie = request.cookies.get(COOKIE, "") if door.keyring.needed else ""
    if not door.sessions.is_form_token(cookie, given.get("form_token", "")):
        raise HTTPException(403, "this form is not from your session: go back, reload the page, try again")
    return given


def to_log_in(request: Request) -> Response:
    """The log-in form, that leads back to where the visitor wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(wanted)}" if wanted != "/" else "/login", 303)


def log_in(desk: Desk, token: str, wanted: str) -> Response | None:
    """The session's cookie and the way on; None if the token is wrong."""
    holder = desk.door.keyring.holder(token.strip())
    cookie = desk.door.sessions.begin(holder) if holder is not None else None
    if cookie is None:
        return None
    response = RedirectResponse(_own(wanted), 303)
    secure = desk.snapshot.configuration.server.control_tls is not None
    response.set_cookie(COOKIE, cookie, max_age=int(SESSION_SECONDS), httponly=True, samesite="strict", secure=secure)
    return response


def log_out() -> Response:
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _own(wanted: str) -> str:
    """Only ever a place on this page: a link must not lead somebody elsewhere by way of the log-in."""
    plain = wanted.isprintable() and "\\" not in wanted  # browsers take a backslash for a slash, and skip a tab
    return wanted if plain and wanted.startswith("/") and not wanted.startswith("//") else "/"
