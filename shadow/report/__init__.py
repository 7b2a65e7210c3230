"""The mismatch report: computed once by `build`, presented by the formats beside it. Asks the store, calls nobody."""

from shadow.report.build import build
from shadow.report.model import Report
from shadow.report.view import MigrationView

__all__ = ["MigrationView", "Report", "build"]
