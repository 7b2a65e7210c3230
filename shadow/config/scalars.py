"""How single values are spelled: durations, sizes, shares, weights, dates, addresses.

Refuses what could mean two things. Each type is the plain Python value; an error says what is expected.
"""

import ipaddress
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from shadow.config.base import Spelled, fault, shown

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_PART = re.compile(rf"({_NUMBER})(ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_NUMBER}(?:ms|s|m|h|d))+")
_SIZE_UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_SIZE = re.compile(rf"({_NUMBER})(|Ki|Mi|Gi|Ti)B?")
_PERCENT = re.compile(rf"({_NUMBER})\s*%")


def seconds(value: object) -> float:
    """`500ms`, `8s`, `1m30s`, `24h`, `7d` in seconds. A number without a unit is refused, 0 too."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise fault(f"must be a duration with its unit such as 500ms, 8s, 10m, 24h or 7d, not {shown(value)}")
    total = sum(float(number) * _DURATION_UNITS[unit] for number, unit in _DURATION_PART.findall(value))
    if total <= 0 or total > 10_000 * 86400:
        raise fault(f"must be more than 0 and at most 10000d, not {shown(value)}")
    return total


def size_bytes(value: object) -> int:
    """`64KiB`, `16MiB`, `2GiB` (the B may be left out) or a whole number of bytes."""
    match = _SIZE.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if match is None:
        raise fault(f"must be a size such as 64KiB, 16MiB or 2GiB, not {shown(value)}")
    total = int(float(match[1]) * _SIZE_UNITS[match[2]])
    if not 0 < total <= 2**50:
        raise fault(f"must be more than 0 and at most 1024TiB, not {shown(value)}")
    return total


def number(value: object, expected: str) -> float:
    """A finite number that is no boolean."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise fault(f"must be {expected}, not {shown(value)}")
    return float(value)


def share(value: object) -> float:
    """`10%`, or the number 0.1: from 0 to 1. So a bare 10 is refused, not taken for 1000%."""
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value)):
        result = float(match[1]) / 100
    else:
        result = number(value, "a share such as 10% or 0.1")
    if not 0 <= result <= 1:
        remedy = f"; {value:g}% is written with the sign" if isinstance(value, int | float) and 1 < value <= 100 else ""
        raise fault(f"must be from 0% to 100%, not {shown(value)}{remedy}")
    return result


def weight_percent(value: object) -> float:
    """Percent from 0 to 100 in steps of 0.01: there are 10,000 buckets."""
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value)):
        result = float(match[1])
    else:
        result = number(value, "a percentage such as 10 or 0.5")
    if result > 100:
        raise fault(f"must be at most 100, not {shown(value)}")
    if result < 0:
        raise fault(f"must be at least 0, not {shown(value)}")
    if abs(result * 100 - round(result * 100)) > 1e-9:
        raise fault(f"must be in steps of 0.01, not {shown(value)}")
    return result


def text(value: object) -> str:
    """A word or sentence that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise fault("must be text that is not blank" if isinstance(value, str) else _no_text(value))
    return value


def _no_text(value: object) -> str:
    return f"must be text, not {shown(value)}" + ("" if isinstance(value, dict | list | None) else "; quote it")


def whole(value: object, least: int, most: int) -> int:
    """A whole number within bounds; 2.0 and true are not."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise fault(f"must be a whole number, not {shown(value)}")
    if not least <= value <= most:
        raise fault(f"must be from {least} to {most}, not {shown(value)}")
    return value


def flag(value: object) -> bool:
    """`true` or `false`; `yes`, `on` and 1 are words and numbers in YAML 1.2."""
    if not isinstance(value, bool):
        raise fault(f"must be true or false, not {shown(value)}")
    return value


def auto_or_flag(value: object) -> str:
    """`auto`, or the booleans as the words `true` and `false`."""
    if isinstance(value, bool):
        return str(value).lower()
    if value not in ("auto", "true", "false"):
        raise fault(f"must be auto, true or false, not {shown(value)}")
    return str(value)


def iso_date(value: object) -> date:
    """`2027-01-31`."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else date(0, 0, 0)
    except ValueError:
        raise fault(f"must be a date such as 2027-01-31, not {shown(value)}") from None


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. `host` is a name or a bare IP (no brackets); port 0 lets the system choose."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})")


def address(value: object) -> Address:
    """`0.0.0.0:8080`, `[::1]:9090`, `localhost:0`."""
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match["port"]) > 65535:
        raise fault(f"must be HOST:PORT such as 0.0.0.0:8080 or [::1]:9090, not {shown(value)}")
    return Address(match["v6"] or match["host"], int(match["port"]))


def spell_seconds(value: float) -> str:
    """The shortest exact spelling: 90.0 is `90s`, 86400.0 is `1d`."""
    for unit in ("d", "h", "m", "s"):
        if value % _DURATION_UNITS[unit] == 0:
            return f"{int(value / _DURATION_UNITS[unit])}{unit}"
    return f"{value * 1000:.12g}ms"


def spell_bytes(value: int) -> str:
    """The shortest exact spelling: 65536 is `64KiB`."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if value % _SIZE_UNITS[unit] == 0:
            return f"{value // _SIZE_UNITS[unit]}{unit}B"
    return f"{value}B"


def spell_weight(value: float) -> float:
    """10.0 is 10."""
    return int(value) if value.is_integer() else value


def spell_share(value: float) -> str:
    """0.1 is `10%`."""
    return f"{value * 100:.12g}%"


Seconds = Annotated[float, Spelled(seconds, spell_seconds, {"type": "string", "pattern": rf"^{_DURATION.pattern}$"})]
Bytes = Annotated[
    int, Spelled(size_bytes, spell_bytes, {"type": ["string", "integer"], "pattern": rf"^{_SIZE.pattern}$"})
]
Share = Annotated[
    float, Spelled(share, spell_share, {"type": ["string", "number"], "pattern": rf"^{_PERCENT.pattern}$"})
]
Weight = Annotated[
    float, Spelled(weight_percent, spell_weight, {"type": ["number", "string"], "minimum": 0, "maximum": 100})
]
Flag = Annotated[bool, Spelled(flag, bool, {"type": "boolean"})]
Text = Annotated[str, Spelled(text, str, {"type": "string", "minLength": 1})]
IsoDate = Annotated[date, Spelled(iso_date, str, {"type": "string", "format": "date"})]
Listen = Annotated[Address, Spelled(address, str, {"type": "string", "pattern": ":[0-9]+$"})]
AutoFlag = Annotated[Literal["auto", "true", "false"], Spelled(auto_or_flag, str, {"enum": ["auto", True, False]})]
