from shadow.store.base import Acknowledgement, Change, Store
from tests.store.conftest import Backend
from tests.store.records import MIGRATION, NOON

SEEN = Acknowledgement("alice", NOON, "known since v1.4")
LINE = Change(NOON, MIGRATION, "acknowledgement", "alice", "known since v1.4", {"difference": "d1"})


def test_what_was_acknowledged_outlives_a_restart(backend: Backend) -> None:
    store = backend.open()
    store.acknowledge(MIGRATION, "d1", SEEN, LINE)
    store.close()
    assert backend.open().acknowledgements(MIGRATION) == {"d1": SEEN}


def test_the_latest_note_counts_and_none_takes_it_back(store: Store) -> None:
    later = Acknowledgement("bob", NOON + 1, "mine")
    store.acknowledge(MIGRATION, "d1", SEEN, LINE)
    store.acknowledge(MIGRATION, "d1", later, LINE)
    assert store.acknowledgements(MIGRATION) == {"d1": later}
    store.acknowledge(MIGRATION, "d1", None, LINE)
    assert store.acknowledgements(MIGRATION) == {}


def test_migrations_are_kept_apart_and_each_note_is_in_the_change_log(store: Store) -> None:
    store.acknowledge(MIGRATION, "d1", SEEN, LINE)
    assert store.acknowledgements("other") == {}
    assert store.history(MIGRATION, None, 10)[0] == [LINE]
