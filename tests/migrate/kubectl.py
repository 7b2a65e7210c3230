"""A `kubectl` for scripts under test: gets and merge patches on a cluster kept in the file named by KUBECTL_STATE.

As the real API server does, it refuses a patch that names another uid or resourceVersion than the live object's. With
KUBECTL_FAIL_AFTER=N it breaks off at the patch after the Nth.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]
STATE = Path(os.environ["KUBECTL_STATE"])


def plural_of(body: Json) -> str:
    kind = body["kind"].lower()
    plural = kind[:-1] + "ies" if kind.endswith("y") else f"{kind}s"
    group = body["apiVersion"].rpartition("/")[0]
    return plural if not group or group == "metacontroller.k8s.io" else f"{plural}.{group}"


def named(items: list[Json], resources: str) -> list[Json]:
    wanted = {name if name.partition(".")[0].endswith("s") else f"{name}s" for name in resources.split(",")}
    return [item for item in items if plural_of(item) in wanted or plural_of(item).partition(".")[0] in wanted]


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def get(items: list[Json], arguments: list[str]) -> None:
    found = named(items, arguments[0])
    single = len(arguments) > 1 and not arguments[1].startswith("-")
    if single:
        found = [item for item in found if item["metadata"]["name"] == arguments[1]]
        if not found:
            assert "--ignore-not-found" in arguments
            return
    sys.stdout.write(json.dumps(found[0] if single else {"kind": "List", "items": found}))


def patch(state: Json, arguments: list[str]) -> None:
    resource, name = arguments[:2]
    options = dict(zip(arguments[2::2], arguments[3::2], strict=True))
    assert options["--type"] == "merge"
    wanted = json.loads(Path(options["--patch-file"]).read_text())
    done = state.setdefault("patches", 0)
    if done >= int(os.environ.get("KUBECTL_FAIL_AFTER", "1000")):
        sys.exit("Unable to connect to the server")
    for at, item in enumerate(state["items"]):
        metadata = item["metadata"]
        if item in named(state["items"], resource) and (metadata["name"], metadata.get("namespace")) == (
            name,
            options.get("--namespace"),
        ):
            for field in ("uid", "resourceVersion"):
                if wanted["metadata"][field] != metadata[field]:
                    sys.exit("Error from server (Conflict): the object has been modified")
            changed = merged(item, wanted)
            changed["metadata"]["resourceVersion"] = str(900_000 + done)
            state["items"][at] = changed
            state["patches"] = done + 1
            STATE.write_text(json.dumps(state))
            return
    sys.exit("Error from server (NotFound)")


def main() -> None:
    state = json.loads(STATE.read_text())
    command, *arguments = sys.argv[1:]
    match command:
        case "get":
            get(state["items"], arguments)
        case "patch":
            patch(state, arguments)
        case "config":
            sys.stdout.write("test\n")
        case _:
            sys.exit(f"unexpected: {command}")


if __name__ == "__main__":
    main()
