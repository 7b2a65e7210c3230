"""Matches resource plurals with kinds: a controller declares `networkpolicies`, objects say `NetworkPolicy`.

A request holds no dictionary between the two. But its object map lists exactly the declared kinds, so within an
apiVersion plurals and kinds are matched one to one, the best guesses first.
"""

from collections.abc import Iterable
from itertools import takewhile

from shadow.protocol.keys import split_group_key


def match_resources(resources: Iterable[tuple[str, str]], group_keys: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Which (apiVersion, plural) each group key stands for: one to one within an apiVersion, best guesses first."""
    groups = [(key, *split_group_key(key)) for key in group_keys]
    pairs = [
        (likeness(kind, plural), key, (api_version, plural))
        for api_version, plural in resources
        for key, group_version, kind in groups
        if group_version == api_version
    ]
    matched: dict[str, tuple[str, str]] = {}
    for _, key, resource in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if key not in matched and resource not in matched.values():
            matched[key] = resource
    return matched


def certain(resources: Iterable[tuple[str, str]], group_keys: Iterable[str]) -> frozenset[str]:
    """The apiVersions in which every kind has a resource with just its regular plural: there is nothing to guess."""
    keys = tuple(group_keys)
    matched = match_resources(resources, keys)
    versions: dict[str, bool] = {}
    for key in keys:
        api_version, kind = split_group_key(key)
        sure = key in matched and likeness(kind, matched[key][1]) == 1.0
        versions[api_version] = versions.get(api_version, True) and sure
    return frozenset(version for version, sure in versions.items() if sure)


def likeness(kind: str, plural: str) -> float:
    """How much a plural looks like that of a kind: 1 for a regular plural, else the share of a common beginning."""
    singular = kind.lower()
    if plural in _plurals(singular):
        return 1.0
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(singular, plural, strict=False)))
    return common / (max(len(singular), len(plural)) + 1)


def _plurals(singular: str) -> set[str]:
    """Kubernetes guesses `s`, `es` after an s and `ies` for a y; real APIs follow English in the rest, or nothing."""
    plurals = {singular, f"{singular}s", f"{singular}es"}
    if singular.endswith("y"):
        plurals.add(f"{singular[:-1]}ies")
    return plurals
