"""When nobody is asked, because it is not sure whose answer may be served: the answer is an error then. Pure."""

from shadow.proxy.calls.call import Call, Reply
from shadow.proxy.calls.judge import error_reply
from shadow.proxy.cutover.assignment import Assignment
from shadow.proxy.cutover.brakes import Brakes, nobody_decided
from shadow.proxy.cutover.footing import Footing
from shadow.proxy.migrations.migration import Migration


def unsure(call: Call, footing: Footing, brakes: Brakes, after: tuple[Migration, Assignment] | None) -> Reply | None:
    """Why this call is answered 503, noted in it; None: it is sure.

    1. The store has told nothing yet.
    2. It has no memory of this migration.
    3. It cannot be reached for too long, and others may have decided since.
    4. The parent's primary is just changing, for all replicas: a configuration comes into force, or a brake is let go.

    Args:
        after: what is about to follow, or just did, and who is who in it; None: nothing.
    """
    migration = call.migration
    if not footing.joined and migration.name not in brakes.unstored:
        return _error(call, "brake-unknown", _NOT_JOINED.format(migration.name))
    if nobody_decided(migration, brakes.get(migration.name)):
        return _error(call, "brake-unknown", _BRAKE_UNKNOWN.format(migration.name))
    if is_cut_off(call, footing, brakes):
        return cut_off(call)
    turning = migration.serves_new and brakes.is_turning(migration.name)
    if turning or (after is not None and changes_hands(call, *after)):
        return moving(call)
    return None


def is_cut_off(call: Call, footing: Footing, brakes: Brakes) -> bool:
    return footing.is_cut_off and call.migration.serves_new and call.migration.name not in brakes.unstored


def cut_off(call: Call) -> Reply:
    return _error(call, "cut-off", _CUT_OFF.format(call.migration.name))


def moving(call: Call) -> Reply:
    return _error(call, "moving", f"who answers this parent of {call.migration.name} is just changing; ask again")


def changes_hands(call: Call, following: Migration, after: Assignment) -> bool:
    """Whether what follows has another implementation answer this parent."""
    present = call.migration.parties[call.assignment.primary]
    return after.primary is not call.assignment.primary or present.digest != following.parties[after.primary].digest


def _error(call: Call, code: str, message: str) -> Reply:
    call.not_asked = call.not_asked or code
    return error_reply(503, code, message, call.id)


_BRAKE_UNKNOWN = (
    "the store has no memory of migration {0}, so its brake is unknown; a person decides: "
    "`shadow rollback {0} --because ...` serves old, `shadow release {0} --because ...` goes on"
)
_NOT_JOINED = (
    "the database has not told yet what is in force, so the brake of {0} is unknown; ask again, or pull the brake "
    "here: `shadow rollback {0} --because ...`"
)
_CUT_OFF = (
    "this replica cannot reach the database, and others may have moved {0} since; ask again, or pull the brake here: "
    "`shadow rollback {0} --because ...`"
)
