"""Which fields of an object are secret because of what the object is, or what they stand beside."""

from enum import Enum
from typing import Any, Final

from shadow.secretnames import holds_secrets, secret_name, spelled_out


class Mode(Enum):
    """What is done to the leaves below a place."""

    CLEAR = 0  # only what looks like a secret by itself
    HIDE = 1  # every leaf
    HIDE_BASE64 = 2  # every leaf, as what it decodes to
    SECRETS = 3  # the items of a SecretList, which need not say their kind
    HELD = 4  # every leaf but those that say where a secret is
    ABOUT_SECRET = 5  # as CLEAR, where what is embedded is a Secret even if it does not say so
    FILES = 6  # files as base64


LOOKED_INTO: Final = (Mode.CLEAR, Mode.ABOUT_SECRET)
"""Where names and forms decide."""

_SECRET: Final = {"data": Mode.HIDE_BASE64, "stringData": Mode.HIDE, "metadata": Mode.ABOUT_SECRET}
_NAMES: Final = ("name", "key", "Name", "Key")
_VALUES: Final = ("value", "default", "Value")
"""As an item of a list of settings has its name and its value."""


def modes_within(here: dict[Any, Any], name: str, mode: Mode) -> dict[str, Mode]:
    """By field, where it is another mode than that of the object itself.

    Args:
        here: an object, or a part of one.
        name: the field that it stands in.
        mode: what is done to it.
    """
    if mode is Mode.SECRETS:
        return dict.fromkeys(here, Mode.CLEAR) | _SECRET
    if mode not in LOOKED_INTO:
        return {}
    if here.get("kind") == "Secret":
        return _SECRET
    if here.get("kind") == "SecretList":
        return {"items": Mode.SECRETS}
    modes = {key: Mode.HIDE for key in here if spelled_out(name, str(key))}
    for key, item in here.items():
        if isinstance(item, dict) and holds_secrets(str(key)):
            modes[key] = Mode.HELD
        elif key == "binaryData":
            modes[key] = Mode.FILES
    if any(isinstance(said := here.get(key), str) and secret_name(said) for key in _NAMES):
        modes |= {key: Mode.HIDE for key in _VALUES if key in here}
    return modes
