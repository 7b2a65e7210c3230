"""Makes lines of calls: secrets out, what matters in. Pure, but for a memory of what it has disguised before.

At a resync bodies are mostly what they were, and disguising one costs milliseconds.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import msgspec

from shadow.compare.dynamic import last_applied_text
from shadow.compare.model import Foresight
from shadow.compare.predictions import mark_of
from shadow.disguise import Disguise
from shadow.jsontext import MalformedError
from shadow.protocol.wire import UnreadableError, parse
from shadow.recordings.model import Exchange, Facts, RecordedCall, Share
from shadow.recordings.taken import RawHeaders, Said, Taken
from shadow.secretnames import secret_name
from shadow.terms import Effect, Side

_KEPT_HEADERS = frozenset(("content-type", "content-encoding", "etag", "if-none-match", "retry-after", "user-agent"))
"""What says how to read a call. Any other may be a credential under a name that nobody knows."""

_REMEMBERED_BYTES = 32 * 1024 * 1024
_BEGINNINGS = '{["tfn'
"""By which first characters a refusal tells what no decoder can read."""


class Scribe:
    """Writes calls down for one key."""

    def __init__(self, disguise: Disguise, remembered_bytes: int = _REMEMBERED_BYTES) -> None:
        self._disguise = disguise
        self._known: OrderedDict[bytes, bytes] = OrderedDict()  # digest of a body -> what is written of it
        self._known_bytes = 0
        self._remembered_bytes = remembered_bytes

    def line(self, taken: Taken) -> bytes:
        """The call as one line of JSON.

        Raises:
            MalformedError: nobody can tell what in its request is secret.
        """
        request = self._disguised(taken.request)
        facts, said = taken.facts, {side: self._exchange(each) for side, each in taken.said.items()}
        call = RecordedCall(
            **{name: getattr(facts, name) for name in Facts.__struct_fields__ if name not in ("foresight", "shown")},
            shown=self._shown(facts.shown),
            foresight=self._foreseen(taken.request, facts.foresight),
            key=self._disguise.fingerprint,
            request_headers=self._headers(taken.request_headers),
            request=msgspec.Raw(request),
            old=said.get(Side.OLD),
            new=said.get(Side.NEW),
            again={side: self._exchange(said) for side, said in taken.again.items()},
        )
        return msgspec.json.encode(call) + b"\n"

    def again(self, call: RecordedCall) -> RecordedCall:
        """A recorded call disguised by this key.

        Raises:
            MalformedError: as `line`.
        """
        sides = {side: self._said_again(said) for side in Side if (said := call.exchange(side)) is not None}
        return msgspec.structs.replace(
            call,
            foresight=self._foreseen(bytes(call.request), call.foresight),
            key=self._disguise.fingerprint,
            shown=self._shown(call.shown),
            request_headers=self.headers(call.request_headers),
            request=msgspec.Raw(self.body(bytes(call.request))),
            old=sides.get(Side.OLD),
            new=sides.get(Side.NEW),
            again={side: self._said_again(said) for side, said in call.again.items()},
        )

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Those of a call that was read, as in a line."""
        return self._headers(_spelled(headers))

    def body(self, body: bytes) -> bytes:
        """A request, or the answer of a 200, without secrets.

        Raises:
            MalformedError: as `line`.
        """
        return self._disguised(body)

    def body_or_beginning(self, body: bytes) -> bytes:
        """An answer without secrets; where no decoder can read it, something that none can read either."""
        try:
            return self.body(body)
        except MalformedError:
            return (_beginning(body) or "?").encode()

    def _said_again(self, said: Exchange) -> Exchange:
        """Nobody vouches for a line that was passed on: what an error says may stand in it."""
        answered, answer = said.status == HTTPStatus.OK, said.answer
        if answer is not msgspec.UNSET:
            answer = msgspec.Raw(self.body(bytes(answer))) if answered else msgspec.UNSET
        revision = None if said.revision is None else self._disguise.text(said.revision)
        begins = said.begins if answered and len(said.begins) == 1 and said.begins in _BEGINNINGS else ""
        headers = self.headers(said.headers)
        return msgspec.structs.replace(said, headers=headers, answer=answer, revision=revision, begins=begins)

    def _exchange(self, said: Said) -> Exchange:
        asked = said.asked
        revision = None if asked.revision is None else self._disguise.text(asked.revision)
        known = msgspec.structs.asdict(asked) | {"revision": revision}
        headers = self._headers(said.headers, said.revision_header)
        answered = asked.status == HTTPStatus.OK
        try:
            answer = msgspec.Raw(self._disguised(said.body)) if answered else msgspec.UNSET
        except MalformedError:
            answer = msgspec.UNSET
        if answer is not msgspec.UNSET:
            return Exchange(**known, headers=headers, answer=answer)
        begins = _beginning(said.body) if answered else ""
        return Exchange(**known, headers=headers, bytes=len(said.body), begins=begins)

    def _share(self, share: Share) -> Share:
        rules, beside = (tuple(map(self._disguise.object, each)) for each in (share.rules, share.beside))
        return Share(rules, share.version, beside)

    def _shown(self, shown: Mapping[Side, Share | None] | None) -> Mapping[Side, Share | None] | None:
        if shown is None:
            return None
        return {side: None if share is None else self._share(share) for side, share in shown.items()}

    def _headers(self, headers: RawHeaders, also: str | None = None) -> dict[str, str]:
        """Those that matter, and `also` this one, unless its name says that it is secret."""
        wanted = _KEPT_HEADERS if also is None else _KEPT_HEADERS | {also}
        told = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)
        return {name: self._header(name, value) for name, value in told if name in wanted}

    def _header(self, name: str, value: str) -> str:
        return self._disguise.stand_in(value) if secret_name(name) else self._disguise.text(value)

    def _disguised(self, body: bytes) -> bytes:
        digest = hashlib.blake2b(body, digest_size=16).digest()
        known = self._known.get(digest)
        if known is not None:
            self._known.move_to_end(digest)
            return known
        written = self._disguise.message(body)
        self._known[digest] = written
        self._known_bytes += len(written)
        while self._known_bytes > self._remembered_bytes:
            self._known_bytes -= len(self._known.popitem(last=False)[1])
        return written

    def _foreseen(self, request: bytes, foresight: Foresight | None) -> Foresight | None:
        """An update is known by the text that it leaves behind, and that text is disguised here."""
        if foresight is None or not any(write.effect is Effect.UPDATE for write in foresight.writes):
            return foresight
        embedded = self._disguise.embedded
        marks = {
            mark_of(text): mark_of(embedded(text, of_secret=of_secret)) for text, of_secret in _applied_texts(request)
        }
        return msgspec.structs.replace(
            foresight,
            writes=tuple(
                msgspec.structs.replace(write, mark=marks.get(write.mark, write.mark)) for write in foresight.writes
            ),
        )


def _beginning(body: bytes) -> str:
    first = body.lstrip(b" \t\r\n")[:1].decode("latin-1")
    return first if first and first in _BEGINNINGS else ""


def _spelled(headers: Mapping[str, str]) -> RawHeaders:
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers.items()]


def _applied_texts(request: bytes) -> Iterator[tuple[str, bool]]:
    """The last-applied configuration of every observed object, and whether that is a Secret."""
    try:
        fields = parse(request)
    except UnreadableError:
        return
    groups = fields.get("children") or fields.get("attachments") or {}
    for objects in groups.values() if isinstance(groups, dict) else ():
        for item in objects.values() if isinstance(objects, dict) else ():
            text = last_applied_text(item) if isinstance(item, dict) else None
            if text is not None:
                yield text, item.get("kind") == "Secret"
