"""Which lists mean the same in any order."""

import pytest

from shadow.compare.sets import is_set
from shadow.protocol.objects import Identity

POD = ("spec", "template", "spec")
DEPLOYMENT = Identity("apps/v1", "Deployment", "ns", "d")
ROLE = Identity("rbac.authorization.k8s.io/v1", "Role", "ns", "r")
WIDGET = Identity("lab.example.com/v1", "Widget", "ns", "w")


@pytest.mark.parametrize(
    ("identity", "path", "expected"),
    [
        pytest.param(DEPLOYMENT, (*POD, "tolerations"), True, id="by-name"),
        pytest.param(DEPLOYMENT, (*POD, "containers", 0, "ports"), True, id="below-containers"),
        pytest.param(DEPLOYMENT, ("spec", "ports"), False, id="the-same-name-elsewhere"),
        pytest.param(DEPLOYMENT, (*POD, "containers"), False, id="the-first-container-is-the-default"),
        pytest.param(DEPLOYMENT, (*POD, "tolerations", 0), False, id="an-item"),
        pytest.param(DEPLOYMENT, (), False, id="the-object"),
        pytest.param(ROLE, ("rules",), True, id="of-its-kind"),
        pytest.param(DEPLOYMENT, ("rules",), False, id="of-another-kind"),
        pytest.param(WIDGET, ("metadata", "finalizers"), True, id="of-every-object"),
        pytest.param(WIDGET, ("spec", "tolerations"), False, id="unknown-of-a-custom-kind"),
    ],
)
def test_a_list_is_a_set_where_kubernetes_minds_no_order(identity, path, expected):
    assert is_set(identity, path) is expected
