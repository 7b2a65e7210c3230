"""One implementation of a hook: where it is, what it speaks, and how gently it is asked."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from shadow.config.base import Section, Spelled, fault, shown
from shadow.config.places import File, Url, UrlPath
from shadow.config.scalars import Flag, Seconds, Text, whole
from shadow.secretnames import secret_name
from shadow.terms import Hook, HookVersion, Protocol

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie"}
_OWN_HEADERS = {
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    *("content-length", "content-type", "expect", "host", "if-none-match", "traceparent", "tracestate"),
}


@dataclass(frozen=True, slots=True)
class ShadowWhen:
    """When an implementation may be asked in the shadow. `observed`: group keys such as `Secret.v1`."""

    mode: Literal["always", "never", "observed"]
    observed: tuple[str, ...] = ()

    def allows(self, observed: frozenset[str]) -> bool:
        """`observed` holds the group keys (`Kind.group/version`) of which the request observes an object."""
        return self.mode == "always" or (self.mode == "observed" and observed.issuperset(self.observed))


def shadow_when(value: object) -> ShadowWhen:
    """`always`, `never`, or `{observed: [Secret.v1]}`."""
    if value == "always":
        return ShadowWhen("always")
    if value == "never":
        return ShadowWhen("never")
    if isinstance(value, dict) and set(value) == {"observed"} and isinstance(value["observed"], list):
        keys = value["observed"]
        if keys and all(isinstance(key, str) and re.fullmatch(r"[A-Za-z0-9]+\.[a-z0-9./-]+", key) for key in keys):
            return ShadowWhen("observed", tuple(sorted(set(keys))))
        raise fault(f"must list kinds with their version such as Secret.v1 or Deployment.apps/v1, not {shown(keys)}")
    raise fault(f"must be always, never or {{observed: [Secret.v1]}}, not {shown(value)}")


def spell_shadow_when(when: ShadowWhen) -> str | dict[str, list[str]]:
    """The form in which it is configured."""
    return {"observed": list(when.observed)} if when.mode == "observed" else when.mode


def headers(value: object) -> dict[str, str]:
    """Static request headers. Their values are never repeated in an error."""
    if not isinstance(value, dict):
        raise fault("must be a mapping of header names to text")
    for name, content in value.items():
        _check_header(name, content)
    if len({name.lower() for name in value}) < len(value):
        raise fault("must not name a header twice (their case does not count)")
    return dict(value)


def _check_header(name: object, content: object) -> None:
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise fault(f"has a name that HTTP does not allow: {shown(name)}")
    if name.lower() in _SECRET_HEADERS:
        raise fault(f"must not hold {name}: put its value into a file and name it in authorization_file")
    if name.lower() in _OWN_HEADERS or name.lower().startswith("x-shadow-"):
        raise fault(f"must not hold {name}: the proxy writes it itself")
    if not isinstance(content, str) or not re.fullmatch(r"[\x20-\x7e]*", content):
        raise fault(f"must have printable ASCII text as the value of {name}; quote numbers")


_OBSERVED_SCHEMA = {
    "type": "object",
    "properties": {"observed": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
    "required": ["observed"],
    "additionalProperties": False,
}
When = Annotated[
    ShadowWhen,
    Spelled(shadow_when, spell_shadow_when, {"anyOf": [{"enum": ["always", "never"]}, _OBSERVED_SCHEMA]}),
]
HeaderMap = Annotated[
    dict[str, str], Spelled(headers, dict, {"type": "object", "additionalProperties": {"type": "string"}})
]
InFlight = Annotated[
    int, Spelled(lambda value: whole(value, 1, 1000), int, {"type": "integer", "minimum": 1, "maximum": 1000})
]


def _sync_version(data: dict[str, Any]) -> HookVersion:
    version = data.get("hook_version", HookVersion.V1)
    return version if isinstance(version, HookVersion) else HookVersion.V1


class ClientTls(Section):
    """TLS towards an implementation whose URL is https. Files are PEM."""

    ca_file: File | None = None
    """Whom to trust. Null: the system's authorities."""

    cert_file: File | None = None
    """The proxy's own certificate, if the implementation asks for one."""

    key_file: File | None = None
    """Its key; needed with cert_file."""

    @model_validator(mode="after")
    def _pair(self) -> "ClientTls":
        if (self.cert_file is None) is not (self.key_file is None):
            raise fault("must have cert_file and key_file together")
        return self


class Implementation(Section):
    """One of the two implementations of a migration's hook: `old` and `new` take the same keys."""

    protocol: Protocol
    """What it speaks: `composite` or `decorator`. The proxy translates when Metacontroller speaks the other."""

    hook_version: HookVersion = HookVersion.V1
    """Metacontroller's hook version of its sync hook."""

    customize_version: HookVersion = Field(default_factory=_sync_version)
    """Of its customize hook. Default: hook_version."""

    finalize_version: HookVersion = Field(default_factory=_sync_version)
    """Of its finalize hook. Default: hook_version."""

    url: Url
    """Scheme, host, port and a common prefix; no credentials, no query."""

    sync: UrlPath
    """Path of the sync hook, appended to url."""

    finalize: UrlPath | None = None
    """Path of the finalize hook. Null: it has none."""

    customize: UrlPath | None = None
    """Path of the customize hook. Null: it has none."""

    timeout: Seconds = 8.0
    """Of the whole exchange, the answer's last byte included. Below front_timeout, so that the proxy still answers."""

    headers: HeaderMap = Field(default_factory=dict)
    """Sent with every call. Nothing secret: this file is shown, digested and stored."""

    authorization_file: File | None = None
    """A file whose content becomes the Authorization header; read again when it changes. Null: no such header."""

    tls: ClientTls | None = None
    """Files for https. Null: the system's authorities, no client certificate."""

    revision: Text | None = None
    """What is deployed there (an image tag, say). A change makes older evidence stale. Null: unknown."""

    revision_header: Text | None = None
    """The response header that tells the revision, instead of `revision`. Nothing secret: it is shown and stored."""

    controller_file: File | None = None
    """The controller object (JSON or YAML) it is shown. Null: the front's own, converted if need be."""

    shadow_in_flight: InFlight = 2
    """Shadow calls at once; primary calls go first. Few, because real hooks serve one request at a time."""

    shadow_when: When = ShadowWhen("always")
    """When it may be asked in the shadow: `always`, `never`, or while an object of each listed kind is observed."""

    shadow_finalize: Flag = False
    """Whether its finalize hook is asked in the shadow: such a hook cleans up in the world outside."""

    @model_validator(mode="after")
    def _one_revision(self) -> "Implementation":
        if self.revision and self.revision_header:
            raise fault("must not have both revision and revision_header")
        if self.revision_header and secret_name(self.revision_header):
            raise fault("must not have a revision_header whose name is that of a secret: it is shown in reports")
        if self.tls and self.url.startswith("http:"):
            raise fault("must have an https url if tls is given")
        return self

    def path(self, hook: Hook) -> str | None:
        """The path of a hook; None when this implementation has none."""
        return {Hook.SYNC: self.sync, Hook.FINALIZE: self.finalize, Hook.CUSTOMIZE: self.customize}[hook]

    def version(self, hook: Hook) -> HookVersion:
        """The hook version that this implementation speaks on a hook."""
        versions = {Hook.FINALIZE: self.finalize_version, Hook.CUSTOMIZE: self.customize_version}
        return versions.get(hook, self.hook_version)
