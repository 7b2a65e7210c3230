"""What applying an answer makes of each object, every step computed once, whoever asks: effects, repeats, moves."""

from collections.abc import Callable

from shadow.compare.dynamic import Desired, prepared
from shadow.compare.stored import stored
from shadow.compare.view import RequestView
from shadow.protocol.names import RECREATE_METHODS
from shadow.protocol.objects import Identity, Json
from shadow.protocol.wire import UnreadableError


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
            self._desired[identity] = self._prepared(identity)
        return self._desired[identity]

    def _prepared(self, identity: Identity, *, anew: bool = False) -> Desired:
        item = self._item(identity)
        assert item is not None, "what cannot be held is not applied"
        return Desired(prepared(self._view, identity, item, anew=anew), release_4=self._view.release_4)

    def writes(self, identity: Identity) -> bool:
        """Whether applying it changes the observed object. In doubt it does.

        Raises:
            UnreadableError: the observed object is nested too deeply to be held.
        """
        if identity not in self._writes:
            self._writes[identity] = self.desired(identity).writes(self._view.observed(identity))
        return self._writes[identity]

    def loses_items(self, identity: Identity) -> bool:
        """Whether writing it in place takes items out of a list that somebody else put there. In doubt it does not."""
        try:
            return self.desired(identity).loses_items(identity, self._view.observed(identity))
        except (UnreadableError, RecursionError, UnicodeEncodeError):
            return False

    def becomes(self, identity: Identity) -> Json:
        """The object as it is stored once it was written: over what is observed, or anew.

        Raises:
            UnreadableError: the observed object is nested too deeply to be held.
            RecursionError, UnicodeEncodeError: it cannot be written down as JSON.
        """
        if identity not in self._becomes:
            written = (
                self._prepared(identity, anew=True).applied({})
                if self._is_created(identity)
                else self.desired(identity).applied(self._view.observed(identity))
            )
            self._becomes[identity] = stored(identity, written)
        return self._becomes[identity]

    def _is_created(self, identity: Identity) -> bool:
        view = self._view
        return identity not in view or view.method(identity) in RECREATE_METHODS or view.being_deleted(identity)
