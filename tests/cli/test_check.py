import json

import pytest

from shadow.cli.main import main
from shadow.config.digest import configuration_digest
from shadow.config.load import parse

GOOD = """\
migrations:
  kfp:
    stage: canary
    old: {protocol: composite, url: http://old, sync: /sync}
    new: {protocol: decorator, url: http://new, sync: /sync}
"""
BAD = GOOD.replace("canary", "canry").replace("url: http://new", "url: http://u:fake-password@new")


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHADOW_CONFIG", raising=False)
    return tmp_path / "shadow.yaml"


def test_a_good_configuration_is_fine(file, capsys):
    file.write_text(GOOD)
    assert main(["check", "--config", str(file)]) == 0
    out = capsys.readouterr().out
    assert "is good: kfp (canary)" in out
    assert configuration_digest(parse(GOOD, "f")) in out


def test_the_digest_alone_can_be_printed(file, capsys):
    file.write_text(GOOD)
    assert main(["check", "--print-digest"]) == 0
    assert capsys.readouterr().out == configuration_digest(parse(GOOD, "f")) + "\n"


def test_every_error_is_a_line_of_its_own_and_shows_no_secret(file, capsys):
    file.write_text(BAD)
    assert main(["check", "--config", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    paths = [line.partition(": ")[0] for line in captured.err.splitlines()]
    assert paths == ["migrations.kfp.stage", "migrations.kfp.new.url"]
    assert "fake-password" not in captured.err


def test_the_file_is_found_by_the_environment(file, tmp_path, monkeypatch):
    (tmp_path / "other.yaml").write_text(GOOD)
    monkeypatch.setenv("SHADOW_CONFIG", str(tmp_path / "other.yaml"))
    assert main(["check"]) == 0


def test_a_file_that_is_not_there_is_named(file, capsys):
    assert main(["check"]) == 2
    assert capsys.readouterr().err == (
        "shadow.yaml: cannot be read: No such file or directory; name the file with --config or SHADOW_CONFIG\n"
    )


def test_the_schema_needs_no_configuration(file, capsys):
    assert main(["check", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Configuration"


def test_a_file_that_it_names_has_to_be_there_unless_it_is_elsewhere(file, capsys):
    file.write_text(f"server: {{control: '0.0.0.0:9090', token_file: /nope}}\n{GOOD}")
    assert main(["check"]) == 2
    assert capsys.readouterr().err == (
        "server.token_file: /nope cannot be read: No such file or directory; create it or correct the path\n"
        "--no-files: does without these files, if they are elsewhere: in a Pod, say\n"
    )
    assert main(["check", "--no-files"]) == 0
    assert main(["check", "--print-digest"]) == 0


def test_a_note_changes_no_status(file, capsys):
    file.write_text(GOOD)
    assert main(["check"]) == 0
    assert "note: migrations.kfp.canary: has weight 0" in capsys.readouterr().out


def test_a_request_is_for_a_probe(file, capsys):
    file.write_text(GOOD)
    assert main(["check", "--request", "x.json"]) == 2
    assert "--request needs --probe" in capsys.readouterr().err
