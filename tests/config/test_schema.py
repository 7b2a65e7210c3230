import importlib

import pytest

from shadow.config.document import read
from shadow.config.schema import schema

jsonschema = importlib.import_module("jsonschema")  # which has no type hints


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_what_is_read_is_valid_by_the_schema(whole):
    jsonschema.validate(read(whole, "f").value, schema())


def test_the_least_configuration_is_valid_by_the_schema(least):
    jsonschema.validate(least, schema())


@pytest.mark.parametrize("change", [{"stage": "offf"}, {"stag": "off"}, {"front_timeout": 5}, {"sample": "ten"}])
def test_an_editor_is_told_of_a_mistake(least, change):
    least["migrations"]["kfp"] |= change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(least, schema())


def test_defaults_are_spelled_as_in_the_file():
    properties = schema()["$defs"]["Retention"]["properties"]
    assert {name: field["default"] for name, field in properties.items()} == {
        "age": "30d",
        "comparisons": 100_000,
        "size": "2GiB",
        "matched": "1%",
    }
