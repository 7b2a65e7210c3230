import pytest

from shadow.config.files import faulty_files
from shadow.config.model import Configuration
from tests.upstream.certificates import make_certificate

HEX = "ab" * 32


@pytest.fixture
def told(least, tmp_path):
    """The problems of the least configuration with one value set."""

    def of(path, value):
        place = least
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = value
        return [str(problem) for problem in faulty_files(Configuration.model_validate(least))]

    return of


@pytest.fixture
def made(tmp_path):
    def make(text):
        path = tmp_path / "made"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return make


NEW = ("migrations", "kfp", "new")


@pytest.mark.parametrize(
    "path",
    [
        ("server", "token_file"),
        ("server", "tokens_file"),
        ("server", "hooks_token_file"),
        ("redaction", "key_file"),
        (*NEW, "authorization_file"),
        (*NEW, "controller_file"),
    ],
    ids=lambda path: path[-1],
)
def test_a_file_that_is_not_there_is_told_under_its_key(told, path):
    (problem,) = told(path, "/nope")
    assert problem == (
        f"{'.'.join(path)}: /nope cannot be read: No such file or directory; create it or correct the path"
    )


def test_every_file_of_a_listener_is_told(told):
    problems = told(("server", "tls"), {"cert_file": "/no/c", "key_file": "/no/k", "client_ca_file": "/no/a"})
    assert [problem.partition(":")[0] for problem in problems] == [
        "server.tls.cert_file",
        "server.tls.key_file",
        "server.tls.client_ca_file",
    ]


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        (("server", "token_file"), "", "must hold one line of printable ASCII"),
        (("server", "token_file"), "fake-a\nfake-b", "must hold one line of printable ASCII"),
        (("server", "tokens_file"), f"al: {{sha256: {HEX}, rights: []}}", "al.rights"),
        ((*NEW, "controller_file"), "a: [", "is not valid YAML"),
        ((*NEW, "controller_file"), b"a: \xff", "is not UTF-8"),
    ],
    ids=["empty", "two lines", "no such right", "no YAML", "no text"],
)
def test_a_file_that_does_not_hold_what_it_should_is_told(told, made, path, content, expected):
    (problem,) = told(path, made(content))
    assert problem.startswith(f"{'.'.join(path)}: ")
    assert expected in problem
    assert "fake-" not in problem


def test_a_certificate_that_is_none_is_told(told, made):
    (problem,) = told(("server", "control_tls"), {"cert_file": made("no"), "key_file": made("no")})
    assert problem.startswith("server.control_tls.cert_file: ")
    assert "is no certificate for the key in" in problem


def test_an_authority_that_is_none_is_told(told, made, least):
    least["migrations"]["kfp"]["new"]["url"] = "https://new"
    (problem,) = told((*NEW, "tls"), {"ca_file": made("no")})
    assert problem.startswith("migrations.kfp.new.tls.ca_file: ")
    assert "holds no certificate" in problem


def test_a_certificate_with_its_key_is_fine_and_with_another_one_is_not(told, tmp_path):
    one, other = (make_certificate(tmp_path, name) for name in ("one", "other"))
    assert told(("server", "tls"), {"cert_file": str(one.cert_file), "key_file": str(one.key_file)}) == []
    (problem,) = told(("server", "tls"), {"cert_file": str(one.cert_file), "key_file": str(other.key_file)})
    assert "is no certificate for the key in" in problem


def test_files_that_are_there_are_fine(told, made):
    assert told(("server", "token_file"), made("fake-token\n")) == []


def test_a_directory_that_is_a_file_is_told_and_one_that_is_not_there_is_made(told, made, tmp_path):
    (problem,) = told(("recording",), {"directory": made("")})
    assert problem == f"recording.directory: {tmp_path / 'made'} is no directory; create it or correct the path"
    assert told(("recording",), {"directory": str(tmp_path / "not" / "yet")}) == []
    assert told(("recording",), {"directory": str(tmp_path)}) == []
