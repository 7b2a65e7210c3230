"""The control API: what is, and the two things a person may do. Thin; everything is computed elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from shadow.config.rules import Compare
from shadow.errors import StoreError
from shadow.proxy.brakes import Brakes
from shadow.proxy.fronts import Fronts
from shadow.proxy.parents import Parents
from shadow.proxy.recorder import Recorder
from shadow.proxy.runtime import Runtime, governed_by
from shadow.proxy.snapshot import Snapshot
from shadow.report.build import MigrationView, build
from shadow.report.formats import FORMATS, MEDIA_TYPES
from shadow.report.judge import judge
from shadow.report.window import parse_instant
from shadow.store.asynchronous import AsyncStore
from shadow.store.base import Store
from shadow.web.auth import Token, may
from shadow.web.problems import on_http_exception, on_store_error
from shadow.web.summary import summary

_MOST_BODY = 256 * 1024  # bytes; rules are the largest that anybody sends


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything the control API shows or moves."""

    runtime: Runtime
    brakes: Brakes
    recorder: Recorder
    parents: Parents
    fronts: Fronts
    store: AsyncStore
    token: Token
    clock: Callable[[], float]

    @property
    def snapshot(self) -> Snapshot:
        if self.runtime.snapshot is None:
            raise HTTPException(503, "not serving yet")
        return self.runtime.snapshot


def control_app(desk: Desk) -> Starlette:
    """The application behind `server.control`."""
    routes = [
        Route("/livez", _livez),
        Route("/readyz", _readyz),
        Route("/api/v1/migrations", _guarded(_migrations)),
        Route("/api/v1/migrations/{name}", _guarded(_migration)),
        Route("/api/v1/migrations/{name}/report", _guarded(_report), methods=["GET", "POST"]),
        Route("/api/v1/migrations/{name}/rollback", _guarded(_rollback), methods=["POST"]),
        Route("/api/v1/migrations/{name}/release", _guarded(_release), methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: on_http_exception, StoreError: on_store_error})
    app.state.desk = desk
    return app


Handler = Callable[[Request], Any]


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: Request) -> Response:
        if not may(request, _desk(request).token):
            raise HTTPException(401, "send the token as `Authorization: Bearer ...`")
        response: Response = await handler(request)
        return response

    return guarded


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _livez(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    return PlainTextResponse("ok\n")


async def _readyz(request: Request) -> Response:
    """200 while calls are served, also by an older configuration; the body says in what state."""
    runtime, recorder = _desk(request).runtime, _desk(request).recorder
    body = {
        "ready": runtime.snapshot is not None,
        "configuration_digest": runtime.snapshot.digest if runtime.snapshot else None,
        "refused_configuration": runtime.refused,
        "needs_restart": runtime.needs_restart,
        "store_failing": recorder.store_failing,
        "brakes_unstored": sorted(_desk(request).brakes.unstored),
    }
    return JSONResponse(body, 200 if runtime.snapshot is not None else 503)


async def _migrations(request: Request) -> Response:
    desk = _desk(request)
    return _json([_summary(desk, name) for name in desk.snapshot.migrations])


async def _migration(request: Request) -> Response:
    return _json(_summary(_desk(request), _name(request)))


def _summary(desk: Desk, name: str) -> Mapping[str, Any]:
    return summary(desk.snapshot, name, desk.brakes, desk.recorder, desk.parents, desk.fronts)


async def _report(request: Request) -> Response:
    """GET judges by the rules in force, POST by those in the body (`{"ignore": [...], "expect": [...]}`)."""
    desk, name, query = _desk(request), _name(request), request.query_params
    form, now = query.get("format", "json"), desk.clock()
    if form not in FORMATS:
        raise HTTPException(400, f"format: must be one of {', '.join(FORMATS)}, not {form!r}")
    since, until = (_instant(query.get(key), key, now) for key in ("since", "until"))
    rules = desk.snapshot.configuration.migrations[name].compare
    if request.method == "POST":
        rules = _rules(await _body(request))
    view = _view(desk, name, rules, now)
    await desk.recorder.flush()  # so that the report is of this moment

    def rendered(store: Store) -> bytes:
        return "".join(FORMATS[form](build(store, view, since, until, now))).encode()

    return Response(await desk.store.read(rendered), media_type=MEDIA_TYPES[form])


def _view(desk: Desk, name: str, rules: Compare, now: float) -> MigrationView:
    snapshot = desk.snapshot
    migration = snapshot.migrations[name]
    return MigrationView(
        name=name,
        stage=migration.stage,
        weight=migration.weight_buckets / 100,
        brake=desk.brakes.get(name),
        configuration_digest=snapshot.digest,
        evidence_digest=migration.evidence_digest,
        explain=judge(rules, now),
    )


async def _rollback(request: Request) -> Response:
    desk, name = _desk(request), _name(request)
    because = (await _asked(request)).because
    stored = await desk.brakes.pull(name, "token", because, governed_by(desk.snapshot, name))
    return _moved(True, stored)


async def _release(request: Request) -> Response:
    desk, name = _desk(request), _name(request)
    asked = await _asked(request)
    if why := _refusal(desk, name, asked.accept_digest):
        raise HTTPException(409, why)
    stored = await desk.brakes.release(name, "token", asked.because)
    return _moved(desk.brakes.is_on(name), stored)


def _refusal(desk: Desk, name: str, accepted: str | None) -> str | None:
    """Why the brake is not released: what it would release to is not what it was pulled from."""
    snapshot, brake = desk.snapshot, desk.brakes.get(name)
    if snapshot.configuration.migrations[name].brake is not None:
        return f"the configuration pulls it: take migrations.{name}.brake out of the file first"
    if brake is None or not brake.on or accepted == snapshot.digest:
        return None
    if accepted is not None:
        return f"accept_digest is {accepted}, but {snapshot.digest} is in force"
    if brake.governed.get("digest") == snapshot.migrations[name].governed_digest:
        return None
    return (
        "stage, weight, pins or implementations changed since the brake was pulled; look at what is in force and "
        f"say so with accept_digest {snapshot.digest}"
    )


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    because: str
    accept_digest: str | None = None


async def _asked(request: Request) -> _Asked:
    try:
        asked = msgspec.json.decode(await _body(request), type=_Asked)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise HTTPException(400, f'the body must be {{"because": "..."}}: {exc}') from exc
    if not asked.because.strip():
        raise HTTPException(400, "because: must say why, for whoever reads the change log")
    return asked


def _rules(body: bytes) -> Compare:
    try:
        return Compare.model_validate_json(body)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise HTTPException(400, f"{where}: {first['msg']}") from exc


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            raise HTTPException(413, f"the body must not exceed {_MOST_BODY} bytes")
    return bytes(body)


def _moved(on: bool, stored: bool) -> Response:
    # One process serves from one SQLite file, so this replica's acknowledgement is everybody's.
    body = {"on": on, "stored": stored, "replicas": {"acknowledged": 1, "of": 1, "missing": []}}
    return _json(body, 200 if stored else 202)


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    if name not in _desk(request).snapshot.migrations:
        raise HTTPException(404, f"no migration is called {name!r}")
    return name


def _instant(text: str | None, key: str, now: float) -> float | None:
    try:
        return None if text is None else parse_instant(text, now)
    except ValueError as exc:
        raise HTTPException(400, f"{key}: {exc}") from exc


def _json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
