"""Figures get into the table of the store that they are of, and nowhere else."""

from tests.faults.figures import renewed

SQLITE = "# Figures\n| a | b |\n\n| fault | sent |\n|---|--:|\n| flaps | 1 |\n| hangs | 1 |\n\nText\n"
POSTGRES = (
    "\nOver PostgreSQL, too:\n| fault | sent |\n|---|--:|\n| flaps | 2 |\n\n| fault | sent |\n| soak | 5 |\n\nEnd\n"
)


def test_rows_take_the_place_of_those_of_the_same_fault_and_store():
    assert renewed(SQLITE + POSTGRES, ["| flaps | 3 |"], over_postgres=False) == (
        SQLITE.replace("| flaps | 1 |", "| flaps | 3 |") + POSTGRES
    )
    assert renewed(SQLITE + POSTGRES, ["| flaps | 4 |"], over_postgres=True) == (
        SQLITE + POSTGRES.replace("| flaps | 2 |", "| flaps | 4 |")
    )


def test_a_row_that_is_new_ends_the_table_of_its_store():
    assert renewed(SQLITE + POSTGRES, ["| refuses | 3 |"], over_postgres=False) == (
        SQLITE.replace("| hangs | 1 |\n", "| hangs | 1 |\n| refuses | 3 |\n") + POSTGRES
    )
    assert renewed(SQLITE + POSTGRES, ["| refuses | 4 |"], over_postgres=True) == (
        SQLITE + POSTGRES.replace("| flaps | 2 |\n", "| flaps | 2 |\n| refuses | 4 |\n")
    )
