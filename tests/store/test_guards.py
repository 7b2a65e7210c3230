from shadow.store.base import Change, GuardRises, Store
from shadow.store.guards import TRIPPED
from tests.store.conftest import Backend
from tests.store.records import MIGRATION, NOON, batch


def rises(buckets, epoch="1", keep_from=0, migration=MIGRATION):
    return GuardRises(migration, epoch, keep_from, buckets)


def test_rises_add_up_and_outlive_a_restart(backend: Backend) -> None:
    store = backend.open()
    store.flush(batch(guards=[rises({7: {"calls": 2, "seconds": 0.5}})]))
    store.flush(batch(guards=[rises({7: {"calls": 1}, 8: {"failed": 1}})], replica="another"))
    store.close()
    assert backend.open().guard(MIGRATION, "1") == {7: {"calls": 3, "seconds": 0.5}, 8: {"failed": 1}}


def test_another_epoch_starts_empty_and_the_one_before_ages(store: Store) -> None:
    store.flush(batch(guards=[rises({7: {"calls": 2}})]))
    assert store.guard(MIGRATION, "2") == {}
    store.flush(batch(guards=[rises({8: {"calls": 1}}, epoch="2")]))
    assert (store.guard(MIGRATION, "1"), store.guard(MIGRATION, "2")) == ({7: {"calls": 2}}, {8: {"calls": 1}})
    store.flush(batch(guards=[rises({9: {"calls": 1}}, epoch="2", keep_from=8)]))
    assert store.guard(MIGRATION, "1") == {}


def test_what_has_left_the_window_is_forgotten(store: Store) -> None:
    store.flush(batch(guards=[rises({7: {"calls": 2}, 9: {"calls": 4}})]))
    store.flush(batch(guards=[rises({10: {"calls": 1}}, keep_from=8)]))
    assert store.guard(MIGRATION, "1") == {9: {"calls": 4}, 10: {"calls": 1}}


def test_migrations_are_kept_apart(store: Store) -> None:
    store.flush(batch(guards=[rises({7: {"calls": 2}}), rises({7: {"calls": 5}}, migration="other")]))
    assert store.guard("other", "1") == {7: {"calls": 5}}


def test_a_warning_that_another_replica_gave_is_not_told_again(store: Store) -> None:
    def warned(replica: str, epoch: str) -> None:
        line = Change(NOON, MIGRATION, "guard", "guard", "too much", {"epoch": epoch})
        rises = GuardRises(MIGRATION, epoch, 0, {7: {TRIPPED: 1}})
        store.flush(batch(replica=replica, changes=[line], guards=[rises]))

    for replica, epoch in (("a", "1"), ("b", "1"), ("b", "2")):
        warned(replica, epoch)
    assert [line.details["epoch"] for line in store.history(MIGRATION, None, 10)[0]] == ["2", "1"]
