"""Every fault of the campaign: those that are the same whatever the store, and those of each store."""

from tests.faults import implementation_faults, postgres_faults, process_faults, store_faults

ANYWHERE = (*implementation_faults.FAULTS, *process_faults.FAULTS)
ON_SQLITE = store_faults.FAULTS
ON_POSTGRES = postgres_faults.FAULTS
FAULTS = (*ANYWHERE, *ON_SQLITE)
