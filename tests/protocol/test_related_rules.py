import pytest

from shadow.protocol.answers import Answer, read_answer
from shadow.protocol.strict import rejection
from shadow.terms import Hook, Protocol


def _rejection(rules, more="", *, strict=False):
    body = f'{{"relatedResources":{rules}{more}}}'.encode()
    answer = read_answer(body, Protocol.COMPOSITE, Hook.CUSTOMIZE)
    assert isinstance(answer, Answer)
    return rejection(answer, body, strict=strict)


RULE_FAULTS = """[duplicate field "relatedResources[0].apiVersion", unknown field "relatedResources[0].x", \
duplicate field "relatedResources[0].labelSelector.matchLabels.a", \
unknown field "relatedResources[0].labelSelector.y", unknown field "z"]"""


def test_strict_mode_looks_into_related_rules():
    rule = (
        '"apiVersion":"v1","apiVersion":"v1","resource":"pods","x":1,"x":2,'
        '"labelSelector":{"matchLabels":{"a":"1","a":"2"},"y":1}'
    )
    found = _rejection(f"[{{{rule}}}]", ',"z":1', strict=True)
    assert found == f"strict validation failed: {RULE_FAULTS}"


RULE = '{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"a":"b"}}}'


@pytest.mark.parametrize(
    ("rule", "loose", "strict"),
    [
        (RULE, True, True),
        ('{"apiVersion":"v1","resource":"configmaps","namespace":"ns","names":["a"],"labelSelector":null}', True, True),
        ('{"apiVersion":"v1","resource":"configmaps","name":"a"}', True, False),
        ('{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabel":{}}}', True, False),
        ('{"apiVersion":"v1","apiVersion":"v1","resource":"configmaps"}', True, False),
        ('{"apiVersion":"v1","resource":"configmaps","names":"a"}', False, False),
        ('{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"a":1}}}', False, False),
        ('"configmaps"', False, False),
        ('{"apiVersion":"v1","resource":"configmaps","names":[null]}', True, True),
        ('{"apiVersion":"v1","resource":"configmaps","labelSelector":{"matchLabels":{"a":null}}}', True, True),
        ('{"apiVersion":"v1"}', False, False),
        ('{"apiVersion":null,"resource":"configmaps"}', False, False),
        ('{"apiVersion":"v1","resource":"nodes","namespaceSelector":{}}', False, False),
        ('{"apiVersion":"v1","resource":"configmaps","namespace":"a","namespaceSelector":{}}', False, False),
        ('{"apiVersion":"v1","resource":"configmaps","names":["a"],"labelSelector":{}}', False, False),
    ],
)
def test_related_rules_are_checked_to_the_bottom(rule, loose, strict):
    assert (_rejection(f"[{rule}]") is None) is loose
    assert (_rejection(f"[{rule}]", strict=True) is None) is strict


OF_ANSWER = "Go struct field CustomizeHookResponse.relatedResources"
OF_RULE = "Go struct field RelatedResourceRule.relatedResources"
OF_SELECTOR = "Go struct field LabelSelector.relatedResources.labelSelector"
OF_REQUIREMENT = "Go struct field LabelSelectorRequirement.relatedResources.labelSelector.matchExpressions"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("{}", f"object into {OF_ANSWER} of type []*v1alpha1.RelatedResourceRule"),
        ('["a"]', f"string into {OF_ANSWER} of type v1alpha1.RelatedResourceRule"),
        ('[{"apiVersion":1}]', f"number into {OF_RULE}.ResourceRule.apiVersion of type string"),
        ('[{"names":"a"}]', f"string into {OF_RULE}.names of type []string"),
        ('[{"names":["a",1]}]', f"number into {OF_RULE}.names of type string"),
        ('[{"labelSelector":"a"}]', f"string into {OF_RULE}.labelSelector of type v1.LabelSelector"),
        ('[{"labelSelector":{"matchLabels":[]}}]', f"array into {OF_SELECTOR}.matchLabels of type map[string]string"),
        ('[{"labelSelector":{"matchLabels":{"a":true}}}]', f"bool into {OF_SELECTOR}.matchLabels of type string"),
        (
            '[{"labelSelector":{"matchExpressions":[{"operator":1}]}}]',
            f"number into {OF_REQUIREMENT}.operator of type v1.LabelSelectorOperator",
        ),
        ('[{"names":["a"],"labelSelector":{}},{"namespace":5}]', f"number into {OF_RULE}.namespace of type string"),
        ('[{"names":5,"names":[]}]', f"number into {OF_RULE}.names of type []string"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_a_rule_of_wrong_types_is_told_in_metacontrollers_words(rules, told, strict):
    assert _rejection(rules, strict=strict) == f"json: cannot unmarshal {told}"


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ('"names":["a"],"labelSelector":{}', "related rule cannot have both names and labelSelector/namespaceSelector"),
        ('"labelSelector":{"matchExpressions":[null]}', '"" is not a valid label selector operator'),
        ('"labelSelector":{"matchExpressions":[{"key":"a","operator":"Is"}]}', '"Is" is not a valid label selector op'),
        (
            '"labelSelector":{"matchExpressions":[{"key":"a","operator":"In"}]}',
            "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            '"labelSelector":{"matchExpressions":[{"key":"a b","operator":"Exists","values":["x"]}]}',
            '[key: Invalid value: "a b": name part must consist of alphanumeric characters',
        ),
        ('"labelSelector":{"matchLabels":{"a":"c c"}}', 'values[0][a]: Invalid value: "c c": a valid label must be'),
    ],
)
def test_a_rule_that_cannot_be_followed_is_told_in_metacontrollers_words(parts, told):
    assert (_rejection(f'[{{"apiVersion":"v1","resource":"secrets",{parts}}}]') or "").startswith(told)


def test_a_rule_without_a_resource_is_not_found():
    assert _rejection('[{"apiVersion":"v1"}]') == "discovery: can't find resource  in apiVersion v1"


def test_a_number_in_a_field_of_a_rule_that_nobody_knows_is_skipped():
    assert _rejection('[{"apiVersion":"v1","resource":"secrets","x":1e999}]') is None


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        ('"matchLabels":{"app.kubernetes.io/name":"a.b_c-1"}', True),
        ('"matchLabels":{"a":""}', True),
        ('"matchLabels":{"a b":"c"}', False),
        ('"matchLabels":{"A.io/b":"c"}', False),
        ('"matchLabels":{"/b":"c"}', False),
        ('"matchLabels":{"%s/b":"c"}' % ("a" * 254), False),
        ('"matchLabels":{"%s":"c"}' % ("a" * 64), False),
        ('"matchLabels":{"a":"-c"}', False),
        ('"matchExpressions":[{"key":"a","operator":"In","values":["b",null]}]', True),
        ('"matchExpressions":[{"key":"a","operator":"Exists","values":[]}]', True),
        ('"matchExpressions":[{"key":"a","operator":"In"}]', False),
        ('"matchExpressions":[{"key":"a","operator":"NotIn","values":[]}]', False),
        ('"matchExpressions":[{"key":"a","operator":"Exists","values":["b"]}]', False),
        ('"matchExpressions":[{"key":"a","operator":"Equals","values":["b"]}]', False),
        ('"matchExpressions":[{"operator":"Exists"}]', False),
    ],
)
@pytest.mark.parametrize("place", ["labelSelector", "namespaceSelector"])
def test_a_selector_that_kubernetes_cannot_read_fails_the_sync(place, selector, taken):
    rule = f'{{"apiVersion":"v1","resource":"secrets","{place}":{{{selector}}}}}'
    assert (_rejection(f"[{rule}]") is None) is taken
