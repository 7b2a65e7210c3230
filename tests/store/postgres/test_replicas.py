"""What replicas tell each other by way of the database."""

from msgspec.structs import replace

from shadow.store.base import Change, Counters
from shadow.store.postgres import PostgresStore
from shadow.store.shared import Agreement, Beat, News, Since, Standing, Version
from shadow.terms import Side
from tests.store.conftest import PostgresBackend
from tests.store.records import MIGRATION, NOON, batch, brake, service, state


def shared(backend: PostgresBackend) -> PostgresStore:
    store = backend.open()
    assert isinstance(store, PostgresStore)
    return store


def beat(store: PostgresStore, replica: str, lease: float = 30.0, since: Since = Since(), **standing) -> News:  # noqa: B008
    return store.beat(Beat(replica, lease, Standing(**standing), since))


def test_a_heartbeat_tells_who_else_serves_and_what_they_obey(postgres_backend: PostgresBackend) -> None:
    store = shared(postgres_backend)
    assert beat(store, "a").others == ()
    (other,) = beat(store, "b", brakes={MIGRATION: 3}).others
    assert (other.name, other.standing) == ("a", Standing())
    assert beat(store, "a").others[0].standing.brakes == {MIGRATION: 3}


def test_who_does_not_renew_his_lease_or_leaves_is_not_waited_for(postgres_backend: PostgresBackend) -> None:
    store = shared(postgres_backend)
    beat(store, "a", lease=0.0)
    beat(store, "b")
    assert [replica.name for replica in store.live()] == ["b"]
    store.leave("b")
    assert store.live() == []


def test_the_dead_are_counted_out_and_one_that_was_only_frozen_is_counted_in_again(
    postgres_backend: PostgresBackend,
) -> None:
    store = shared(postgres_backend)
    beat(store, "a", lease=0.0)
    store.flush(batch(replica="a", counters=Counters(calls=10, matched=7)))
    store.bury()
    store.bury()
    assert store.counters(MIGRATION) == Counters(calls=10, matched=7, dropped=3, dropped_by={"crash": 3})
    beat(store, "a")
    store.flush(batch(replica="a", counters=Counters(calls=12, matched=11)))
    assert store.counters(MIGRATION) == Counters(calls=12, matched=11, dropped_by={"crash": 0})
    totals = store.totals(MIGRATION, None, None)
    assert (totals.calls, totals.matched, totals.dropped) == (12, 11, 0)


def test_what_a_replica_is_told_of_counters_is_what_the_others_counted(postgres_backend: PostgresBackend) -> None:
    store = shared(postgres_backend)
    for name, calls in (("a", 3), ("b", 4)):
        store.flush(batch(replica=name, counters=Counters(calls=calls, matched=calls)))
    assert beat(store, "a").counters == {MIGRATION: Counters(calls=4, matched=4)}


def test_each_reads_what_others_wrote_of_parents_and_only_once(postgres_backend: PostgresBackend) -> None:
    store = shared(postgres_backend)
    store.flush(batch(replica="a", parents=[state(1), state(2)]))
    assert beat(store, "a").parents == ()
    news = beat(store, "b")
    assert [each.parent.uid for each in news.parents] == ["uid-00001", "uid-00002"]
    assert beat(store, "b", since=news.since).parents == ()
    store.flush(batch(replica="a", parents=[state(2, at=NOON + 1)]))
    assert [each.seen_at for each in beat(store, "b", since=news.since).parents] == [NOON + 1]


def test_what_is_written_without_having_read_what_is_there_is_merged_and_read_by_both(
    postgres_backend: PostgresBackend,
) -> None:
    store = shared(postgres_backend)
    one, other = service(1, "one"), service(1, "other")
    store.flush(batch(replica="a", parents=[state(1, Side.NEW, NOON, new_identities=(one,))]))
    store.flush(batch(replica="b", parents=[state(1, Side.NEW, NOON + 1, new_identities=(other,))]))
    for name in ("a", "b"):
        (found,) = beat(store, name).parents
        assert set(found.new_identities or ()) == {one, other}
    known = store.parent(MIGRATION, "uid-00001")
    assert known is not None
    store.flush(batch(replica="b", parents=[replace(known, new_identities=(other,))]))  # it knew of both
    assert store.served_identities(MIGRATION)[0].new_identities == (other,)


def test_an_agreement_is_changed_by_who_saw_its_present_state(postgres_backend: PostgresBackend) -> None:
    store = shared(postgres_backend)
    version = Version(1, "digest", "text")
    first, second = Agreement(1, following=version, phase="offered"), Agreement(2, in_force=version)
    line = Change(NOON, None, "configuration", "file", "it changed")
    assert not store.agree(second, line)
    assert store.agree(first, None)
    assert not store.agree(first, None)
    assert store.accepted_configuration() is None
    assert store.agree(second, line)
    assert store.history(None, None, 10)[0] == [line]
    assert store.accepted_configuration() == ("text", "digest")
    assert beat(store, "a").agreement == second


def test_of_two_pulls_at_once_one_is_told(postgres_backend: PostgresBackend) -> None:
    one, two = shared(postgres_backend), shared(postgres_backend)
    assert [one.set_brake(MIGRATION, brake(1)), two.set_brake(MIGRATION, brake(1))] == [True, False]
    assert len(one.history(MIGRATION, None, 10)[0]) == 1


def test_whoever_waits_is_woken_by_a_decision(postgres_backend: PostgresBackend) -> None:
    one, two = shared(postgres_backend), shared(postgres_backend)
    two.wait(0.01)  # listens from here on
    one.set_brake(MIGRATION, brake(1))
    two.wait(60.0)  # would be too long for this test
