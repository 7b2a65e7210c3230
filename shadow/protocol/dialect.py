"""What an implementation speaks, and what the proxy changes in its answers. Plain records, from configuration."""

from dataclasses import dataclass
from typing import Literal

from shadow.terms import HookVersion, Protocol

Strictness = Literal["auto", "true", "false"]
"""How Metacontroller reads answers, as configured; auto: as the controller object says."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One protocol in one hook version: decides names of the envelope and keys of the object maps."""

    protocol: Protocol
    version: HookVersion = HookVersion.V1


@dataclass(frozen=True, slots=True)
class Ownership:
    """The marks that let both controllers own an object; see `shadow.protocol.ownership`."""

    decorator: str
    generate_selector: bool = False
    observed_generation: Literal["auto", "true", "false"] = "auto"


@dataclass(frozen=True, slots=True)
class Alterations:
    """What the proxy changes in, or refuses of, an answer; the same for both implementations of a migration."""

    ownership: Ownership | None = None
    status: Literal["pass", "drop"] = "pass"
    inexpressible: Literal["refuse", "drop"] = "refuse"
    missing_list: Literal["refuse", "pass"] = "refuse"
    strict: Strictness = "auto"

    @property
    def altering(self) -> bool:
        """Whether an answer may be changed though it is in the front's protocol already."""
        return self.ownership is not None or self.status == "drop"
