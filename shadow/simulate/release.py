"""Where one Metacontroller differs from another, as far as two of them were watched: 2.6.1 and 4.17.2."""

from dataclasses import dataclass

LATEST = "4.17.2"


@dataclass(frozen=True, slots=True)
class Release:
    """One version of Metacontroller. What holds for 2.6.1 is taken to hold before 3.0."""

    version: str = LATEST

    @property
    def user(self) -> str:
        """The name it writes under: the field manager of its writes."""
        return f"metacontroller-{self.version}"

    @property
    def _before_3(self) -> bool:
        return int(self.version.partition(".")[0]) < 3

    @property
    def writes_namespaces(self) -> bool:
        """Whether an item's missing namespace is filled in before it becomes the last-applied configuration.

        A change of this is why moving to a newer Metacontroller writes every such object once.
        """
        return not self._before_3

    @property
    def fills_hook_versions(self) -> bool:
        """Whether hooks see `version: v1` in their controller where none is given."""
        return not self._before_3

    @property
    def knows_namespace_selectors(self) -> bool:
        """Whether a related rule may select namespaces, or labels within one; 2.6.1 reads over a namespaceSelector."""
        return not self._before_3
