"""Two hooks made up by chance, which differ by a known list of edits: all of them are found, and nothing else.

Kinds of any group, maps in lists, cluster-scoped objects, names of any script, numbers of any size; asked for several
parents, of which each edit is one group.
"""

import copy
import json
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.compare.comparison import compare
from shadow.compare.golang import compact_json
from shadow.compare.model import Candidate, Comparison, Pair
from shadow.compare.rules import Rules
from shadow.fieldpath import Item, Steps, render
from shadow.protocol.messages import read_request
from shadow.protocol.names import LAST_APPLIED
from shadow.protocol.wire import parse
from shadow.redact import Redactor
from shadow.terms import Change, Hook, Outcome
from tests.compare.calls import encoded

KINDS = [
    ("v1", "ConfigMap", True),
    ("apps/v1", "Deployment", True),
    ("lab.example.com/v1alpha1", "Gadget", True),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", False),
    ("x.y.z/v2", "Ünit", True),
]
NAMES = ["a", "settings", "{ns}-store", "of.{ns}", "é", "名前", "x" * 60]
PARENTS = ("team-a", "b", "7")
SCALARS: list[Any] = [0, 1, 1.0, 1.5, True, False, "1", "", "text of {ns}", "名", 2**62, 10**30, 1e-7, -1]
CHANGED: dict[str, Any] = {"was": "this", "is": "that"}


class Edit(NamedTuple):
    """What `new` does otherwise: at this object and place."""

    at: int
    path: Steps
    change: Change


def made(kind: tuple[str, str, bool], name: str, values: list[Any]) -> dict[str, Any]:
    api_version, word, namespaced = kind
    metadata = {"name": name} | ({"namespace": "{ns}"} if namespaced else {})
    spec = {
        "values": dict(zip("abcd", values, strict=False)),
        "ports": [{"port": 80, "name": "web", "v": values[0]}, {"port": 81, "name": "é", "v": values[-1]}],
        "lists": [[1, "2"], []],
        "__private": {"deep": [{"er": values[0]}]},
    }
    return {"apiVersion": api_version, "kind": word, "metadata": metadata, "spec": spec}


PLACES: list[tuple[Steps, tuple[Any, ...]]] = [
    (("spec", "values", "a"), ("spec", "values", "a")),
    (("spec", "ports", Item("port", "81"), "v"), ("spec", "ports", 1, "v")),
    (("spec", "__private", "deep", 0, "er"), ("spec", "__private", "deep", 0, "er")),
    (("metadata", "labels", "of/{ns}"), ("metadata", "labels", "of/{ns}")),
]


@st.composite
def hooks(draw) -> tuple[list[Any], list[Any], list[Edit]]:
    """What both hooks want, as templates, and how `new` differs."""
    chosen = draw(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES)), unique=True, max_size=5))
    values = st.lists(st.sampled_from(SCALARS), min_size=1, max_size=4)
    old: list[Any] = [made(kind, name, draw(values)) for kind, name in chosen]
    new: list[Any] = copy.deepcopy(old)
    edits = []
    for at, item in enumerate(new):
        match draw(st.sampled_from(["same", "removed", "added", *range(len(PLACES)), "same"])):
            case "removed":
                new[at] = None
                edits.append(Edit(at, (), Change.REMOVED))
            case "added":
                old[at] = None
                edits.append(Edit(at, (), Change.ADDED))
            case int(which):
                path, keys = PLACES[which]
                edits.append(Edit(at, path, _put(item, keys)))
    return old, new, edits


def _put(item: Any, keys: tuple[Any, ...]) -> Change:
    """Another value at the place."""
    for key in keys[:-1]:
        item = item.setdefault(key, {}) if isinstance(item, dict) else item[key]
    had = isinstance(item, list) or keys[-1] in item
    item[keys[-1]] = CHANGED
    return Change.CHANGED if had else Change.ADDED


def applied(item: dict[str, Any]) -> dict[str, Any]:
    """The object as it is observed after the controller `dc` has applied it."""
    annotations = {"metacontroller.k8s.io/decorator-controller": "dc"}
    item = parse(encoded(item))
    desired = item | {"metadata": item["metadata"] | {"annotations": annotations}}
    system = {"uid": "u", "resourceVersion": "7", "annotations": annotations | {LAST_APPLIED: compact_json(desired)}}
    return desired | {"metadata": item["metadata"] | system}


def asked(ns: str, old: list[Any], new: list[Any], *, seen: bool) -> Comparison:
    items, others = (json.loads(json.dumps([each for each in side if each]).replace("{ns}", ns)) for side in (old, new))
    groups: dict[str, dict[str, Any]] = {f"{word}.{api_version}": {} for api_version, word, _ in KINDS}
    for item in items if seen else []:
        metadata = item["metadata"]
        key = f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else metadata["name"]
        groups[f"{item['kind']}.{item['apiVersion']}"][key] = applied(item)
    controller = {
        "kind": "DecoratorController", "metadata": {"name": "dc"},
        "spec": {
            "attachments": [
                {"apiVersion": version, "resource": f"{word.lower()}s", "updateStrategy": {"method": "InPlace"}}
                for version, word, _ in KINDS
            ],
            "hooks": {"sync": {"version": "v2"}},
        },
    }  # fmt: skip
    root = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns, "uid": f"uid-{ns}"}}
    message = {"controller": controller, "object": root, "attachments": groups, "related": {}, "finalizing": False}
    body = encoded(message)
    read = read_request(body, Hook.SYNC)
    one, other = (Candidate(encoded({"attachments": side}), 200) for side in (items, others))
    pair = Pair("call", "m", Hook.SYNC, read.front, body, read.parent, one, other, keep_bodies=True)
    return compare(pair, Rules(), Redactor(b"fake-key"), 60)


def shown(comparison: Comparison) -> list[tuple[str, str, Change]]:
    return sorted((str(each.shown_object), each.shown_path, each.change) for each in comparison.differences)


def expected(old: list[Any], new: list[Any], edits: list[Edit]) -> list[tuple[str, str, Change]]:
    found = []
    for edit in edits:
        item = old[edit.at] or new[edit.at]
        kind, group = item["kind"], item["apiVersion"].rpartition("/")[0]
        name = [f"{kind}.{group}" if group else kind, item["metadata"].get("namespace"), item["metadata"]["name"]]
        text = "/".join(filter(None, name)).replace("{ns}", "<namespace>")
        found.append((text, render(edit.path).replace("{ns}", "<namespace>"), edit.change))
    return sorted(found)


@settings(max_examples=60, deadline=None)
@given(hooks(), st.booleans())
def test_every_edit_is_found_and_nothing_is_made_up(made_up, seen):
    old, new, edits = made_up
    comparisons = [asked(ns, old, new, seen=seen) for ns in PARENTS]
    for comparison in comparisons:
        assert shown(comparison) == expected(old, new, edits)
        assert comparison.outcome is (Outcome.MISMATCHED if edits else Outcome.MATCHED)
    assert {each.group for each in comparisons[0].differences} == {
        each.group for comparison in comparisons for each in comparison.differences
    }


@settings(max_examples=30, deadline=None)
@given(hooks())
def test_what_is_observed_as_old_wants_it_is_written_for_the_edits_of_new_alone(made_up):
    old, new, edits = made_up
    comparison = asked("team-a", old, new, seen=True)
    assert {each.effect.value for each in comparison.effects_old} <= {"none", "delete"}
    written = {str(each.object): each.effect.value for each in comparison.effects_new if each.effect.value != "none"}
    verbs = {Change.REMOVED: "delete", Change.ADDED: "create", Change.CHANGED: "update"}
    wanted = {
        text.replace("<namespace>", "team-a"): "update" if path else verbs[change]
        for text, path, change in expected(old, new, edits)
    }
    assert written == wanted
