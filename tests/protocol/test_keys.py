import json

import msgspec
import pytest

from shadow.protocol.keys import group_key, identify, join_groups, object_key, rekey, split_group_key, split_groups
from shadow.protocol.objects import Identity
from shadow.protocol.wire import UnreadableError
from shadow.terms import HookVersion
from tests.protocol.recordings import compact, config_map

V1, V2 = HookVersion.V1, HookVersion.V2


@pytest.mark.parametrize(
    ("key", "api_version", "kind"),
    [
        ("Pod.v1", "v1", "Pod"),
        ("Deployment.apps/v1", "apps/v1", "Deployment"),
        ("DestinationRule.networking.istio.io/v1alpha3", "networking.istio.io/v1alpha3", "DestinationRule"),
    ],
)
def test_a_group_key_is_split_at_its_first_dot(key, api_version, kind):
    assert split_group_key(key) == (api_version, kind)
    assert group_key(api_version, kind) == key


@pytest.mark.parametrize(
    ("namespace", "version", "parent_namespace", "expected"),
    [
        ("ns", V1, "", "ns/a"),
        ("", V1, "", "a"),
        ("ns", V2, "", "ns/a"),
        ("", V2, "", "a"),
        ("ns", V1, "ns", "a"),
        ("other", V1, "ns", None),
        ("", V1, "ns", None),
        ("ns", V2, "ns", "ns/a"),
        ("other", V2, "ns", "other/a"),
        ("", V2, "ns", "a"),
    ],
)
def test_an_object_is_called_by_version_and_scope_of_the_parent(namespace, version, parent_namespace, expected):
    assert object_key(namespace, "a", version, parent_namespace) == expected


def _keys(groups):
    return {group: list(objects) for group, objects in groups.items()}


def test_v1_drops_foreign_objects_and_keeps_empty_groups():
    groups = split_groups(
        compact({"ConfigMap.v1": {"ns/a": {}, "other/b": {}, "c": {}}, "Bauble.lab.example.com/v1": {"bau": {}}})
    )
    renamed, lost = rekey(groups, V1, "ns")
    assert _keys(renamed) == {"ConfigMap.v1": ["a"], "Bauble.lab.example.com/v1": []}
    assert lost == 3


def test_v2_keys_come_from_the_objects_own_metadata():
    groups = split_groups(compact({"ConfigMap.v1": {"a": config_map("a", namespace="ns"), "b": config_map("b")}}))
    renamed, lost = rekey(groups, V2, "ns")
    assert _keys(renamed) == {"ConfigMap.v1": ["ns/a", "b"]}
    assert lost == 0


@pytest.mark.parametrize("odd", ["1e3", r'"\ud800"', "[" * 2000 + "]" * 2000], ids=["number", "surrogate", "deep"])
def test_objects_keep_their_bytes(odd):
    text = b'{"ConfigMap.v1":{"a":{"kind":"ConfigMap","x":' + odd.encode() + b"}}}"
    assert bytes(join_groups(split_groups(text))) == text


@pytest.mark.parametrize("text", ["[]", '{"ConfigMap.v1": []}', '{"ConfigMap.v1": null}', "null"])
def test_what_is_no_object_map_is_unreadable(text):
    with pytest.raises(UnreadableError):
        split_groups(text.encode())


def test_rekeying_there_and_back_is_the_identity_for_what_v1_shows():
    groups = split_groups(json.dumps({"ConfigMap.v1": {"a": config_map("a", namespace="ns")}}).encode())
    there, _ = rekey(groups, V2, "ns")
    back, lost = rekey(there, V1, "ns")
    assert (_keys(back), lost) == (_keys(groups), 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"apiVersion":"v1","kind":"A","metadata":{"name":"a","namespace":"n"}}', Identity("v1", "A", "n", "a")),
        ('{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}', Identity("v1", "A", "ns", "a")),
        ('{"apiVersion":"v1","kind":"A","metadata":{"name":5,"namespace":""}}', Identity("v1", "A", "ns", "")),
        ('{"apiVersion":null,"kind":"A","metadata":[]}', Identity("", "A", "ns", "")),
        ('{"apiVersion":5,"kind":"A","metadata":{"name":"a","namespace":"n"}}', Identity("", "A", "n", "a")),
        ('{"apiVersion":"v1","kind":[],"metadata":{"name":"a","namespace":7}}', Identity("v1", "", "ns", "a")),
        ("{}", Identity("", "", "ns", "")),
        ('"x"', Identity("", "", "ns", "")),
        (r'{"kind":"A","x":"\ud800","metadata":{"name":"a"}}', Identity("", "A", "ns", "a")),
    ],
)
def test_an_object_is_identified_by_what_is_text(text, expected):
    assert identify(msgspec.Raw(text.encode()), "ns") == expected
