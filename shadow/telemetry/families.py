"""A metric with its samples, as no library in particular has it: made in one place, told to Prometheus and to OTLP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Labels = tuple[str, ...]


class Kind(StrEnum):
    """What a metric's values mean."""

    COUNTER = "counter"  # since the process started
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Distribution:
    """Observations by bucket: `counts[i]` are those up to `bounds[i]`, the last one those above all."""

    bounds: Sequence[float]
    counts: Sequence[int]
    total: float


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `name` is Prometheus' own, `_total` and units included; `labels` name what samples are told by."""

    name: str
    about: str
    kind: Kind
    labels: tuple[str, ...] = ()
    samples: Mapping[Labels, float] = field(default_factory=dict)
    distributions: Mapping[Labels, Distribution] = field(default_factory=dict)
