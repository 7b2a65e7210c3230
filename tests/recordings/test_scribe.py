"""A line says what a call was, and none of its secrets, wherever they stood in it."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from shadow.compare.model import Foresight, Predicted
from shadow.compare.predictions import mark_of
from shadow.disguise import Disguise
from shadow.jsontext import MalformedError
from shadow.protocol.objects import Identity
from shadow.recordings.model import Asked, Facts, RecordedCall
from shadow.recordings.scribe import Scribe
from shadow.recordings.taken import Said, Taken
from shadow.terms import Effect, Hook, Role, Side
from tests.proxy.bodies import LA, answer, config_map, observed, request

PLANTED = "fake-planted-value"
ENCODED = base64.b64encode(PLANTED.encode()).decode()
SECRET = config_map("s", annotations={}) | {"kind": "Secret", "data": {"k": ENCODED}, "stringData": {"k": PLANTED}}
POD = config_map("p", annotations={}) | {
    "spec": {"containers": [{"name": "c", "env": [{"name": "DB_PASSWORD", "value": PLANTED}]}]}
}
FACTS = Facts(
    call="1",
    migration="m",
    at=1.0,
    hook=Hook.SYNC,
    parent="team-a",
    primary=Side.OLD,
    because="stage",
    served=Side.OLD,
    status=200,
    reason="stage",
)


def said(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Said:
    told = tuple((name.encode(), value.encode()) for name, value in (headers or {}).items())
    revision = (headers or {}).get("x-revision")
    return Said(Asked(role=Role.PRIMARY, status=status, revision=revision), told, body, "x-revision")


def taken(body: bytes = b"", **more: Any) -> Taken:
    given: dict[str, Any] = {"facts": FACTS, "request_headers": (), "request": body or request()}
    return Taken(**given | more)


def written(call: Taken, **settings) -> RecordedCall:
    line = Scribe(Disguise(b"key", **settings)).line(call)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert not shows(line)
    return msgspec.json.decode(line, type=RecordedCall)


def shows(text: bytes) -> bool:
    """Whether the planted value is in there, as it is, or in what any part of it decodes to, at whatever offset."""
    if PLANTED.encode() in text or PLANTED.encode().hex().encode() in text:
        return True
    for match in re.finditer(rb"[A-Za-z0-9+/]{12,}", text):
        for start in range(4):
            part = match[0][start:]
            if PLANTED[:9].encode() in base64.b64decode(part[: len(part) // 4 * 4]):
                return True
    return False


@pytest.mark.parametrize("text", [PLANTED, ENCODED, "x" + ENCODED, base64.b64encode(b"\0" + PLANTED.encode()).decode()])
def test_the_search_finds_what_is_planted(text):
    assert shows(f'"{text}"'.encode())


def everywhere() -> bytes:
    """A request in which every place that secrets live in holds one."""
    kubectl = json.dumps(SECRET) + "\n"
    applied = config_map("c", annotations={"kubectl.kubernetes.io/last-applied-configuration": kubectl})
    body = json.loads(request(observed(SECRET), observed(POD), applied))
    body["related"] = {"Secret.v1": {"elsewhere/s": observed(SECRET)}}
    body["object"]["metadata"]["annotations"] = {"note": f"https://user:{PLANTED}@host", LA: json.dumps(SECRET)}
    body["controller"]["spec"]["hooks"]["sync"]["webhook"]["headers"] = {"Authorization": f"Bearer {PLANTED}"}
    return json.dumps(body, indent=1).encode()


def test_a_secret_is_in_none_of_the_places_that_secrets_live_in():
    body = json.dumps(answer(SECRET, POD, status={"url": f"redis://:{PLANTED}@host"})).encode()
    headers = {"authorization": PLANTED, "set-cookie": PLANTED, "x-custom": PLANTED, "x-revision": f"token={PLANTED}"}
    call = written(
        taken(
            everywhere(),
            request_headers=((b"authorization", PLANTED.encode()), (b"cookie", PLANTED.encode())),
            said={
                Side.OLD: said(body, 200, headers),
                Side.NEW: said(f"no such user: {PLANTED}".encode(), 500, {"content-type": "text/plain"}),
            },
            again={Side.OLD: said(f"<html>{PLANTED}".encode()), Side.NEW: said(json.dumps([PLANTED]).encode(), 403)},
        )
    )
    assert json.loads(bytes(call.request))["related"]["Secret.v1"]["elsewhere/s"]["data"]["k"] != ENCODED
    assert call.new is not None
    assert (call.new.answer, call.new.bytes, call.new.headers) == (msgspec.UNSET, 32, {"content-type": "text/plain"})


@pytest.mark.parametrize(
    "planted",
    [
        {"old": {"status": 200, "answer": {}, "revision": f"token={PLANTED}"}},
        {"old": {"status": 200, "answer": {}, "headers": {"x-session": PLANTED}}},
        {"new": {"status": 500, "answer": PLANTED}},
        {"new": {"status": 200, "begins": PLANTED, "bytes": 9}},
        {"again": {"old": {"status": 403, "answer": [PLANTED], "headers": {"set-cookie": PLANTED}}}},
        {"shown": {"old": {"rules": [SECRET], "version": "v1"}}},
        {"request_headers": {"x-custom": PLANTED}},
    ],
    ids=["revision", "header", "error", "beginning", "again", "rules", "request-header"],
)
def test_a_line_that_others_wrote_is_disguised_in_every_field(planted):
    call = written(taken(request()))
    line = json.loads(msgspec.json.encode(call)) | planted
    again = Scribe(Disguise(b"k" * 32)).again(msgspec.json.decode(json.dumps(line), type=RecordedCall))
    assert not shows(msgspec.json.encode(again))


def test_configured_paths_are_secret_here_too():
    hidden = config_map("a", {"plain": PLANTED})
    body = json.dumps(answer(hidden)).encode()
    written(taken(request(observed(hidden)), said={Side.OLD: said(body)}), paths=["data.plain", f'**["{LA}"]'])


@pytest.mark.parametrize(
    ("body", "begins"),
    [(b"", ""), (b"<html>", ""), (b' ["' + PLANTED.encode(), "["), (b"[" * 2000, "["), (b"nul", "n")],
)
def test_of_an_answer_that_is_no_json_only_what_it_begins_with_is_kept(body, begins):
    call = written(taken(said={Side.OLD: said(body)}))
    assert call.old is not None
    assert (call.old.answer, call.old.bytes, call.old.begins) == (msgspec.UNSET, len(body), begins)


def test_headers_that_say_how_to_read_an_answer_stay():
    told = {"content-type": "application/json", "etag": '"t1"', "retry-after": "3", "x-revision": "v7", "date": "now"}
    call = written(taken(said={Side.OLD: said(b"{}", 200, told)}))
    assert call.old is not None
    assert call.old.headers == {
        "content-type": "application/json",
        "etag": '"t1"',
        "retry-after": "3",
        "x-revision": "v7",
    }


def test_a_request_that_nobody_can_read_is_not_written():
    with pytest.raises(MalformedError):
        Scribe(Disguise(b"key")).line(taken(b"[" * 5000 + b"]" * 5000))


def test_what_was_foreseen_is_known_by_the_disguised_text():
    seen = observed(SECRET)
    identity = Identity("v1", "Secret", "team-a", "s")
    text = seen["metadata"]["annotations"][LA]
    writes = (Predicted(identity, Effect.UPDATE, mark_of(text)), Predicted(identity, Effect.UPDATE, "another"))
    foresight = Foresight("DecoratorController/profiles", "0", 0.0, Side.OLD, writes)
    call = written(taken(request(seen), facts=msgspec.structs.replace(FACTS, foresight=foresight)))
    (item,) = json.loads(bytes(call.request))["attachments"]["Secret.v1"].values()
    assert call.foresight is not None
    assert [write.mark for write in call.foresight.writes] == [mark_of(item["metadata"]["annotations"][LA]), "another"]


def test_a_body_is_disguised_once_and_what_is_remembered_is_bounded():
    class Counting(Disguise):
        count = 0

        def message(self, body: bytes) -> bytes:
            self.count += 1
            return super().message(body)

    disguise = Counting(b"key")
    scribe = Scribe(disguise, remembered_bytes=len(request()) + 10)
    for _ in range(3):
        scribe.line(taken())
    assert disguise.count == 1
    scribe.line(taken(request(config_map("b"))))
    scribe.line(taken())
    assert disguise.count == 3
