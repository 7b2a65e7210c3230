"""The mismatch report: computed once by `build`, presented by the formats beside it. Asks the store, calls nobody."""

from shadow.report.build import MigrationView, build
from shadow.report.model import Report

__all__ = ["MigrationView", "Report", "build"]
