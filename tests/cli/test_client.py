"""Talking to the control API, and what is said when it does not go well."""

from argparse import Namespace
from pathlib import Path

import pytest

from shadow.cli.client import control, migration_path, token
from shadow.cli.common import CommandError, Exit
from tests.cli.control import Control


def args(**given: object) -> Namespace:
    return Namespace(**{"control": None, "token_file": None} | given)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("fake-token-of-file\n")
    return path


class TestWhere:
    @pytest.mark.parametrize(
        ("argument", "environ", "url"),
        [
            (None, {}, "http://127.0.0.1:9090"),
            (None, {"SHADOW_CONTROL": "http://shadow:9090/"}, "http://shadow:9090"),
            ("https://other/prefix/", {"SHADOW_CONTROL": "http://shadow:9090"}, "https://other/prefix"),
        ],
        ids=["default", "environment", "argument"],
    )
    def test_the_argument_beats_the_environment(self, argument: str | None, environ: dict, url: str):
        assert control(args(control=argument), environ).url == url

    @pytest.mark.parametrize("url", ["shadow:9090", "ftp://x", "http://", "http://[", "http://u:p@x", "http://x?a=1"])
    def test_what_is_no_url_is_wrong_usage(self, url: str):
        with pytest.raises(CommandError, match="must be a URL such as") as caught:
            control(args(control=url), {})
        assert caught.value.status == Exit.USAGE

    def test_a_name_is_one_segment_of_the_path(self):
        assert migration_path("a/../b", "report") == "/api/v1/migrations/a%2F..%2Fb/report"


class TestToken:
    def test_the_argument_beats_the_environments_file_beats_its_value(self, token_file: Path, tmp_path: Path):
        other = tmp_path / "other"
        other.write_text("fake-token-of-environment")
        environ = {"SHADOW_TOKEN_FILE": str(other), "SHADOW_TOKEN": "fake-token-itself"}
        assert token(token_file, environ) == "fake-token-of-file"
        assert token(None, environ) == "fake-token-of-environment"
        assert token(None, {"SHADOW_TOKEN": "fake-token-itself"}) == "fake-token-itself"
        assert token(None, {}) is None

    @pytest.mark.parametrize(
        "content", [b"", b" \n", b"two words", b"fake\x00", b"\xff\xfe", "schlüssel".encode()], ids=repr
    )
    def test_what_cannot_be_a_token_is_refused_without_repeating_it(self, tmp_path: Path, content: bytes):
        path = tmp_path / "token"
        path.write_bytes(content)
        with pytest.raises(CommandError) as caught:
            token(path, {})
        assert caught.value.status == Exit.USAGE
        assert "words" not in str(caught.value)

    def test_a_missing_file_is_named(self, tmp_path: Path):
        with pytest.raises(CommandError, match=r"cannot read the token file .*gone: No such file"):
            token(tmp_path / "gone", {})

    def test_it_is_sent_as_a_bearer_token(self, api: Control, token_file: Path):
        api.answer("GET", "/x", {})
        control(args(token_file=token_file)).get("/x")
        control(args()).get("/x")
        assert [asked.headers.get("authorization") for asked in api.asked] == ["Bearer fake-token-of-file", None]

    def test_a_redirect_is_not_followed(self, api: Control, token_file: Path):
        api.answer("GET", "/x", b"", status=307)
        with pytest.raises(CommandError, match="answered 307"):
            control(args(token_file=token_file)).get("/x")
        assert len(api.asked) == 1


class TestFaults:
    def test_nobody_there_is_1_with_a_remedy(self, refused_url: str):
        with pytest.raises(CommandError, match=f"cannot reach {refused_url}: .*`shadow serve` running") as caught:
            control(args(control=refused_url), {}).get("/x")
        assert caught.value.status == Exit.FAILED
        assert "\n" not in str(caught.value)

    def test_an_unknown_host_is_1(self):
        with pytest.raises(CommandError, match=r"cannot reach http://no-such-host\.invalid"):
            control(args(control="http://no-such-host.invalid"), {}).get("/x")

    def test_a_wrong_token_is_told_apart_from_none(self, api: Control, token_file: Path):
        api.problem("GET", "/x", 401, "send the token")
        with pytest.raises(CommandError, match="does not know this token; check what you gave it by --token-file"):
            control(args(token_file=token_file)).get("/x")

    def test_a_missing_token_says_where_it_comes_from(self, api: Control):
        api.problem("GET", "/x", 401, "send the token")
        with pytest.raises(CommandError, match="--token-file, SHADOW_TOKEN_FILE or SHADOW_TOKEN"):
            control(args()).get("/x")

    @pytest.mark.parametrize(
        ("status", "expected"), [(404, Exit.USAGE), (400, Exit.USAGE), (403, Exit.USAGE), (503, Exit.FAILED)]
    )
    def test_a_problem_is_told_in_the_proxys_words(self, api: Control, status: int, expected: Exit):
        api.problem("GET", "/x", status, "no migration is called 'kfb'")
        with pytest.raises(CommandError, match="no migration is called 'kfb'") as caught:
            control(args()).get("/x")
        assert caught.value.status == expected

    def test_a_stranger_at_that_address_is_not_taken_for_a_proxy(self, api: Control):
        with pytest.raises(CommandError, match="answered 404: is this the control address of a shadow") as caught:
            control(args()).get("/x")
        assert caught.value.status == Exit.FAILED

    def test_the_environments_proxy_does_not_come_between(self, api: Control, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        api.answer("GET", "/x", {})
        assert control(args()).get("/x") == b"{}"
