"""The least of a configuration, to be varied."""

import copy
from pathlib import Path
from typing import Any

import pytest

_LEAST: dict[str, Any] = {
    "migrations": {
        "kfp": {
            "old": {"protocol": "composite", "url": "http://old", "sync": "/sync"},
            "new": {"protocol": "decorator", "url": "http://new", "sync": "/sync"},
        }
    }
}


@pytest.fixture
def least() -> dict[str, Any]:
    return copy.deepcopy(_LEAST)


@pytest.fixture
def whole() -> str:
    return (Path(__file__).parent / "whole.yaml").read_text()
