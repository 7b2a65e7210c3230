"""The records of a report, field for field its JSON (`shadow.report/v1`). They compute nothing but what follows.

Times are UTC and travel as RFC 3339. Values of objects were redacted before they were stored; an identity with
`<namespace>`, `<name>` or `<uid>` in it stands for the same place in every parent.
"""

from shadow.report.model.differences import Baseline, DifferenceLine, Effects, Example, SinceBaseline
from shadow.report.model.findings import AdviceLine, Creation, FailureLine, NoiseLine, Predictions, Proposal, TakenLine
from shadow.report.model.parents import Agreed, HeldLine, HeldObject, ParentCase, ParentEffects, ParentLine
from shadow.report.model.report import SCHEMA, Head, Report
from shadow.report.model.rules import RuleLine, RuleState
from shadow.report.model.standing import (
    BrakeLine,
    ConfigurationLine,
    Outcomes,
    Result,
    Situation,
    Totals,
    VerdictLine,
    Window,
    Word,
)

__all__ = [
    "SCHEMA",
    "AdviceLine",
    "Agreed",
    "Baseline",
    "BrakeLine",
    "ConfigurationLine",
    "Creation",
    "DifferenceLine",
    "Effects",
    "Example",
    "FailureLine",
    "Head",
    "HeldLine",
    "HeldObject",
    "NoiseLine",
    "Outcomes",
    "ParentCase",
    "ParentEffects",
    "ParentLine",
    "Predictions",
    "Proposal",
    "Report",
    "Result",
    "RuleLine",
    "RuleState",
    "SinceBaseline",
    "Situation",
    "TakenLine",
    "Totals",
    "VerdictLine",
    "Window",
    "Word",
]
