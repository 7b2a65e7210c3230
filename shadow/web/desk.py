"""What lies on the desk of whoever answers on the control address: every part that is shown or moved there."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from shadow.proxy.cutover.brakes import Brakes
from shadow.proxy.cutover.convergence import Convergences
from shadow.proxy.cutover.parents import Parents
from shadow.proxy.migrations.fronts import Fronts
from shadow.proxy.migrations.snapshot import Snapshot
from shadow.proxy.record.metering import Meter
from shadow.proxy.record.recorder import Recorder
from shadow.proxy.record.writer import Writer
from shadow.proxy.replicas.membership import Membership
from shadow.proxy.replicas.rollcall import RollCall
from shadow.proxy.runtime import Runtime
from shadow.store.asynchronous import AsyncStore
from shadow.web.auth import Doorkeeper
from shadow.web.findings import Findings


@dataclass(slots=True)
class Desk:
    """Everything the control address shows or moves."""

    runtime: Runtime
    brakes: Brakes
    recorder: Recorder
    writer: Writer
    parents: Parents
    fronts: Fronts
    convergences: Convergences
    meter: Meter
    store: AsyncStore
    findings: Findings
    door: Doorkeeper
    clock: Callable[[], float]
    membership: Membership | None = None  # among the replicas that serve from the same database
    roll_call: RollCall | None = None

    @property
    def snapshot(self) -> Snapshot:
        if self.runtime.snapshot is None:
            raise HTTPException(503, "not serving yet")
        return self.runtime.snapshot

    def known(self, name: str) -> str:
        """The migration's name, if there is one.

        Raises:
            HTTPException: 404.
        """
        if name not in self.snapshot.migrations:
            raise HTTPException(404, f"no migration is called {name!r}; there is {', '.join(self.snapshot.migrations)}")
        return name


def desk_of(request: Request) -> Desk:
    """The desk of the application that the request came to."""
    desk: Desk = request.app.state.desk
    return desk
