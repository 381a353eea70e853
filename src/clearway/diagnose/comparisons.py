"""By which figures the pairs of a test are compared: the level that a value is, and how much lower one has to be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clearway.diagnose.bottlenecks import Bar
from clearway.diagnose.figures import Figure
from clearway.probe.metrics import METRICS, Better, Contrast

_INNOCENTS = 1e-4
"""Places of a kind that noise alone brings under suspicion by one figure: in the mean one in 10,000 runs."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure by which pairs are compared. A level is a share of the usual value, or a logarithm; more is better."""

    figure: Figure
    contrast: Contrast

    @property
    def protocols(self) -> tuple[str, ...]:
        """Of a throughput those that fill the road."""
        return self.figure.metric.baseline or self.figure.metric.protocols

    @property
    def bar(self) -> Bar:
        worse = self.contrast.worse
        return Bar(_INNOCENTS, 1 - 1 / worse if self._rises else math.log(worse), self.contrast.noise)

    def level(self, value: float, usual: float) -> float:
        """Rates scatter evenly around what is usual. What is better if it is less scatters by factors."""
        return value / usual if self._rises else -math.log(max(value, self.contrast.least))

    @property
    def _rises(self) -> bool:
        return self.figure.metric.better is Better.HIGHER


COMPARISONS = tuple(
    Comparison(Figure(metric, metric.usual), metric.contrast)
    for metric in METRICS.values()
    if metric.contrast is not None
)
