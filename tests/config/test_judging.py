import pytest
from pydantic import ValidationError

from shadow.config.judging import Guard, Resync, Verdict
from shadow.terms import Effect


def test_limits_are_told_by_effect():
    guard = Guard.model_validate({"max_effects": {"update": 5, "delete": 0}})
    assert dict(guard.max_effects) == {Effect.DELETE: 0, Effect.UPDATE: 5}
    assert guard.model_dump(mode="json")["max_effects"] == {"delete": 0, "update": 5}


@pytest.mark.parametrize(
    ("section", "value", "told"),
    [
        (Guard, {"max_effects": {"none": 1}}, "has no limit for 'none'"),
        (Guard, {"max_effects": {"delete": -1}}, "from 0 to"),
        (Guard, {"max_effects": ["delete"]}, "must be a mapping such as"),
        (Guard, {"max_failed": 10}, "10% is written with the sign"),
        (Guard, {"min_calls": 0}, "from 1 to"),
        (Guard, {"max_latency_ratio": 0}, "must be more than 0"),
        (Guard, {"then": "page"}, "'brake' or 'warn'"),
        (Verdict, {"allow_effects": ["nothing"]}, "must be a list out of none, latent"),
        (Verdict, {"waive": [{"situation": "unselected"}]}, "because"),
        (Verdict, {"waive": [{"situation": "often", "because": "x"}]}, "'nothing observed'"),
        (Resync, {}, "after"),
    ],
    ids=str,
)
def test_what_means_nothing_is_refused(section, value, told):
    with pytest.raises(ValidationError) as error:
        section.model_validate(value)
    assert told in str(error.value)


def test_allowed_effects_are_a_set():
    assert Verdict.model_validate({"allow_effects": ["update", "none", "none"]}).allow_effects == (
        Effect.NONE,
        Effect.UPDATE,
    )
