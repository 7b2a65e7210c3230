"""Figures get into the table of the store that they are of, and nowhere else."""

from tests.faults.figures import renewed

DOCUMENT = "# Figures\n| flaps | 1 | old |\n| hangs | 1 | old |\n\nOver PostgreSQL, too:\n| flaps | 2 | old |\n\nEnd\n"


def test_rows_take_the_place_of_those_of_the_same_fault_and_store():
    sqlite = renewed(DOCUMENT, ["| flaps | 3 | new |", "| unheard of | 1 |"], over_postgres=False)
    assert sqlite == DOCUMENT.replace("| flaps | 1 | old |", "| flaps | 3 | new |")
    postgres = renewed(DOCUMENT, ["| flaps | 4 | new |"], over_postgres=True)
    assert postgres == DOCUMENT.replace("| flaps | 2 | old |", "| flaps | 4 | new |")
