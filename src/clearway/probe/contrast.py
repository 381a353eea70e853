"""What difference between the values of pairs is worth a word, where pairs are compared to find a fault."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contrast:
    """Of the usual statistic of a metric."""

    worse: float
    """The least factor by which pairs are worse than the rest."""
    noise: float
    """The least relative noise that is assumed of one measurement: what is alike by chance is no finer measure."""
    least: float = 0.0
    """In SI units: values below are alike."""
    by_distance: bool = False
    """Whether distance alone makes zones differ."""
