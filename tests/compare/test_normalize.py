"""What Kubernetes itself makes equal is ignored by name, and nothing else is."""

import base64

import pytest

from shadow.compare.comparison import compare
from shadow.compare.normalize import RULES
from shadow.compare.rules import compile_rules
from shadow.config.rules import Normalize
from shadow.protocol.names import CONTROLLER_UID_LABEL, DECORATOR_ANNOTATION, LAST_APPLIED
from shadow.redact import Redactor
from shadow.terms import Outcome
from tests.compare.calls import answer, config_map, encoded, observed, pair, request

KINDS = (
    "ConfigMap.v1",
    "Secret.v1",
    "Service.v1",
    "Deployment.apps/v1",
    "Role.rbac.authorization.k8s.io/v1",
    "Foo.e.com/v1",
)
REDACTOR = Redactor(b"key")


def item(kind="ConfigMap", version="v1", /, **fields):
    metadata = {"name": "x", **fields.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def deployment(pod=None, container=None, **spec):
    containers = [{"name": "main", "image": "i", **(container or {})}]
    return item("Deployment", "apps/v1", spec={**spec, "template": {"spec": {"containers": containers, **(pod or {})}}})


def service(*ports, **spec):
    return item("Service", spec={"ports": [{"port": 80, **port} for port in ports or ({},)], **spec})


def secret(**fields):
    return item("Secret", **fields)


def role(*verbs):
    return rules(verbs)


def rules(*several):
    """A role with a rule for each of these lists of verbs."""
    granted = [{"resources": ["pods"], "verbs": list(verbs)} for verbs in several]
    return item("Role", "rbac.authorization.k8s.io/v1", rules=granted)


SCHEMA = "spec.versions[name=v1].schema.openAPIV3Schema"


def crd(**schema):
    version = {"name": "v1", "schema": {"openAPIV3Schema": schema}}
    return item("CustomResourceDefinition", "apiextensions.k8s.io/v1", spec={"versions": [version]})


def custom(**fields):
    return item("Foo", "e.com/v1", **fields)


def b64(text):
    return base64.b64encode(text.encode()).decode()


def named(old, new, *seen, method="InPlace", records=()):
    """(path, rule) of each difference."""
    message = request(*seen, kinds=KINDS, method=method)
    comparison = compare(pair(message, answer(old), answer(new)), compile_rules(records), REDACTOR, 5.0)
    return comparison, [(found.path, found.ignored_because) for found in comparison.differences]


MEMORY = "spec.template.spec.containers[name=main].resources.limits.memory"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(deployment(), deployment(paused=None), [("spec.paused", "null")], id="null-field"),
        pytest.param(
            item(metadata={"creationTimestamp": None}),
            item(),
            [("metadata.creationTimestamp", "null")],
            id="null-metadata",
        ),
        pytest.param(
            custom(metadata={"labels": None}),
            custom(),
            [("metadata.labels", "null")],
            id="null-metadata-of-custom-objects",
        ),
        pytest.param(custom(spec={"a": None}), custom(spec={}), [("spec.a", None)], id="null-in-a-custom-object"),
        pytest.param(
            item(data={"a": None}), item(data={}), [("data.a", None)], id="null-among-texts-is-the-empty-text"
        ),
        pytest.param(
            deployment(paused=None), deployment(paused=False), [("spec.paused", None)], id="null-against-false"
        ),
        pytest.param(item(metadata={"annotations": {}}), item(), [("metadata.annotations", "empty")], id="empty-map"),
        pytest.param(
            deployment({"nodeSelector": {}}),
            deployment({"nodeSelector": None}),
            [("spec.template.spec.nodeSelector", "empty")],
            id="empty-against-null",
        ),
        pytest.param(
            deployment({"tolerations": []}),
            deployment(),
            [("spec.template.spec.tolerations", "empty")],
            id="empty-list",
        ),
        pytest.param(custom(spec={"list": []}), custom(spec={}), [("spec.list", None)], id="empty-in-a-custom-object"),
        pytest.param(
            deployment({"securityContext": {}}),
            deployment(),
            [("spec.template.spec.securityContext", None)],
            id="an-empty-structure-is-something",
        ),
        pytest.param(
            deployment({}, {"resources": {"limits": {"memory": "1024Mi"}}}),
            deployment({}, {"resources": {"limits": {"memory": "1Gi"}}}),
            [(MEMORY, "quantity")],
            id="quantity",
        ),
        pytest.param(
            deployment({}, {"resources": {"limits": {"memory": 1}}}),
            deployment({}, {"resources": {"limits": {"memory": "1000m"}}}),
            [(MEMORY, "quantity")],
            id="number-and-quantity",
        ),
        pytest.param(
            deployment({}, {"resources": {"limits": {"memory": "1G"}}}),
            deployment({}, {"resources": {"limits": {"memory": "1Gi"}}}),
            [(MEMORY, None)],
            id="another-quantity",
        ),
        pytest.param(
            item(data={"limits": "1000m"}),
            item(data={"limits": "1"}),
            [("data.limits", None)],
            id="text-is-no-quantity",
        ),
        pytest.param(
            secret(stringData={"a": "x"}),
            secret(data={"a": b64("x")}),
            [("data.a", "string_data"), ("stringData.a", "string_data")],
            id="string-data",
        ),
        pytest.param(
            secret(stringData={"a": "x"}),
            secret(data={"a": b64("y")}),
            [("data.a", None), ("stringData.a", None)],
            id="other-string-data",
        ),
        pytest.param(
            secret(stringData={"a": "x"}, data={"a": b64("y")}),
            secret(stringData={"a": "x"}),
            [("data.a", "string_data")],
            id="string-data-wins",
        ),
        pytest.param(
            item(stringData={"a": "x"}),
            item(data={"a": b64("x")}),
            [("data.a", None), ("stringData.a", None)],
            id="no-secret",
        ),
        pytest.param(
            role("get", "list"), role("list", "get"), [("rules[0].verbs", "set_order")], id="set-in-another-order"
        ),
        pytest.param(
            role("get", "list"),
            role("list", "get", "watch"),
            [("rules[0].verbs", "set_order"), ("rules[0].verbs[2]", None)],
            id="set-with-one-more",
        ),
        pytest.param(
            rules(["get", "list"], ["watch"]),
            rules(["watch"], ["list", "get"]),
            [("rules", "set_order")],
            id="sets-in-items-of-a-set-in-another-order",
        ),
        pytest.param(
            rules(["get", "list"], ["watch", "get"], ["x"]),
            rules(["list", "get"], ["get", "watch"], ["x"]),
            [("rules[0].verbs", "set_order"), ("rules[1].verbs", "set_order")],
            id="sets-in-items-that-stay",
        ),
        pytest.param(
            rules(["get"], ["watch"]),
            rules(["watch"], ["get", "list"]),
            [("rules[0].verbs[1]", None)],
            id="what-is-left-of-a-set-is-held-against-each-other",
        ),
        pytest.param(rules(["get"], ["watch"]), rules(["watch"]), [("rules[0]", None)], id="one-structure-less"),
        pytest.param(
            rules(["a"], ["b"], ["c"]),
            rules(["c"], ["b"]),
            [("rules", "set_order"), ("rules[0]", None)],
            id="one-structure-less-in-another-order",
        ),
        pytest.param(
            rules(*([str(at)] for at in range(600))),
            rules(*([f"x{at}"] for at in range(600))),
            [(f"rules[{at}].verbs[0]", None) for at in range(600) for _ in ("removed", "added")],
            id="many-other-structures-are-no-order",
        ),
        pytest.param(
            crd(default=[], nullable=None, enum=[None]),
            crd(nullable=None),
            [(f"{SCHEMA}.default", None), (f"{SCHEMA}.enum", None)],
            id="what-a-schema-says-of-foreign-json-is-real",
        ),
        pytest.param(crd(nullable=None), crd(), [(f"{SCHEMA}.nullable", "null")], id="a-null-in-a-schema"),
        pytest.param(
            crd(default={"limits": {"cpu": "1000m"}}),
            crd(default={"limits": {"cpu": "1"}}),
            [(f"{SCHEMA}.default.limits.cpu", None)],
            id="a-quantity-in-foreign-json",
        ),
        pytest.param(role("get", "get"), role("get"), [("rules[0].verbs[1]", None)], id="twice-is-not-once"),
        pytest.param(
            service({"port": 80}, {"port": 81}),
            service({"port": 81}, {"port": 80}),
            [("spec.ports", "set_order")],
            id="keyed-set-in-another-order",
        ),
        pytest.param(
            deployment({}, {"env": [{"name": "A"}, {"name": "B"}]}),
            deployment({}, {"env": [{"name": "B"}, {"name": "A"}]}),
            [("spec.template.spec.containers[name=main].env", None)],
            id="the-order-of-variables-counts",
        ),
        pytest.param(
            deployment({}, {"args": ["a", "b"]}),
            deployment({}, {"args": ["b", "a"]}),
            [
                ("spec.template.spec.containers[name=main].args[0]", None),
                ("spec.template.spec.containers[name=main].args[1]", None),
            ],
            id="the-order-of-arguments-counts",
        ),
        pytest.param(
            custom(metadata={"finalizers": ["a", "b"]}),
            custom(metadata={"finalizers": ["b", "a"]}),
            [("metadata.finalizers", "set_order")],
            id="finalizers-of-any-object",
        ),
        pytest.param(
            custom(verbs=["a", "b"]),
            custom(verbs=["b", "a"]),
            [("verbs[0]", None), ("verbs[1]", None)],
            id="custom-list",
        ),
        pytest.param(
            config_map(data={"sizeLimit": "1024Mi", "divisor": "1"}, annotations={"sizeLimit": "1000m"}),
            config_map(data={"sizeLimit": "1Gi", "divisor": "1000m"}, annotations={"sizeLimit": "1"}),
            [("data.divisor", None), ("data.sizeLimit", None), ("metadata.annotations.sizeLimit", None)],
            id="texts-called-as-quantities-are",
        ),
        pytest.param(service(), service(type="ClusterIP"), [("spec.type", None)], id="a-default-without-proof"),
    ],
)
def test_a_spelling_is_named_and_a_real_difference_is_not(old, new, expected):
    comparison, found = named(old, new)
    assert sorted(found) == sorted((path, rule and f"normalized:{rule}") for path, rule in expected)
    assert (comparison.outcome is Outcome.MISMATCHED) == any(rule is None for _, rule in expected)


FILLED = {
    "spec": {
        "type": "ClusterIP", "sessionAffinity": "ClientIP",
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}, {"port": 90, "protocol": "TCP", "targetPort": 8}],
    }
}  # fmt: skip


@pytest.mark.parametrize(
    ("new", "path", "rule"),
    [
        pytest.param(service(type="ClusterIP"), "spec.type", "default", id="shown"),
        pytest.param(service(type="NodePort"), "spec.type", None, id="no-default"),
        pytest.param(service(sessionAffinity="None"), "spec.sessionAffinity", None, id="shown-otherwise"),
        pytest.param(service(ipFamilyPolicy="SingleStack"), "spec.ipFamilyPolicy", None, id="not-shown"),
        pytest.param(service({"protocol": "TCP"}), "spec.ports[port=80].protocol", "default", id="in-an-item"),
        pytest.param(service({"targetPort": 80}), "spec.ports[port=80].targetPort", "default", id="target-port"),
        pytest.param(service({"targetPort": 8}), "spec.ports[port=80].targetPort", None, id="another-target-port"),
    ],
)
def test_a_default_counts_as_such_where_the_observed_object_shows_it(new, path, rule):
    seen = observed(service()) | FILLED
    for old, other in ((service(), new), (new, service())):
        assert named(old, other, seen)[1] == [(path, rule and f"normalized:{rule}")]


@pytest.mark.parametrize(("first", "rule"), [("TCP", "normalized:default"), ("UDP", None)])
def test_of_observed_items_that_are_called_the_same_the_first_one_counts(first, rule):
    ports = [{"port": 80, "protocol": first}, "no item", {"port": 80, "protocol": "SCTP"}]
    seen = observed(service()) | {"spec": {"ports": ports}}
    old, new = service(), service({"protocol": "TCP"})
    assert ("spec.ports[port=80].protocol", rule) in named(old, new, seen)[1]


def test_a_whole_structure_of_defaults_is_one():
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    seen = observed(deployment(strategy=strategy))
    assert named(deployment(), deployment(strategy=strategy), seen)[1] == [("spec.strategy", "normalized:default")]
    other = strategy | {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}}
    assert named(deployment(), deployment(strategy=other), seen)[1] == [("spec.strategy", None)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([[], [{"protocol": "TCP", "x": 1}]], "normalized:default", id="shown-at-its-place"),
        pytest.param([[], []], None, id="no-such-item"),
        pytest.param([[]], None, id="no-such-place"),
        pytest.param([[], "x"], None, id="no-list"),
    ],
)
def test_an_item_of_a_list_without_key_is_found_by_its_place(rules, expected):
    def policy(*rules):
        return item("NetworkPolicy", "networking.k8s.io/v1", spec={"ingress": [{"ports": ports} for ports in rules]})

    kinds = {"kinds": ("NetworkPolicy.networking.k8s.io/v1",)}
    message = request(observed(policy(*rules)), **kinds)
    old, new = policy([], [{"x": 1}]), policy([], [{"x": 1, "protocol": "TCP"}])
    (found,) = compare(pair(message, answer(old), answer(new)), compile_rules([]), REDACTOR, 5.0).differences
    assert (found.path, found.ignored_because) == ("spec.ingress[1].ports[0].protocol", expected)


@pytest.mark.parametrize("strategy", ["RollingUpdate", ["x"], {"type": "RollingUpdate"}, {}])
def test_a_structure_of_defaults_has_to_be_seen_whole(strategy):
    wanted = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    seen = observed(deployment(strategy=strategy))
    assert named(deployment(), deployment(strategy=wanted), seen)[1] == [("spec.strategy", None)]


def test_what_is_no_base64_is_not_what_it_might_decode_to():
    assert named(secret(data={"a": "eA=="}), secret(data={"a": "e*A=="}))[1] == [("data.a", None)]


ANNOTATION, LABEL = {"annotations": {DECORATOR_ANNOTATION: "dc"}}, {"labels": {CONTROLLER_UID_LABEL: "uid-p"}}
ANNOTATED, LABELLED = f'metadata.annotations["{DECORATOR_ANNOTATION}"]', f"metadata.labels.{CONTROLLER_UID_LABEL}"


@pytest.mark.parametrize(
    ("metadata", "front", "expected"),
    [
        pytest.param(ANNOTATION, "decorator", {ANNOTATED: "marks"}, id="annotation"),
        pytest.param({"annotations": {DECORATOR_ANNOTATION: "x"}}, "decorator", {ANNOTATED: "marks"}, id="another-one"),
        pytest.param(
            {"annotations": {DECORATOR_ANNOTATION: "dc"}}, "composite", {ANNOTATED: None}, id="added-by-nobody"
        ),
        pytest.param(LABEL, "composite", {LABELLED: "marks"}, id="label"),
        pytest.param(LABEL, "decorator", {LABELLED: None}, id="label-of-nobody"),
        pytest.param(
            {"annotations": {LAST_APPLIED: "{}"}},
            "composite",
            {f'metadata.annotations["{LAST_APPLIED}"]': "marks"},
            id="last-applied",
        ),
        pytest.param(
            {"annotations": {"a": "1", DECORATOR_ANNOTATION: "dc"}},
            "decorator",
            {ANNOTATED: "marks", "metadata.annotations.a": None},
            id="beside-a-real-one",
        ),
    ],
)
def test_what_metacontroller_writes_into_labels_and_annotations_itself_is_no_difference(metadata, front, expected):
    message = request(front=front, spec={"generateSelector": True} if front == "composite" else None)
    key = "attachments" if front == "decorator" else "children"
    plain, marked = config_map(), config_map(**metadata)
    for one, other in ((plain, marked), (marked, plain)):
        bodies = (encoded({key: [wanted], "status": {}}) for wanted in (one, other))
        found = compare(pair(message, *bodies), compile_rules([]), REDACTOR, 5.0).differences
        assert {each.path: each.normalized for each in found} == expected


def test_what_was_copied_from_the_observed_object_is_no_difference():
    seen = observed(config_map(), managedFields=[{"manager": "m"}]) | {"status": {"phase": "Active"}}
    copy = config_map() | {"status": seen["status"], "metadata": dict(seen["metadata"])}
    copy["metadata"]["annotations"] = {LAST_APPLIED: seen["metadata"]["annotations"][LAST_APPLIED]}
    comparison, found = named(config_map(), copy, seen, method="OnDelete")
    assert {rule for path, rule in found if path != "metadata.namespace"} == {"normalized:system_fields"}
    assert {path for path, _ in found} >= {"metadata.uid", "metadata.managedFields", "status.phase"}
    assert comparison.outcome is Outcome.IGNORED


@pytest.mark.parametrize(
    ("method", "apply", "rule", "outcome"),
    [
        pytest.param("InPlace", "dynamic", None, Outcome.MISMATCHED, id="written-at-every-sync"),
        pytest.param("OnDelete", "dynamic", "normalized:system_fields", Outcome.IGNORED, id="never-written"),
        pytest.param("InPlace", "server-side", "normalized:system_fields", Outcome.IGNORED, id="stripped"),
    ],
)
def test_an_echo_is_a_difference_where_it_is_written_at_every_sync(method, apply, rule, outcome):
    seen = observed(config_map())
    message = request(seen, method=method)
    comparison = compare(pair(message, answer(config_map()), answer(seen), apply=apply), compile_rules([]), REDACTOR, 5)
    found = {each.path: each.ignored_because for each in comparison.differences}
    assert found["metadata.resourceVersion"] == rule
    assert set(found.values()) - {rule} <= {"normalized:system_fields", "normalized:marks"}
    assert comparison.outcome is outcome
    assert {advice.code for advice in comparison.advice} == ({"echo"} if rule is None else set())


@pytest.mark.parametrize("method", ["InPlace", "Recreate", "OnDelete"])
@pytest.mark.parametrize("labels", [None, []], ids=["null", "list"])
def test_labels_that_abort_the_whole_sync_are_no_matter_of_spelling(labels, method):
    seen = [observed(config_map()), observed(config_map("gone"))]
    message = request(*seen, front="composite", method=method, spec={"generateSelector": True})
    null = config_map("other", creationTimestamp=None)
    bodies = (
        encoded({"status": {}, "children": children})
        for children in ([config_map(), config_map("other")], [config_map(labels=labels), null])
    )
    comparison = compare(pair(message, *bodies), compile_rules([]), REDACTOR, 5.0)
    assert [each.ignored_because for each in comparison.differences] == [None, None]
    assert comparison.outcome is Outcome.MISMATCHED


def test_a_system_field_that_is_not_the_observed_one_is_a_difference():
    assert named(config_map(), config_map(uid="other"), observed(config_map()))[1] == [("metadata.uid", None)]
    assert named(config_map(), config_map(uid="uid-cm"))[1] == [("metadata.uid", None)]


def test_a_spelling_that_alone_makes_an_object_be_recreated_is_a_difference():
    plain, null = config_map(), config_map(creationTimestamp=None)
    seen = observed(plain)
    assert named(plain, null, seen, method="Recreate")[1] == [("metadata.creationTimestamp", None)]
    assert named(plain, null, seen, method="InPlace")[1] == [("metadata.creationTimestamp", "normalized:null")]
    changed = named(plain, config_map(data={"a": "2"}, creationTimestamp=None), seen, method="Recreate")[1]
    assert changed == [("data.a", None), ("metadata.creationTimestamp", "normalized:null")]


def test_each_rule_can_be_switched_off():
    off = [{"verb": "normalize", "rule": "null", "on": False}]
    comparison, found = named(config_map(), config_map(creationTimestamp=None), records=off)
    assert found == [("metadata.creationTimestamp", None)]
    assert comparison.differences[0].normalized == "null"
    assert comparison.outcome is Outcome.MISMATCHED


def test_a_rule_of_the_users_own_gives_its_reason_first():
    records = [{"verb": "ignore", "because": "known", "path": "metadata.creationTimestamp"}]
    assert named(config_map(), config_map(creationTimestamp=None), records=records)[1] == [
        ("metadata.creationTimestamp", "known")
    ]


def test_a_spelling_and_a_difference_at_one_place_are_two_groups():
    def group(new):
        return named(deployment(replicas=None), new)[0].differences[0].group

    assert group(deployment()) != group(deployment(replicas=2))


def test_the_configuration_knows_every_rule():
    assert list(Normalize.model_fields) == list(RULES)
    with pytest.raises(ValueError, match="no normalizing rule 'spelling'"):
        compile_rules([{"verb": "normalize", "rule": "spelling", "on": False}])
