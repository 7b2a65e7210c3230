import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from shadow.config.tokens import Right, TokensFile
from shadow.config.watch import SecretFile
from shadow.web.auth import ALL_RIGHTS, LOCAL, Doorkeeper, Keyring, Sessions, demand

Write = Callable[..., TokensFile]
NOON = 1_800_000_000.0


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture
def named(tmp_path: Path) -> Write:
    """Writes the file: `named(alice="read rollback")`; alice's token is `fake-alice`."""
    path = tmp_path / "tokens.yaml"
    seen: list[TokensFile] = []

    def write(**rights: str) -> TokensFile:
        lines = {name: {"sha256": digest(f"fake-{name}"), "rights": words.split()} for name, words in rights.items()}
        path.write_text(json.dumps(lines))
        if not seen:
            seen.append(TokensFile(path))
        return seen[0]

    return write


def asking(**headers: str) -> Request:
    raw = [(name.encode(), text.encode()) for name, text in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": raw})


def door(keyring: Keyring, *, loopback: bool = True, now: float = NOON) -> Doorkeeper:
    return Doorkeeper(keyring, Sessions(keyring, b"fake-key", lambda: now), loopback)


class TestBearer:
    def test_each_token_has_its_name_and_rights(self, named: Write):
        at = door(Keyring(named=named(alice="read", bob="rollback")))
        alice = at.bearer(asking(authorization="Bearer fake-alice"))
        bob = at.bearer(asking(authorization="bearer fake-bob"))
        assert (alice.name, alice.rights) == ("alice", frozenset({Right.READ}))
        assert (bob.may(Right.READ), bob.may(Right.ROLLBACK), bob.may(Right.RELEASE)) == (True, True, False)

    @pytest.mark.parametrize(
        "headers",
        [{}, {"authorization": "Bearer"}, {"authorization": "Bearer fake"}, {"authorization": "Basic fake-alice"},
         {"authorization": f"Bearer {digest('fake-alice')}"}, {"authorization": "Bearer f\xe4ke"}],
        ids=["none", "empty", "wrong", "another scheme", "the digest", "not ASCII"],
    )  # fmt: skip
    def test_anything_else_is_refused(self, named: Write, headers: dict[str, str]):
        with pytest.raises(HTTPException) as caught:
            door(Keyring(named=named(alice="read"))).bearer(asking(**headers))
        assert caught.value.status_code == 401

    def test_one_token_has_all_rights(self, tmp_path: Path):
        (tmp_path / "token").write_text("fake-one\n")
        holder = door(Keyring(SecretFile(tmp_path / "token"))).bearer(asking(authorization="Bearer fake-one"))
        assert (holder.name, holder.rights) == ("token", ALL_RIGHTS)

    def test_without_a_file_nobody_is_asked(self):
        assert door(Keyring()).bearer(asking()) == LOCAL

    def test_a_missing_right_is_named(self, named: Write):
        holder = door(Keyring(named=named(alice="read"))).bearer(asking(authorization="Bearer fake-alice"))
        with pytest.raises(HTTPException, match="'alice' does not have the right to rollback"):
            demand(holder, Right.ROLLBACK)


class TestSessions:
    def test_a_session_is_its_holders_until_it_ends(self, named: Write):
        keyring = Keyring(named=named(alice="read"))
        holder = keyring.holder("fake-alice")
        assert holder is not None
        cookie = door(keyring).sessions.begin(holder) or ""
        assert door(keyring, now=NOON + 60).sessions.holder(cookie) == holder
        assert door(keyring, now=NOON + 86_400).sessions.holder(cookie) is None

    def test_it_ends_when_the_token_goes_or_changes_and_follows_its_rights(self, named: Write):
        keyring = Keyring(named=named(alice="read"))
        cookie = door(keyring).sessions.begin(keyring.holder("fake-alice") or LOCAL) or ""
        named(alice="read release")
        found = door(keyring).sessions.holder(cookie)
        assert found is not None
        assert found.may(Right.RELEASE)
        named(bob="read")
        assert door(keyring).sessions.holder(cookie) is None

    @pytest.mark.parametrize("forge", ["", "1", "x.alice.0", "9999999999.alice.", "99999999999999.alice.00"])
    def test_no_cookie_is_made_up(self, named: Write, forge: str):
        assert door(Keyring(named=named(alice="read"))).sessions.holder(forge) is None

    def test_nobody_takes_anothers_name_or_more_time(self, named: Write):
        keyring = Keyring(named=named(alice="read", bob="release"))
        cookie = door(keyring).sessions.begin(keyring.holder("fake-alice") or LOCAL) or ""
        ends = cookie.partition(".")[0]
        assert door(keyring).sessions.holder(cookie.replace("alice", "bob")) is None
        assert door(keyring).sessions.holder(cookie.replace(ends, str(int(ends) + 1))) is None

    def test_a_form_token_is_good_for_its_own_session_only(self):
        sessions = door(Keyring()).sessions
        assert sessions.is_form_token("a", sessions.form_token("a"))
        assert not sessions.is_form_token("b", sessions.form_token("a"))


class TestStrangers:
    @pytest.mark.parametrize("host", ["localhost:9090", "127.0.0.1:9090", "[::1]:9090", "LOCALHOST", "localhost"])
    def test_this_machine_may_ask(self, host: str):
        door(Keyring()).admit(asking(host=host))
        door(Keyring()).admit(asking(host=host, origin=f"http://{host}"))

    @pytest.mark.parametrize("host", ["rebound.example:9090", "127.0.0.1.example", "", "10.0.0.1:9090", "[::2]:9090"])
    def test_a_name_that_was_bent_to_this_machine_is_refused(self, host: str):
        with pytest.raises(HTTPException) as caught:
            door(Keyring()).admit(asking(host=host))
        assert caught.value.status_code == 403

    def test_elsewhere_any_name_will_do(self, named: Write):
        door(Keyring(named=named(alice="read")), loopback=False).admit(asking(host="shadow.example"))

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", ""])
    @pytest.mark.parametrize("loopback", [True, False])
    def test_another_sites_page_is_refused(self, origin: str, loopback: bool):
        with pytest.raises(HTTPException) as caught:
            door(Keyring(), loopback=loopback).admit(asking(host="localhost:9090", origin=origin))
        assert caught.value.status_code == 403
