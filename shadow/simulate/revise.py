"""What a PUT makes of a stored object: the server's own fields stay, and one that changes nothing is known as such."""

from shadow.protocol.objects import Json
from shadow.simulate.kinds import Kind
from shadow.simulate.managed_fields import without_times
from shadow.simulate.objects import annotations_of
from shadow.simulate.values import copied, same

SYSTEM_FIELDS = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
)


def keep_system_fields(kind: Kind, live: Json, new: Json) -> None:
    """Give `new` the metadata that only the server writes; the generation rises with the spec."""
    metadata = new["metadata"]
    for name in SYSTEM_FIELDS:
        metadata.pop(name, None)
        if name in live["metadata"]:
            metadata[name] = live["metadata"][name]
    metadata["resourceVersion"] = live["metadata"].get("resourceVersion", "")
    if not metadata.get("managedFields") and live["metadata"].get("managedFields"):
        metadata["managedFields"] = copied(live["metadata"]["managedFields"])
    if kind.generation and not same(spec_of(kind, live), spec_of(kind, new)):
        metadata["generation"] = live["metadata"].get("generation", 0) + 1


def with_status_of(target: Json, source: Json) -> Json:
    """`target` with the status of `source`, or without one; managedFields stay the target's."""
    rest = {key: value for key, value in target.items() if key != "status"}
    return {**rest, "status": source["status"]} if "status" in source else rest


def spec_of(kind: Kind, body: Json) -> Json:
    """What a change of raises the generation: all but metadata, and but a status that is a subresource.

    Of a Deployment the annotations count as well, so a new last-applied configuration raises it.
    """
    skipped = ("apiVersion", "kind", "metadata", *(("status",) if kind.status_subresource else ()))
    spec = {key: value for key, value in body.items() if key not in skipped}
    return {**spec, "annotations": annotations_of(body)} if kind.kind == "Deployment" else spec


def equal_but_for_versions(live: Json, new: Json) -> bool:
    """Whether a PUT changes nothing: times in managedFields do not count."""
    if not same(*({k: v for k, v in body.items() if k not in ("metadata", "apiVersion")} for body in (live, new))):
        return False
    before, after = ({**body["metadata"]} for body in (live, new))
    entries = [without_times(metadata.pop("managedFields", None) or []) for metadata in (before, after)]
    return same(entries[0], entries[1]) and same(before, after)
