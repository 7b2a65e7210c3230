"""`shadow redact`: no secret is left, and what is made of the result is what is made of the original."""

import base64
import gzip
import json
from pathlib import Path

import httpx
import pytest

from shadow.cli.main import main
from shadow.cli.rehearse.relay import relaying
from shadow.config.load import parse
from shadow.disguise import Disguise
from shadow.migrate.export import read_export
from shadow.migrate.yamltext import dump
from shadow.recordings.model import SCHEMA
from tests.cli.test_replay import A, configured, recorded
from tests.hook_server import HookServer, answer_json
from tests.hook_server import answer as bytes_answer
from tests.migrate.lab import kubeflow_export
from tests.proxy.bodies import answer, observed, request
from tests.recordings.test_reader import DEEP, MANIFEST, WHOLE, call, lines
from tests.recordings.test_scribe import ENCODED, PLANTED, POD, SECRET, everywhere

CAPTURE = {
    "about": f"see https://x:{PLANTED}@host",
    "hook": "sync",
    "request_headers": {"Authorization": f"Bearer {PLANTED}"},
    "request": json.loads(everywhere()),
    "status": 200,
    "response_headers": {"Set-Cookie": PLANTED},
    "answer": answer(SECRET),
}


def redact(capsysbinary, path: Path, *arguments: str) -> str:
    assert main(["redact", str(path), *arguments]) == 0
    text: str = capsysbinary.readouterr().out.decode()
    for planted in (PLANTED, ENCODED, ENCODED[:-4]):
        assert planted not in text
    return text


def test_an_export_keeps_everything_but_its_secrets(tmp_path: Path, capsysbinary):
    export = kubeflow_export()
    export["items"].append(observed(SECRET))
    text = json.dumps(export, indent=3)
    (tmp_path / "export.json").write_text(text)
    redacted = redact(capsysbinary, tmp_path / "export.json")
    changed = [one for one, other in zip(text.splitlines(), redacted.splitlines(), strict=True) if one != other]
    assert all('"k": ' in line or "key" in line or "last-applied" in line for line in changed)
    before, after = (read_export([(each, "export")]) for each in (text, redacted))
    assert (len(after.objects), after.guessed) == (len(before.objects), before.guessed)


def test_an_export_as_yaml_stays_one(tmp_path: Path, capsysbinary):
    documents = [SECRET | {"type": "off"}, A]
    (tmp_path / "export.yaml").write_text("---\n".join(map(dump, documents)))
    redacted = redact(capsysbinary, tmp_path / "export.yaml")
    secret, other = read_export([(redacted, "export")]).objects
    assert (secret["type"], other["data"]) == ("off", A["data"])
    assert base64.b64decode(secret["data"]["k"]).decode() == secret["stringData"]["k"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(SECRET, indent=1) + "\n" + json.dumps(A, indent=1) + "\n",
        json.dumps(SECRET) + "\n" + json.dumps(A),
        json.dumps([SECRET, A]),
    ],
    ids=["one after the other", "a line each", "a list"],
)
def test_objects_that_jq_picked_out_are_an_export(tmp_path: Path, capsysbinary, text):
    (tmp_path / "export.json").write_text(text)
    redacted = redact(capsysbinary, tmp_path / "export.json")
    assert len(redacted.splitlines()) == len(text.splitlines())
    kinds = [[each["kind"] for each in read_export([(text, "export")]).objects] for text in (text, redacted)]
    assert kinds[0] == kinds[1] == [SECRET["kind"], A["kind"]]


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, ["hook", "request", "status", "answer"]),
        ({"status": 500, "answer": f"no user {PLANTED}"}, ["hook", "request", "status"]),
        ({"response_body": PLANTED}, ["hook", "request", "status", "answer"]),
        ({"answer_raw": json.dumps(answer(POD))}, ["hook", "request", "status", "answer", "answer_raw"]),
        ({"answer_raw": f"<html>{PLANTED}"}, ["hook", "request", "status", "answer", "answer_raw"]),
        ({"status": 403, "answer_raw": PLANTED}, ["hook", "request", "status"]),
        ({"request_headers": {"X-Custom": PLANTED, "Cookie": PLANTED}}, ["hook", "request", "status", "answer"]),
    ],
    ids=["whole", "error", "body", "raw-json", "raw-page", "raw-error", "headers"],
)
def test_of_a_captured_call_is_kept_what_a_recording_keeps(tmp_path: Path, capsysbinary, more, kept):
    (tmp_path / "capture.json").write_text(json.dumps(CAPTURE | more, indent=1))
    redacted = json.loads(redact(capsysbinary, tmp_path / "capture.json"))
    assert sorted(redacted) == sorted(kept)


def test_a_recording_stays_one_and_gives_the_same_report(tmp_path: Path, capsysbinary):
    calls = recorded(tmp_path / "calls.jsonl.gz", answer(SECRET, A), answer(A), seen=(SECRET, A), count=3)
    assert main(["redact", str(calls), "-o", str(tmp_path / "shared.jsonl.gz")]) == 0
    manifest, *lines = gzip.decompress((tmp_path / "shared.jsonl.gz").read_bytes()).splitlines()
    assert (json.loads(manifest)["schema"], len(lines)) == (SCHEMA, 3)
    assert json.loads(lines[0])["key"] == json.loads(manifest)["key"] != ""
    reports = []
    for path in (calls, tmp_path / "shared.jsonl.gz"):
        arguments = [str(path), "--config", configured(tmp_path), "--answers", "recorded", "--format", "json"]
        assert main(["replay", *arguments]) == 3
        report = json.loads(capsysbinary.readouterr().out)
        reports.append((report["totals"], report["effects"], [line["id"] for line in report["differences"]]))
    assert reports[0] == reports[1]


def test_files_redacted_with_one_key_fit_together(tmp_path: Path, capsysbinary):
    (tmp_path / "key").write_text("fake-key-of-sixteen-bytes")
    (tmp_path / "a.json").write_text(json.dumps(SECRET))
    (tmp_path / "b.json").write_text(json.dumps(SECRET | {"metadata": {"name": "other"}}))
    one, other = (
        json.loads(redact(capsysbinary, tmp_path / name, "--key-file", str(tmp_path / "key")))
        for name in ("a.json", "b.json")
    )
    alone = json.loads(redact(capsysbinary, tmp_path / "a.json"))
    assert one["data"] == other["data"] != alone["data"]


def test_paths_of_a_configuration_are_hidden_too(tmp_path: Path, capsysbinary):
    config = configured(tmp_path)
    settings = json.loads(Path(config).read_text()) | {"redaction": {"paths": ["data.a"]}}
    Path(config).write_text(json.dumps(settings))
    (tmp_path / "export.json").write_text(json.dumps({"kind": "List", "items": [A]}))
    (item,) = json.loads(redact(capsysbinary, tmp_path / "export.json", "--config", config))["items"]
    assert item["data"]["a"] != A["data"]["a"]


@pytest.mark.parametrize(
    ("content", "calls", "said"),
    [
        pytest.param(WHOLE[:-12], 1, "is cut short; before that: 1 call, used", id="cut"),
        pytest.param(WHOLE[:-6] + b"\0\0" + WHOLE[-4:], 2, "is damaged: CRC check", id="wrong-sum"),
        pytest.param(b"\x1f\x8bjunkjunkjunk", None, "is damaged: Unknown compression", id="no-gzip"),
        pytest.param(lines(MANIFEST), 0, "holds nothing but the first line", id="manifest"),
        pytest.param(lines(DEEP, call("a")), 1, "the first is line 1 (nested too deeply)", id="too-deep-first"),
        pytest.param(  # which reader gives up first depends on how deep in calls it is
            lines(DEEP.replace("[" * 4050 + "]" * 4050, ""), call("a")), 1, "nested ", id="deep-first"
        ),
        pytest.param(lines(call("a")[:-9], call("b")), 1, "the first is line 1 (", id="damaged-first"),
        pytest.param(lines(MANIFEST.replace("/v1", "/v2"), call("a")), None, "line 1 begins another", id="newer"),
        pytest.param(lines(call("a"), MANIFEST.replace("/v1", "/v2")), 1, "line 2 begins another", id="newer-later"),
        pytest.param(b"", None, "is empty", id="empty"),
        pytest.param(b"\xff\xfe", None, "neither an export nor a recording: no UTF-8", id="bytes"),
        pytest.param(b"a: [", None, "no YAML", id="broken-yaml"),
        pytest.param(b"word", None, "neither an export nor a recording", id="word"),
        pytest.param(b'[1, {"a": "b"}]', None, "neither `kind` nor `request`", id="any-json"),
        pytest.param(b'[]', None, "neither `kind` nor `request`", id="empty-list"),
        pytest.param(b'{"kind": "A", "b": [}', None, "malformed JSON at character 20, and no YAML", id="neither"),
        pytest.param(b'{"a": "b"}', None, "neither `kind` nor `request`", id="any-object"),
    ],
)  # fmt: skip
def test_what_cannot_be_redacted_is_one_line_and_the_rest_is_written(
    tmp_path: Path, capsysbinary, content, calls, said
):
    (tmp_path / "file").write_bytes(content)
    assert main(["redact", str(tmp_path / "file"), "-o", str(tmp_path / "out")]) == 1
    (line,) = capsysbinary.readouterr().err.decode().splitlines()
    assert line.startswith(f"shadow: {tmp_path / 'file'}:")
    assert said in line
    assert (tmp_path / "out").exists() == (calls is not None)
    if calls is not None:
        written = (tmp_path / "out").read_bytes().splitlines()
        assert sum(b'"request"' in each for each in written) == calls


@pytest.mark.parametrize("packed", [bytes, gzip.compress, lambda text: b"\xef\xbb\xbf" + text], ids=["", "gz", "mark"])
def test_an_export_is_read_as_it_lies(tmp_path: Path, capsysbinary, packed):
    (tmp_path / "export").write_bytes(packed(json.dumps({"kind": "List", "items": [SECRET]}).encode()))
    assert json.loads(redact(capsysbinary, tmp_path / "export"))["items"][0]["metadata"] == SECRET["metadata"]


def test_a_file_is_not_written_over_itself(tmp_path: Path, capsys):
    (tmp_path / "export.json").write_bytes(request())
    assert main(["redact", str(tmp_path / "export.json"), "-o", str(tmp_path / "export.json")]) == 2
    assert "another file" in capsys.readouterr().err


async def test_in_a_rehearsal_hooks_answer_with_the_look_alikes_of_the_export(tmp_path: Path):
    disguise = Disguise(b"fake-key-of-sixteen-bytes")
    with HookServer(answer_json(answer(SECRET))) as hook:
        settings = parse(Path(configured(tmp_path, hook.url)).read_text(), "shadow.yaml").migrations["m"].old
        async with relaying(settings, disguise) as (_, url), httpx.AsyncClient() as client:
            said = (await client.post(f"{url}/sync", content=request())).json()
            hook.behaviour = bytes_answer(b"<html>")
            odd = await client.post(f"{url}/sync", content=request())
    assert said == answer(disguise.object(SECRET))
    assert odd.content == b"<html>"
