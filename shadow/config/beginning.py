"""How people give a digest: all of it or its beginning, with or without `sha256:`.

Imports nothing: commands that need no more of the configuration start fast.
"""

SHORTEST = 8
"""Hex digits that will do."""

_PREFIX = "sha256:"


def beginning(text: str) -> str:
    """What was given, as `sha256:` and lower-case hex.

    Raises:
        ValueError: it is too short or no hex number; the text is fit for a person.
    """
    bare = text.strip().lower().removeprefix(_PREFIX)
    if len(bare) < SHORTEST or not set(bare) <= set("0123456789abcdef"):
        raise ValueError(f"must be at least {SHORTEST} hex digits of a digest")
    return _PREFIX + bare


def means(given: str, digest: str) -> bool:
    """Whether what a person gave means this digest."""
    try:
        return digest.startswith(beginning(given))
    except ValueError:
        return False
