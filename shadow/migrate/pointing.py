"""Where the hooks of a controller are called once it is converted: at the proxy, or still where they were.

Changes a controller's JSON in place, and tells what its callers' credentials and settings then hold for.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from shadow.protocol.convert import Caveat
from shadow.protocol.objects import Json
from shadow.terms import Protocol

_CREDENTIALS = ("authorization", "basicAuth", "caBundle", "clientTLS")


def hooks_unchanged(spec: Json, to: Protocol) -> list[Caveat]:
    """A hook that is asked in the other protocol may answer what reads as "no objects": they would be deleted."""
    other = next(protocol for protocol in Protocol if protocol is not to)
    message = (
        f"still calls the {other} controller's hook, now in the {to} protocol: what it does not understand may delete "
        "objects. Do not apply this unless the URL is the proxy's: give that with `--proxy-url`"
    )
    called = [name for name, hook in (spec.get("hooks") or {}).items() if (hook or {}).get("webhook")]
    return [Caveat("warning", f"spec.hooks.{name}.webhook", message, "hook-unchanged") for name in called]


def pointed_at(body: Json, proxy_url: str) -> list[Caveat]:
    base, caveats = proxy_url.rstrip("/"), []
    if "/" not in base.partition("://")[2]:
        base = f"{base}/{body['metadata'].get('name', '')}"
        message = f"the URL names no migration: taken to be the controller's name, {base}"
        caveats.append(Caveat("warning", "spec.hooks", message, "proxy-path"))
    caveats += _credentials(body["spec"], base)
    for name, hook in (body["spec"].get("hooks") or {}).items():
        webhook = hook.get("webhook") or {}
        rest = {key: value for key, value in webhook.items() if key not in ("url", "path", "service")}
        hook["webhook"] = {"url": f"{base}/{name}", **rest}
    return caveats


def _credentials(spec: Json, base: str) -> list[Caveat]:
    """What Metacontroller presents to a hook it would now present to the proxy, or to nobody any more."""
    caveats = []
    for name, hook in (spec.get("hooks") or {}).items():
        if given := [key for key in _CREDENTIALS if key in (hook.get("webhook") or {})]:
            message = (
                f"{', '.join(given)} now holds for the proxy: give it what the proxy expects "
                "(`server.hooks_token_file`, `server.tls`), and the implementation its own in the configuration"
            )
            caveats.append(Caveat("warning", f"spec.hooks.{name}.webhook.{given[0]}", message, "webhook-credentials"))
    called = urlsplit(base)
    hosts = {called.hostname, called.netloc.lower(), f"{called.hostname}:{443 if called.scheme == 'https' else 80}"}
    for at, endpoint in enumerate(spec.get("endpointConfigs") or []):
        if isinstance(endpoint, Mapping) and str(endpoint.get("host")).lower() not in hosts:
            message = (
                f"{endpoint.get('host')} is not called by Metacontroller any more: its settings belong to the "
                "implementation in the configuration (`authorization_file`, `tls`)"
            )
            caveats.append(Caveat("warning", f"spec.endpointConfigs[{at}]", message, "endpoint-unused"))
    return caveats
