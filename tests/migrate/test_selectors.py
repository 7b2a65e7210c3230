import pytest

from shadow.migrate.selectors import SelectorError, parse_selector


@pytest.mark.parametrize(
    ("text", "labels", "expressions"),
    [
        ("app.kubernetes.io/part-of=kubeflow-profile", {"app.kubernetes.io/part-of": "kubeflow-profile"}, None),
        ("a==b, c=", {"a": "b", "c": ""}, None),
        ("a!=b", None, [{"key": "a", "operator": "NotIn", "values": ["b"]}]),
        (
            "a in (b, c),d",
            None,
            [
                {"key": "a", "operator": "In", "values": ["b", "c"]},
                {"key": "d", "operator": "Exists"},
            ],
        ),
        ("!a,b=c", {"b": "c"}, [{"key": "a", "operator": "DoesNotExist"}]),
        ("a notin (b)", None, [{"key": "a", "operator": "NotIn", "values": ["b"]}]),
    ],
)
def test_a_selector_as_kubectl_has_it(text, labels, expressions):
    parsed = parse_selector(text)
    assert (parsed.get("matchLabels"), parsed.get("matchExpressions")) == (labels, expressions)


@pytest.mark.parametrize("text", ["", "a=b,", "a=b=c", "a in b", "a=b,a=c", "-a=b", "a in (b"])
def test_what_selects_nothing_in_particular_is_refused(text):
    with pytest.raises(SelectorError):
        parse_selector(text)
