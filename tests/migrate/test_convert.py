"""Controllers in a text: converted where they stand, everything else as it was, and nothing said that is not so."""

import copy
import json
import re
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it brings no types
import pytest

from shadow.migrate.controllers import KUBECTL_APPLIED, Wishes, protocol_of
from shadow.migrate.convert import NotConvertibleError, controllers_in, convert_text
from shadow.migrate.yamltext import UnreadableTextError, read_documents
from shadow.protocol.convert import convert
from shadow.protocol.names import SYSTEM_METADATA
from shadow.terms import Protocol
from tests.migrate.texts import (
    ALIASES,
    BLOCK,
    BLOCK_CONVERTED,
    COMPOSITES,
    DECORATOR,
    EMPTY,
    FLOW,
    JSON,
    LIST,
    NARROW,
    SURROUNDED,
)

ROOT = Path(__file__).parents[2]
TO_DECORATOR, TO_COMPOSITE = Wishes(Protocol.DECORATOR), Wishes(Protocol.COMPOSITE)
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "tests/data/controllers.schema.json").read_text()))


NULL_HOOK = """\
apiVersion: metacontroller.k8s.io/v1alpha1
kind: CompositeController
metadata: {name: widgets}
spec:
  parentResource: {apiVersion: example.com/v1, resource: widgets}
  hooks:
    sync: {webhook: {url: http://hook/sync}}
    finalize: null
"""


def _values(text):
    return [document.value for document in read_documents(text, "t")]


def _codes(converted):
    return {notice.code for notice in converted.notices}


def _convert(text, **wishes):
    return convert_text(text, "cc.yaml", Wishes(Protocol.DECORATOR, **wishes))


def test_comments_and_order_stay():
    assert _convert(BLOCK).text == BLOCK_CONVERTED


@pytest.mark.parametrize("text", COMPOSITES.values(), ids=COMPOSITES)
def test_what_comes_out_is_what_the_api_server_takes(text):
    converted = _convert(text)
    for body in converted.controllers:
        SCHEMA.validate(body)
    kinds = [value.get("kind") for value in _values(converted.text)]
    assert "CompositeController" not in json.dumps(_values(converted.text))
    assert kinds == [str(value["kind"]).replace("Composite", "Decorator") for value in _values(text)]


@pytest.mark.parametrize("text", COMPOSITES.values(), ids=COMPOSITES)
def test_what_it_says_is_what_the_table_of_both_kinds_says(text):
    for before, after in zip(_controllers(text), _controllers(_convert(text).text), strict=True):
        expected, _ = convert(before, Protocol.DECORATOR)
        for hook in expected["spec"]["hooks"].values():
            hook.pop("version", None)
        spec = json.loads(json.dumps(after["spec"]))
        for hook in spec["hooks"].values():
            hook.pop("version", None)
        assert spec == {name: value for name, value in expected["spec"].items() if value != []}


def _controllers(text):
    bodies = [body for value in _values(text) for body in (value["items"] if value["kind"] == "List" else [value])]
    return [body for body in bodies if protocol_of(body)]


def test_what_only_a_live_object_has_is_left_out():
    (value,) = _values(_convert(LIST).text)
    assert value["items"][0]["metadata"] == {"name": "listed"}
    assert "status" not in value["items"][0]
    assert "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: left-alone}  # as it was\n" in _convert(LIST).text


def test_a_list_of_the_one_kind_becomes_one_of_the_other():
    text = LIST.replace("kind: List", "kind: CompositeControllerList")
    assert _convert(text).text == _convert(LIST).text.replace("kind: List", "kind: DecoratorControllerList")


@pytest.mark.parametrize(
    ("text", "lost"), [(ALIASES, True), (NARROW, True), (FLOW, False), (JSON, False), (EMPTY, False)]
)
def test_where_comments_cannot_be_kept_it_is_said(text, lost):
    assert ("comments-lost" in _codes(_convert(text))) is lost


def test_json_stays_json():
    assert json.loads(_convert(JSON, proxy_url="http://p/m").text)["kind"] == "DecoratorController"


def test_every_caveat_has_its_line():
    said = {notice.code: (notice.line, notice.level) for notice in _convert(FLOW).notices}
    assert said == {
        "generated-selector": (2, "warning"),
        "revision-history": (3, "warning"),
        "rolling-method": (4, "error"),
        "hook-unchanged": (5, "warning"),
    }
    assert str(_convert(BLOCK).notices[0]).startswith("cc.yaml:8: warning: ")


@pytest.mark.parametrize(
    ("text", "wishes", "codes"),
    [
        (BLOCK, Wishes(Protocol.DECORATOR), {"hook-unchanged"}),
        (BLOCK, Wishes(Protocol.DECORATOR, label_selector={"matchLabels": {"a": "b"}}), {"hook-unchanged"}),
        (BLOCK, Wishes(Protocol.DECORATOR, proxy_url="http://p/m"), set()),
        (DECORATOR, Wishes(Protocol.COMPOSITE), {"hook-unchanged"}),
        (DECORATOR, Wishes(Protocol.DECORATOR), {"same-kind"}),
        (BLOCK, Wishes(Protocol.COMPOSITE), {"same-kind"}),
        (DECORATOR, Wishes(Protocol.DECORATOR, proxy_url="http://p/m"), set()),
    ],
    ids=["there", "narrowed", "to the proxy", "back", "there already", "back already", "its own, to the proxy"],
)
def test_whose_hook_is_called_and_that_nothing_was_converted_is_told(text, wishes, codes):
    assert _codes(convert_text(text, "f.yaml", wishes)) & {"hook-unchanged", "same-kind"} == codes


def test_a_kind_that_only_the_other_one_declares_is_added():
    new = DECORATOR.replace("lab.example.com/v1", "v1").replace("resource: widgets", "resource: namespaces")
    (other,) = _values(new)
    converted = _convert(BLOCK, others=(other,))
    assert converted.text.startswith(BLOCK_CONVERTED.partition("  hooks:")[0])
    kinds = [rule["resource"] for rule in converted.controllers[0]["spec"]["attachments"]]
    assert kinds == ["secrets", "deployments", "configmaps"]
    assert "union-parents" not in _codes(converted)


def test_a_decorator_controller_takes_in_the_kinds_of_the_old_one():
    (old,) = _values(BLOCK)
    converted = convert_text(DECORATOR, "dc.yaml", Wishes(Protocol.DECORATOR, others=(old,)))
    assert [rule["resource"] for rule in converted.controllers[0]["spec"]["attachments"]] == [
        "configmaps",
        "secrets",
        "deployments",
    ]
    assert _codes(converted) == {"union-parents"}


def test_several_others_are_all_taken_in_whatever_their_names():
    others = [json.loads(json.dumps(_values(DECORATOR)[0]).replace("configmaps", kind)) for kind in ("pods", "roles")]
    for number, other in enumerate(others):
        other["metadata"]["name"] = f"other-{number}"
    kinds = [rule["resource"] for rule in _convert(BLOCK, others=tuple(others)).controllers[0]["spec"]["attachments"]]
    assert kinds == ["secrets", "deployments", "pods", "roles"]


@pytest.mark.parametrize(
    "held", ["{matchLabels: {a: b}}", "\n      matchLabels:\n        a: b # why"], ids=["flow", "block"]
)
def test_another_selector_costs_no_other_comment(held):
    parent = "    apiVersion: lab.example.com/v1\n    resource: widgets # parents\n"
    text = (
        "kind: CompositeController\napiVersion: metacontroller.k8s.io/v1alpha1\nmetadata:\n  name: w # its name\n"
        f"spec:\n  parentResource:\n{parent}    labelSelector: {held}\n  hooks: {{}} # none\n"
    )
    converted = _convert(text, label_selector={"matchLabels": {"x": "y"}})
    assert "comments-lost" not in _codes(converted)
    assert all(comment in converted.text for comment in ("# its name", "# parents", "# none"))


def test_a_method_that_differs_is_kept_and_told():
    (other,) = _values(DECORATOR.replace("configmaps", "secrets"))
    converted = _convert(BLOCK, others=(other,))
    assert {"union-method", "union-parents"} <= _codes(converted)
    assert converted.controllers[0]["spec"]["attachments"][0]["updateStrategy"] == {"method": "OnDelete"}


@pytest.mark.parametrize(
    ("url", "expected", "told"),
    [
        ("http://p:8080/kfp", "http://p:8080/kfp", False),
        ("http://p:8080/kfp/", "http://p:8080/kfp", False),
        ("http://p:8080", "http://p:8080/listed", True),
    ],
)
def test_every_hook_is_pointed_at_the_proxy(url, expected, told):
    converted = _convert(LIST, proxy_url=url)
    hooks = converted.controllers[0]["spec"]["hooks"]
    assert hooks["finalize"] == {"version": "v2", "webhook": {"url": f"{expected}/finalize"}}
    assert hooks["sync"] == {"webhook": {"url": f"{expected}/sync"}}
    assert ("proxy-path" in _codes(converted)) is told


def test_a_narrower_selector_tells_what_falls_out_of_scope_and_is_not_deleted():
    selector = {"matchLabels": {"app.kubernetes.io/part-of": "kubeflow-profile"}}
    converted = _convert(BLOCK, label_selector=selector)
    assert converted.controllers[0]["spec"]["resources"][0]["labelSelector"] == selector
    (notice,) = [notice for notice in converted.notices if notice.code == "scope"]
    assert "not deleted" in " ".join(notice.message.split())


def test_back_again():
    converted = convert_text(DECORATOR, "dc.yaml", TO_COMPOSITE)
    (body,) = converted.controllers
    SCHEMA.validate(body)
    assert body["spec"]["generateSelector"] is True
    assert body["spec"]["parentResource"] == {"apiVersion": "lab.example.com/v1", "resource": "widgets"}
    assert "    # the only ones\n" in converted.text
    assert "name: widgets  # its own name" in converted.text
    assert "comments-lost" not in _codes(converted)


@pytest.mark.parametrize("text", COMPOSITES.values(), ids=COMPOSITES)
def test_there_and_back_loses_what_was_warned_of_and_nothing_else(text):
    text = re.sub(r"apiVersion: v1(\s+resource: namespaces)", r"apiVersion: lab.example.com/v1\1", text)
    there = _convert(text)
    back = convert_text(there.text, "dc.yaml", TO_COMPOSITE)
    for before, after in zip(_controllers(text), _controllers(back.text), strict=True):
        assert after == _what_both_say(before)
    assert _codes(there) <= LOST | {"dead-hook", "comments-lost"}
    for code, field in WARNED.items():
        assert (code in _codes(there)) is (field in text)


WARNED = {"revision-history": "revisionHistory", "rolling-method": "Rolling", "status-checks": "conditions"}
LOST = {"hook-unchanged", "generated-selector", "adoption", "revision-history", "rolling-method", "status-checks"}


def _what_both_say(composite):
    """Without what only a live object has, either."""
    said = copy.deepcopy(composite)
    spec = said["spec"]
    spec["generateSelector"] = True
    spec["parentResource"].pop("revisionHistory", None)
    for rule in spec.get("childResources", []):
        if strategy := rule.get("updateStrategy"):
            rule["updateStrategy"] = {"method": strategy["method"].removeprefix("Rolling")}
    for dead in ("preUpdateChild", "postUpdateChild"):
        spec["hooks"].pop(dead, None)
    said.pop("status", None)
    for field in SYSTEM_METADATA:
        said["metadata"].pop(field, None)
    if KUBECTL_APPLIED in said["metadata"].get("annotations", {}):
        del said["metadata"]["annotations"]
    return said


def test_credentials_are_for_whom_metacontroller_calls():
    converted = _convert(SURROUNDED, proxy_url="http://shadow.hooks:8080/propagation")
    told = [(notice.code, notice.line) for notice in converted.notices if notice.code != "generated-selector"]
    assert told == [("endpoint-unused", 27), ("webhook-credentials", 45)]
    assert converted.controllers[0]["spec"]["endpointConfigs"] == _controllers(SURROUNDED)[0]["spec"]["endpointConfigs"]


@pytest.mark.parametrize("host", ["shadow.hooks", "Shadow.hooks:80", "shadow.hooks:8080"])
def test_an_endpoint_for_the_proxy_is_no_matter(host):
    port = ":8080" if host.endswith("8080") else ""
    text = SURROUNDED.replace("- host: propagation.hooks", f"- host: {host}")
    assert "endpoint-unused" not in _codes(_convert(text, proxy_url=f"http://shadow.hooks{port}/propagation"))


@pytest.mark.parametrize(
    ("text", "wishes", "code"),
    [
        ("kind: ConfigMap\napiVersion: v1\n", TO_DECORATOR, "no-controller"),
        ("", TO_DECORATOR, "no-controller"),
        (BLOCK.partition("spec:")[0], TO_DECORATOR, "malformed"),
        (BLOCK.replace("parentResource:", "parentResources:"), TO_DECORATOR, "malformed"),
        (DECORATOR.replace("metadata:", "data:", 1), TO_COMPOSITE, "malformed"),
        (NULL_HOOK.replace("null", "http://a"), TO_DECORATOR, "malformed"),
        (NULL_HOOK.replace("null", "{webhook: http://a}"), TO_DECORATOR, "malformed"),
        (BLOCK.replace("    resource: namespaces   # core\n", ""), TO_DECORATOR, "malformed"),
        (DECORATOR.replace("lab.example.com/v1", "v1"), TO_COMPOSITE, "core-parent"),
        (
            DECORATOR.replace("  attachments:", "    - {apiVersion: v1, resource: pods}\n  attachments:"),
            TO_COMPOSITE,
            "several-resources",
        ),
        (
            DECORATOR.replace(
                "resource: widgets\n", "resource: widgets\n      annotationSelector: {matchAnnotations: {a: b}}\n"
            ),
            TO_COMPOSITE,
            "annotation-selector",
        ),
    ],
)
def test_what_has_no_counterpart_is_not_converted(text, wishes, code):
    with pytest.raises(NotConvertibleError) as error:
        convert_text(text, "f.yaml", wishes)
    assert [notice.code for notice in error.value.notices] == [code]


@pytest.mark.parametrize(
    "text",
    [DECORATOR.partition("spec:")[0], DECORATOR.replace("apiVersion: v1", "group: v1"), NULL_HOOK.replace("null", "a")],
    ids=["no spec", "no apiVersion", "a hook that is text"],
)
def test_one_to_take_in_that_is_malformed_is_told_with_its_line(text):
    with pytest.raises(NotConvertibleError) as error:
        controllers_in(text, "other.yaml")
    (notice,) = error.value.notices
    assert (notice.source, notice.line > 0, notice.code) == ("other.yaml", True, "malformed")


def test_a_hook_that_is_null_is_none():
    hooks = _values(_convert(NULL_HOOK, proxy_url="http://shadow/m").text)[0]["spec"]["hooks"]
    assert hooks == {"sync": {"webhook": {"url": "http://shadow/m/sync"}}}


def test_one_that_cannot_be_converted_stops_the_whole_file():
    with pytest.raises(NotConvertibleError):
        convert_text(f"{DECORATOR}---\n{DECORATOR.replace('lab.example.com/v1', 'v1')}", "f.yaml", TO_COMPOSITE)


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "\t- x"], ids=["open", "twice", "tab"])
def test_no_yaml_is_told_with_its_line(text):
    with pytest.raises(UnreadableTextError, match=r"f\.yaml:\d+: "):
        convert_text(text, "f.yaml", TO_DECORATOR)


def test_a_template_and_a_patch_are_told_what_they_are():
    with pytest.raises(UnreadableTextError, match="a template: render it first"):
        convert_text("{{ if .Values.on }}\n" + BLOCK, "templates/cc.yaml", TO_DECORATOR)
    patch = f"{BLOCK.partition('spec:')[0]}spec: {{hooks: {{sync: {{webhook: {{url: http://other/sync}}}}}}}}\n"
    with pytest.raises(NotConvertibleError, match="if this is a patch, convert what it is applied to"):
        convert_text(patch, "patch.yaml", TO_DECORATOR)


def test_a_kustomization_that_aims_at_the_old_kind_is_pointed_out():
    kustomization = "kind: Kustomization\npatches:\n- {path: p.yaml, target: {kind: CompositeController}}\n"
    assert "kustomize-target" in _codes(_convert(f"{kustomization}---\n{BLOCK}"))


def test_every_code_has_its_place_in_the_docs():
    page = (ROOT / "docs/reference/convert.md").read_text()
    source = "".join(
        (ROOT / "shadow" / name).read_text()
        for name in ("protocol/convert.py", "migrate/convert.py", "migrate/controllers.py", "migrate/pointing.py")
    )
    documented = {line.removeprefix("### ").strip() for line in page.splitlines() if line.startswith("### ")}
    assert documented
    assert all(f'"{code}"' in source for code in documented)
    for text in COMPOSITES.values():
        assert _codes(_convert(text, proxy_url="http://shadow")) <= documented
