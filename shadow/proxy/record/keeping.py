"""Hands calls to the recording, if there is one. What is secret is taken out there; nothing in here raises or waits."""

import logging
from typing import Any

from shadow.compare.model import Foresight
from shadow.protocol.wire import parse
from shadow.proxy.calls.call import Asking, Call
from shadow.recordings.client import Recording
from shadow.recordings.model import Asked, Facts, Removal, Share
from shadow.recordings.taken import Said, Taken
from shadow.terms import Side

_log = logging.getLogger(__name__)


class Keeping:
    """Takes each call once everybody has spoken."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    def take(self, call: Call, foresight: Foresight | None) -> None:
        """
        Args:
            foresight: what this call was expected to show, as far as the proxy knows.
        """
        try:
            if self.recording.wants(call.request.parent.uid):
                self.recording.take(taken(call, foresight))
        except Exception:  # noqa: BLE001 - a recording is worth less than the call
            self.recording.dropped[call.migration.name, "fault"] += 1
            _log.exception("call %s could not be taken for the recording", call.id)


def taken(call: Call, foresight: Foresight | None) -> Taken:
    """Everything that was said in a call, and what was decided."""
    reply = call.reply
    assert reply is not None, "a call is recorded after its reply"
    facts = Facts(
        call=call.id,
        migration=call.migration.name,
        at=call.at,
        hook=call.hook,
        parent=str(call.request.parent),
        primary=call.assignment.primary,
        because=call.assignment.because,
        served=reply.side,
        status=reply.status,
        reason=reply.reason,
        not_asked=call.not_asked,
        fallback=call.fallback,
        held=tuple(Removal(identity, effect) for identity, effect in sorted(call.held.items())),
        shown=_shown(call),
        unsure=tuple(sorted(call.shares.unknown)) if call.shares is not None else (),
        previous=call.previous,
        foresight=foresight,
        evidence_digest=call.migration.evidence_digest,
    )
    return Taken(
        facts=facts,
        request_headers=call.headers,
        request=call.request.body,
        said={side: _said(call, asking) for side, asking in call.askings.items()},
        again={side: _said(call, asking) for side, asking in call.again.items()},
    )


def _said(call: Call, asking: Asking) -> Said:
    observation, header = asking.observation, call.migration.parties[asking.side].revision_header
    asked = Asked(
        role=asking.role,
        status=observation.status,
        error=observation.error,
        failure=asking.failure,
        seconds=observation.seconds,
        revision=asking.revision,
    )
    return Said(asked, tuple(observation.headers), observation.body, header.decode() if header is not None else None)


def _shown(call: Call) -> dict[Side, Share | None] | None:
    if call.shares is None or not any(call.shares.shown.values()):
        return None
    return {
        side: Share(_parsed(rules.rules), rules.version, _parsed(rules.beside)) if rules is not None else None
        for side, rules in call.shares.shown.items()
    }


def _parsed(rules: tuple[bytes, ...]) -> tuple[Any, ...]:
    return tuple(map(parse, rules))
