"""What was watched in real clusters when hooks changed hands comes out of a rehearsal, too, by way of the command."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from shadow.cli.main import main
from shadow.migrate.controllers import Wishes, successor
from shadow.migrate.playbill import recommendation
from shadow.migrate.scenes import Act, Scene
from shadow.profile.hook import Sync, answer
from shadow.profile.server import create_app
from shadow.profile.settings import Generation
from shadow.terms import Protocol
from tests.hook_server import Call, HookServer, answer_json
from tests.migrate.lab import Json, kubeflow_export, speaking_both, widgets_export
from tests.profile.captures import settings
from tests.profile.test_server import running

Told = dict[str, Json]


def rehearse(directory: Path, export: Json, migration: Json, *arguments: str) -> tuple[int, Told, Json]:
    """Exit status, acts by scene, and the whole JSON of one rehearsal."""
    (directory / "export.json").write_text(json.dumps(export))
    (directory / "shadow.yaml").write_text(json.dumps({"migrations": {"m": migration}}))
    files = [str(directory / "export.json"), "--config", str(directory / "shadow.yaml")]
    with redirect_stdout(io.StringIO()) as out:
        status = main(["rehearse", *files, "--format", "json", *arguments])
    told = json.loads(out.getvalue())
    return status, {act["scene"]: act for act in told["acts"]}, told


def sides(old: str, new: str, **both: Any) -> Json:
    return {
        "status": "drop",
        "old": {"protocol": "composite", **both, "url": old, "sync": "/sync"},
        "new": {"protocol": "decorator", **both, "url": new, "sync": "/sync"},
    }


@pytest.fixture(scope="module")
def kubeflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Told, Json]]:
    with running(create_app(lambda protocol, call, _: answer(protocol, call, settings()))) as url:
        migration = sides(f"{url}/composite", f"{url}/decorator")
        yield rehearse(tmp_path_factory.mktemp("kubeflow"), kubeflow_export(), migration)


@pytest.fixture(scope="module")
def asked_of_widgets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Told, list[Call]]]:
    with HookServer(speaking_both()) as hook:
        migration = sides(f"{hook.url}/old", f"{hook.url}/new", headers={"X-Team": "a"})
        acts = rehearse(tmp_path_factory.mktemp("widgets"), widgets_export(), migration)[1]
        yield acts, hook.calls


@pytest.fixture
def widgets(asked_of_widgets: tuple[Told, list[Call]]) -> Told:
    return asked_of_widgets[0]


def counts(act: Json) -> Json:
    """Without what is zero."""
    return {name: number for name, number in act["counts"].items() if number}


CREATED = {"create": 3}


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        pytest.param("steady", {}, id="today nothing changes"),
        pytest.param("switch-blind", {"conflicts": 8}, id="without a hand-over nothing is seen and all is frozen"),
        pytest.param("switch-annotated", {"update": 6}, id="annotated: in-place kinds are written once"),
        pytest.param("switch-handed-over", {}, id="handed over: no write"),
        pytest.param("marks-on", {"update": 6}, id="marks switched on later: in-place kinds once"),
        pytest.param("marks-on-patched", {}, id="marks patched before they are switched on: nothing"),
        pytest.param("switch-marked", {"conflicts": 2}, id="OnDelete kinds need the marks by hand"),
        pytest.param("both-running", {"conflicts": 8}, id="both: the decorator is blind"),
        pytest.param("back-blind", {"update": 8, "conflicts": 8}, id="back: all released, then seen by neither"),
        pytest.param("back-handed-over", {}, id="handed back: no write"),
        pytest.param("upgrade", {}, id="a newer Metacontroller: nothing, with namespaces spelled out"),
        pytest.param("move", {}, id="to the hook right after the migration: nothing"),
        pytest.param("rollback", {}, id="and back: nothing"),
        pytest.param("out", {}, id="out: nothing"),
    ],
)
def test_a_kubeflow_namespace(kubeflow: tuple[int, Told, Json], scene: str, expected: Json):
    assert counts(kubeflow[1][scene]) == expected


@pytest.mark.parametrize(
    ("scene", "puts"),
    [
        pytest.param("steady", {"Deployment": 2, "Namespace": 1}, id="composite: its status cannot be left out"),
        pytest.param("switch-handed-over", {"Deployment": 2}, id="decorator with status: drop"),
        pytest.param("both-running", {"Deployment": 2, "Namespace": 1}, id="both, of one name: the composite goes on"),
        pytest.param("out", {"Deployment": 2, "Namespace": 2}, id="without the proxy the status is back"),
    ],
)
def test_puts_without_effect_at_every_sync(kubeflow: tuple[int, Told, Json], scene: str, puts: Json):
    found: dict[str, int] = {}
    for write in kubeflow[1][scene]["every_sync"]:
        if write["code"] == 409:  # what the decorator does not see, and would make
            continue
        assert write["noop"]
        found[write["kind"]] = found.get(write["kind"], 0) + 1
    assert found == puts


def names_in(told: Any) -> set[str]:
    """The names of all members, however deep."""
    if isinstance(told, list):
        return {name for each in told for name in names_in(each)}
    return (
        told.keys() | {name for each in told.values() for name in names_in(each)} if isinstance(told, dict) else set()
    )


def test_the_page_names_every_member_of_the_json(kubeflow: tuple[int, Told, Json]):
    page = Path("docs/reference/rehearse.md").read_text()
    assert sorted(name for name in names_in(kubeflow[2]) if f"`{name}" not in page) == []


def test_the_recommendation_and_the_exit_status(kubeflow: tuple[int, Told, Json]):
    status, _, told = kubeflow
    assert status == 0
    sentences = " ".join(told["recommendation"])
    assert "8 objects handed over" in sentences
    assert "Do not switch without a hand-over" in sentences
    assert "Do not go back" in sentences


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        pytest.param("steady", CREATED, id="an empty parent is filled"),
        pytest.param("switch-annotated", {"update": 1, "recreate": 1}, id="Recreate kinds are recreated once"),
        pytest.param("switch-handed-over", {}, id="handed over: no write, Recreate kinds included"),
        pytest.param("back-handed-over", {}, id="handed back: no write"),
    ],
)
def test_each_update_method(widgets: Told, scene: str, expected: Json):
    assert counts(widgets[scene]) == expected


def test_marks_are_withheld_where_they_would_recreate(widgets: Told):
    assert counts(widgets["marks-on"]) == {"update": 1}


def test_patched_before_they_are_switched_on_marks_cost_nothing(widgets: Told):
    assert counts(widgets["marks-on-patched"]) == {}


def test_a_real_difference_is_told_and_is_3(tmp_path: Path):
    with HookServer(speaking_both(color_of_new="blue")) as hook:
        status, acts, told = rehearse(tmp_path, widgets_export(), sides(f"{hook.url}/old", f"{hook.url}/new"))
    assert status == 3
    assert counts(acts["move"]) == counts(acts["rollback"]) == {"update": 1}
    assert "Moving from old to new means 1 updates." in told["recommendation"]


def test_todays_kubeflow_hook_takes_away_what_it_no_longer_wants(tmp_path: Path):
    current = settings(generation=Generation.CURRENT)

    def respond(protocol: Protocol, call: Sync, _role: str) -> bytes:
        return answer(protocol, call, settings() if protocol is Protocol.COMPOSITE else current)

    with running(create_app(respond)) as url:
        migration = sides(f"{url}/composite", f"{url}/decorator")
        migration["new"]["shadow_when"] = {"observed": ["Secret.v1"]}
        status, acts, _ = rehearse(tmp_path, kubeflow_export(), migration)
    assert status == 3
    assert counts(acts["move"]) == {"create": 2, "delete": 6}
    assert counts(acts["rollback"]) == {"create": 6, "delete": 2}
    deleted = sorted(write["kind"] for write in acts["move"]["writes"] if write["verb"] == "delete")
    assert deleted == ["AuthorizationPolicy", *["Deployment"] * 2, "DestinationRule", *["Service"] * 2]


def test_the_hooks_are_told_that_it_is_a_rehearsal(asked_of_widgets: tuple[Told, list[Call]]):
    calls = asked_of_widgets[1]
    assert {call.headers["x-shadow-role"] for call in calls} == {"rehearse"}
    assert {call.headers["x-team"] for call in calls} == {"a"}
    assert {call.path for call in calls} == {"/old/sync", "/new/sync"}


def test_a_hook_that_may_not_be_asked_is_not_asked_and_the_rehearsal_is_inconclusive(tmp_path: Path):
    with HookServer(speaking_both()) as hook:
        migration = sides(f"{hook.url}/old", f"{hook.url}/new")
        migration["new"]["shadow_when"] = "never"
        status, acts, told = rehearse(tmp_path, widgets_export(), migration)
        assert {call.path for call in hook.calls} == {"/old/sync"}
    assert status == 4
    assert acts["move"]["failed"]
    assert told["calls"]["new"]["asked"] == 0
    assert told["calls"]["new"]["withheld"] > 0


def test_a_failing_hook_is_inconclusive(tmp_path: Path):
    with HookServer(answer_json({"error": "no"}, status=500)) as hook:
        status, acts, told = rehearse(tmp_path, widgets_export(), sides(hook.url, hook.url))
    assert status == 4
    assert acts["steady"]["failed"][0]["parent"] == "ns/w"
    assert [sentence.partition(" ")[0] for sentence in told["recommendation"]] == ["In"]  # and nothing to do


@pytest.mark.parametrize("failing", [False, True], ids=["marks cost nothing", "nothing is known"])
def test_marks_are_recommended_where_they_were_seen_to_cost_nothing(failing: bool):
    failed = (("ns/w", "no answer"),) if failing else ()
    scenes = (Scene.HANDED_OVER, Scene.MARKS_ON, Scene.MARKED_SWITCH)
    said = recommendation([Act(scene, 1, (), (), failed, quiet=not failing) for scene in scenes])
    assert any("cost nothing" in sentence for sentence in said) is not failing


@pytest.mark.parametrize(("others", "first"), [(0, "No parent was played"), (1, "1 of 2 parents are not")])
def test_parents_that_the_new_front_does_not_select_are_told(tmp_path: Path, others: int, first: str):
    export = widgets_export()
    composite, widget = export["items"]
    decorator, _ = successor(composite, Wishes(Protocol.DECORATOR, label_selector={"matchLabels": {"on": "yes"}}))
    selected = {**widget, "metadata": {**widget["metadata"], "name": "v", "uid": "v", "labels": {"on": "yes"}}}
    export["items"] += [decorator, *[selected] * others]
    with HookServer(speaking_both()) as hook:
        status, acts, told = rehearse(tmp_path, export, sides(f"{hook.url}/old", f"{hook.url}/new"))
    assert acts["move"]["played"] == others
    assert (status == 4) is (others == 0)
    assert told["recommendation"][0].startswith(first)
    assert len(told["recommendation"]) == 1 or others


def test_a_parent_that_is_being_deleted_is_no_base_for_advice(tmp_path: Path):
    export = widgets_export()
    export["items"][1]["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["lab/hold"]}
    with HookServer(speaking_both()) as hook:
        status, acts, told = rehearse(tmp_path, export, sides(f"{hook.url}/old", f"{hook.url}/new"))
    assert (status, acts["move"]["played"]) == (4, 0)
    assert [sentence[:20] for sentence in told["recommendation"]] == ["No parent was played"]


def test_a_hook_that_is_down_is_named_and_nothing_is_advised_on_a_move_that_failed(tmp_path: Path):
    with HookServer(speaking_both()) as down:
        gone = down.url
    with HookServer(speaking_both()) as hook:
        status, _, told = rehearse(tmp_path, widgets_export(), sides(f"{hook.url}/old", f"{gone}/new"))
    assert (status, told["calls"]["old"]["fault"]) == (4, None)
    assert told["calls"]["new"]["fault"].startswith(f"the sync hook at {gone}/new/sync gave no answer: ")
    assert not [sentence for sentence in told["recommendation"] if "rollback" in sentence or "proxy out" in sentence]


def test_an_export_without_controller_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "export.json").write_text('{"kind": "List", "items": []}')
    (tmp_path / "shadow.yaml").write_text(json.dumps({"migrations": {"m": sides("http://a", "http://b")}}))
    assert main(["rehearse", str(tmp_path / "export.json"), "--config", str(tmp_path / "shadow.yaml")]) == 1
    assert "neither a CompositeController nor a DecoratorController" in capsys.readouterr().err
