import hashlib
from pathlib import Path

import pytest

from shadow.config.tokens import Right, TokensFile, parse
from shadow.errors import ConfigurationError

HEX = hashlib.sha256(b"fake-token").hexdigest()


def test_names_have_rights():
    found = parse(f"alice: {{sha256: {HEX}, rights: [read, rollback]}}", "tokens")
    assert found["alice"].rights == (Right.READ, Right.ROLLBACK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "holds no token"),
        ("[]", "must be a mapping"),
        (f"alice: {{sha256: {HEX}, rights: []}}", "alice.rights"),
        (f"alice: {{sha256: {HEX}, rights: [admin]}}", "alice.rights.0"),
        (f"alice: {{sha256: {HEX.upper()}, rights: [read]}}", "alice.sha256"),
        ("alice: {sha256: fake-token, rights: [read]}", "alice.sha256"),
        (f"alice: {{sha256: {HEX}, rights: [read], token: x}}", "alice.token"),
        (f"guard: {{sha256: {HEX}, rights: [read]}}", "'guard' cannot be the name"),
        (f"token: {{sha256: {HEX}, rights: [read]}}", "'token' cannot be the name"),
        (f"'a b': {{sha256: {HEX}, rights: [read]}}", "'a b' cannot be the name"),
    ],
    ids=[
        "empty",
        "list",
        "no right",
        "no such right",
        "upper case",
        "no digest",
        "unknown key",
        "taken",
        "taken by the other file",
        "space",
    ],
)
def test_a_faulty_file_is_refused_without_repeating_it(text: str, told: str):
    with pytest.raises(ConfigurationError, match="tokens") as caught:
        parse(text, "tokens")
    assert told in str(caught.value)
    assert "fake-token" not in str(caught.value)
    assert HEX not in str(caught.value)


def test_it_is_read_again_when_it_changes_and_a_faulty_one_changes_nothing(tmp_path: Path):
    path = tmp_path / "tokens.yaml"
    path.write_text(f"alice: {{sha256: {HEX}, rights: [read]}}")
    file = TokensFile(path)
    path.write_text("alice: oh dear, not at all")
    assert list(file.tokens()) == ["alice"]
    assert not file.usable()
    path.write_text(f"bob: {{sha256: {HEX}, rights: [read, release]}}")
    assert list(file.tokens()) == ["bob"]
    assert file.usable()
    path.unlink()
    assert list(file.tokens()) == ["bob"]
    assert not file.usable()


def test_a_file_that_is_not_there_is_told_at_the_start(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        TokensFile(tmp_path / "tokens.yaml")
