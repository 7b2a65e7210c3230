import pytest

from shadow.config.beginning import beginning, means

DIGEST = "sha256:" + "0123abcd" * 8


@pytest.mark.parametrize("given", [DIGEST, DIGEST[7:], "0123abcd", " 0123ABCD01 ", "sha256:0123abcd"])
def test_a_digest_may_be_given_by_its_beginning(given):
    assert means(given, DIGEST)


@pytest.mark.parametrize("given", ["", "0123abc", "sha256:0123abc", "123abcd0", "xxxxxxxx", DIGEST + "0"])
def test_what_is_too_short_or_another_one_does_not_mean_it(given):
    assert not means(given, DIGEST)


def test_what_is_no_digest_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="at least 8 hex digits"):
        beginning("12")
