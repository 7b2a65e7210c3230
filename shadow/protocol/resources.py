"""Matches resource plurals with kinds: a controller declares `networkpolicies`, objects say `NetworkPolicy`.

A request holds no dictionary between the two. But its object map lists exactly the declared kinds, so within an
apiVersion plurals and kinds are matched one to one: first those that can be no other, then the best guesses.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import takewhile

from shadow.protocol.keys import split_group_key

Resource = tuple[str, str]
"""(apiVersion, plural)"""


def match_resources(resources: Iterable[Resource], group_keys: Iterable[str]) -> dict[str, Resource]:
    """Which resource each group key stands for: one to one within an apiVersion."""
    resources, keys = tuple(dict.fromkeys(resources)), tuple(group_keys)
    matched = _regular(resources, keys)
    taken = set(matched.values())
    pairs = [
        (likeness(kind, resource[1]), key, resource)
        for key in keys
        for api_version, kind in [split_group_key(key)]
        for resource in resources
        if resource[0] == api_version and key not in matched and resource not in taken
    ]
    for _, key, resource in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if key not in matched and resource not in taken:
            matched[key] = resource
            taken.add(resource)
    return matched


def match_certainly(resources: Iterable[Resource], group_keys: Iterable[str]) -> dict[str, Resource]:
    """Of the group keys those whose resource is beyond doubt, if each stands for one of these resources.

    Where a regular plural does not tell, nothing else must be left: no other plural with the same first letter (`mice`
    and `people` are no riddle), or no other at all. Kinds of Kubernetes itself, whose groups have no dot, are regular.
    """
    resources, keys = tuple(dict.fromkeys(resources)), tuple(group_keys)
    matched = _regular(resources, keys)
    for api_version in {split_group_key(key)[0] for key in keys if key not in matched}:
        left = [key for key in keys if key not in matched and split_group_key(key)[0] == api_version]
        free = [each for each in resources if each[0] == api_version and each not in matched.values()]
        if len(left) == len(free) and "." in api_version.rpartition("/")[0]:
            initials = {key: [each for each in free if key[:1].lower() == each[1][:1]] for key in left}
            matched |= {left[0]: free[0]} if len(left) == 1 else _forced_all(initials)
    return matched


def certain(resources: Iterable[Resource], group_keys: Iterable[str]) -> frozenset[str]:
    """The apiVersions in which every kind has a resource with just its regular plural: there is nothing to guess."""
    keys = tuple(group_keys)
    known = _regular(tuple(dict.fromkeys(resources)), keys)
    guessed = {split_group_key(key)[0] for key in keys if key not in known}
    return frozenset(split_group_key(key)[0] for key in known) - guessed


def _regular(resources: Iterable[Resource], group_keys: Iterable[str]) -> dict[str, Resource]:
    """The kinds with a regular plural that can be no other kind's, or no other plural of theirs.

    `Gas` takes `gas`, so `Ga` is left with `gaes`. Of `AB` and `Ab` nobody knows whose `abs` are.
    """
    declared = frozenset(resources)
    fitting: dict[str, list[Resource]] = {}
    for key in group_keys:
        api_version, kind = split_group_key(key)
        fitting[key] = sorted(declared & {(api_version, plural) for plural in _plurals(kind.lower())})
    return _forced_all(fitting)


def _forced_all(fitting: dict[str, list[Resource]]) -> dict[str, Resource]:
    matched: dict[str, Resource] = {}
    while (pair := _forced(fitting)) is not None:
        key, resource = pair
        matched[key] = resource
        del fitting[key]
        fitting = {other: [each for each in found if each != resource] for other, found in fitting.items()}
    return matched


def _forced(fitting: Mapping[str, list[Resource]]) -> tuple[str, Resource] | None:
    """A kind that has one plural left which no other kind has to have."""
    single = {key: found[0] for key, found in fitting.items() if len(found) == 1}
    claims = Counter(single.values())
    return next(((key, resource) for key, resource in single.items() if claims[resource] == 1), None)


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
