"""What applying an answer makes of each object, every step computed once, whoever asks: effects, repeats, moves."""

from collections.abc import Callable

from shadow.compare.dynamic import Desired, prepared
from shadow.compare.stored import stored
from shadow.compare.view import RequestView
from shadow.protocol.names import RECREATE_METHODS
from shadow.protocol.objects import Identity, Json


class Applying:
    """The desired objects of one answer on their way into the cluster, by dynamic apply.

    Args:
        item: an object of the answer; None for what cannot be held.
    """

    def __init__(self, view: RequestView, item: Callable[[Identity], Json | None]) -> None:
        self._view = view
        self._item = item
        self._desired: dict[Identity, Desired] = {}
        self._writes: dict[Identity, bool] = {}
        self._becomes: dict[Identity, Json] = {}

    def desired(self, identity: Identity) -> Desired:
        """An object that the answer holds, as Metacontroller has it before it is applied."""
        if identity not in self._desired:
            item = self._item(identity)
            assert item is not None, "what cannot be held is not applied"
            self._desired[identity] = Desired(prepared(self._view, identity, item), release_4=self._view.release_4)
        return self._desired[identity]

    def writes(self, identity: Identity) -> bool:
        """Whether applying it changes the observed object. In doubt it does.

        Raises:
            UnreadableError: the observed object is nested too deeply to be held.
        """
        if identity not in self._writes:
            self._writes[identity] = self.desired(identity).writes(self._view.observed(identity))
        return self._writes[identity]

    def becomes(self, identity: Identity) -> Json:
        """The object as it is stored once it was written: over what is observed, or anew.

        Raises:
            UnreadableError: the observed object is nested too deeply to be held.
            RecursionError, UnicodeEncodeError: it cannot be written down as JSON.
        """
        if identity not in self._becomes:
            written = self.desired(identity).applied(self._base(identity))
            self._becomes[identity] = stored(identity, written)
        return self._becomes[identity]

    def _base(self, identity: Identity) -> Json:
        view = self._view
        if identity not in view or view.method(identity) in RECREATE_METHODS or view.being_deleted(identity):
            return {}
        return view.observed(identity)
