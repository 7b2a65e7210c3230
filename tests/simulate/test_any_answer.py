"""Whatever a hook answers, a sync ends in one of the known ways: it never raises."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.simulate.record import Ending
from tests.simulate.scenes import CC, DC, Json, cluster_with, composite, decorator, item, told, widget

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**65)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", "1Gi", "1.2.3", "B b"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=4,
)
METADATA = st.dictionaries(
    st.sampled_from(
        ["name", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "resourceVersion", "uid"]
    ),
    VALUES | st.dictionaries(st.sampled_from(["a", "b"]), st.just("x")),
)
POD = st.fixed_dictionaries(
    {},
    optional={
        "containers": VALUES
        | st.lists(
            st.fixed_dictionaries(
                {"name": st.just("main")},
                optional=dict.fromkeys(("image", "env", "ports", "resources", "args", "livenessProbe"), VALUES),
            ),
            max_size=2,
        ),
        "volumes": VALUES
        | st.lists(st.dictionaries(st.sampled_from(["name", "secret", "projected"]), VALUES), max_size=1),
    },
)
SPEC = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "selector": VALUES,
        "ports": VALUES
        | st.lists(st.dictionaries(st.sampled_from(["name", "port", "targetPort"]), VALUES), max_size=2),
        "template": VALUES | st.fixed_dictionaries({"spec": POD}, optional={"metadata": METADATA}),
        "replicas": VALUES,
        "scaleTargetRef": VALUES,
    },
)
KINDS = [
    ("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "Service"), ("apps/v1", "Deployment"), ("v1", "Namespace"),
    ("v1", "Pod"), ("autoscaling/v2", "HorizontalPodAutoscaler"), ("lab.example.com/v1", "Gadget"), ("v9", "Nothing"),
]  # fmt: skip


@st.composite
def items(draw: st.DrawFn) -> Json:
    api_version, kind = draw(st.sampled_from(KINDS))
    fields = {"apiVersion": api_version, "kind": kind, "metadata": draw(st.just({"name": "x"}) | METADATA | VALUES)}
    more = draw(
        st.dictionaries(st.sampled_from(["data", "stringData", "type", "status", "immutable"]), VALUES, max_size=2)
    )
    return {**fields, **more, **draw(st.fixed_dictionaries({}, optional={"spec": SPEC}))}


@given(wanted=st.lists(items(), max_size=3), status=VALUES, front=st.sampled_from(["children", "attachments"]))
@settings(max_examples=150, deadline=None)
def test_no_answer_makes_a_sync_raise(wanted: list[Json], status: Any, front: str) -> None:
    make, name = (composite, CC) if front == "children" else (decorator, DC)
    cluster = cluster_with(make(), widget(), hook=lambda _: {front: wanted, "status": status})
    for _ in range(3):
        assert asyncio.run(cluster.sync(name, widget())).ending in Ending


@pytest.mark.parametrize(
    ("metadata", "writes"),
    [
        pytest.param({"name": "a", "labels": {"x": 1}}, [], id="a label that is no string stops everything"),
        pytest.param({"name": "a", "labels": None}, [], id="labels null, too"),
        pytest.param({"name": "a", "labels": {}}, ["create ConfigMap a 201", "create ConfigMap b 201"], id="empty"),
        pytest.param({"name": 5}, ["create ConfigMap  400", "create ConfigMap b 201"], id="a name that is no string"),
    ],
)
async def test_a_composite_reads_labels_and_names_as_go_does(metadata: Json, writes: list[str]) -> None:
    cluster = cluster_with(
        composite(), widget(), hook=lambda _: {"children": [item(metadata=metadata), item("b")], "status": None}
    )
    record = await cluster.sync(CC, widget())
    assert [line for line in told(record.writes) if "ConfigMap" in line] == writes


async def test_annotations_that_are_no_strings_give_way_to_the_decorators_mark() -> None:
    metadata = {"name": "a", "annotations": {"x": 1}}
    cluster = cluster_with(decorator(), widget(), hook=lambda _: {"attachments": [item(metadata=metadata)]})
    assert told((await cluster.sync(DC, widget())).writes) == ["create ConfigMap a 201"]
    assert "x" not in cluster.api.get("v1", "ConfigMap", "ns", "a")["metadata"]["annotations"]
