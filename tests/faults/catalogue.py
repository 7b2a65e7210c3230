"""Every fault of the campaign."""

from tests.faults import implementation_faults, process_faults, store_faults

FAULTS = (*implementation_faults.FAULTS, *process_faults.FAULTS, *store_faults.FAULTS)
