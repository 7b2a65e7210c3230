"""An answer's objects are the same ones, whether they are looked into or only named."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shadow.compare.answer import read_answer
from tests.compare.calls import answer, config_map, encoded, request, view

SEEN = view(request())
TEXTS = st.sampled_from(["", "a", "ns", "é", "\ud800"])
VALUES: st.SearchStrategy[Any] = TEXTS | st.sampled_from([None, 0, True, [], {}, 2**70])
ITEMS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["ConfigMap", "Gadget"])},
    optional={
        "apiVersion": VALUES,
        "metadata": st.none() | st.dictionaries(st.sampled_from(["name", "namespace", "x"]), VALUES) | st.just([]),
        "data": VALUES,
    },
)


@given(st.lists(ITEMS, max_size=4))
def test_an_object_is_named_alike_by_its_bytes_and_by_what_it_says(items):
    read = read_answer(SEEN, answer(*items), strict=False)
    assert list(read.spelled) == list(read.desired.objects)
    assert all(read.item(identity) is item for identity, item in read.desired.objects.items())


def test_what_cannot_be_held_is_named_all_the_same():
    deep = encoded(config_map())[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}"
    read = read_answer(SEEN, b'{"attachments": [%s]}' % deep, strict=False)
    (identity,) = read.spelled
    assert (str(identity), read.item(identity)) == ("ConfigMap/ns/cm", None)
