import re
from pathlib import Path

from shadow.config.load import parse
from shadow.config.reference import page

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"


def test_the_published_page_is_current():
    assert PUBLISHED.read_text() == page(), (
        "renew it: python -m shadow.config.reference > docs/reference/configuration.md"
    )


def test_its_example_can_be_used():
    (example,) = re.findall(r"```yaml\n(.*?)```", page(), re.DOTALL)
    assert list(parse(example, "page").migrations) == ["kfp-profile"]


def test_every_key_of_a_whole_file_is_on_the_page(whole):
    keys = set(re.findall(r"^ *(\w+):", whole, re.MULTILINE))
    assert {key for key in keys if f"| `{key}` |" not in page()} <= {"kfp-profile", "profile"}
