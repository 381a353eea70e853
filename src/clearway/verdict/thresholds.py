"""Every number that decides a verdict by itself, with its reason and its source. docs/verdict.md shows this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threshold:
    value: float
    shown: str
    """The number as the table writes it."""
    decides: str
    reason: str
    source: str


CONFIDENCE = Threshold(
    0.95,
    "95 %",
    "how surely the interval of a pair's repeats holds their true median",
    "The usual level. From 6 values on an interval of two of them reaches it: the whole range of n values misses the "
    "median with probability 2 / 2^n.",
    "David and Nagaraja, Order Statistics (2003), chapter 7",
)
BEYOND_PERCENTILE = Threshold(
    10,
    "10 / (1 - p)",
    "samples that a percentile p needs",
    "About 10 samples then lie beyond the percentile, and their number varies by a third (1 / sqrt 10); with fewer, a "
    "single slow request moves the percentile.",
    "own choice; the variation is that of a Poisson count",
)
RULE_OF_THREE = Threshold(
    3,
    "3 / limit",
    "samples that a limit on a share needs",
    "No loss in n datagrams shows, at 95 %, a loss below 3 / n: (1 - 3 / n)^n is about 5 %.",
    'Hanley and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?", JAMA 249 (1983)',
)
CLIENT_BUSY = Threshold(
    0.95,
    "95 %",
    "share of its cores from which an HTTP client measures itself",
    "Waiting before a server that is busy for a share u grows with 1 / (1 - u): 20 service times at 95 %. What is left "
    "to 100 % covers the coarse clock of CPU time.",
    "own choice; Kleinrock, Queueing Systems 1 (1975), M/M/1",
)
SENT = Threshold(
    0.98,
    "98 %",
    "share of the asked rate that a sender has to reach",
    "A sender paces by timers and sends whole datagrams or requests, so it misses the rate slightly. A loss or a "
    "latency under 2 % less load is still that of the asked load.",
    "own choice",
)
RAN = Threshold(
    0.95,
    "95 %",
    "share of the asked time that a sender has to run",
    "Connecting and the last interval take part of the time. Of a 10 s test half a second may be missing.",
    "own choice",
)
LOAD = Threshold(
    0.8,
    "80 %",
    "share of the pair's own TCP throughput (else of its link) that a background load has to carry",
    "The measured probe takes part of the path, and TCP throughput differs from one measurement to the next. Under "
    "80 % the queues on the path are not full all the time.",
    "own choice",
)

THRESHOLDS = (CONFIDENCE, BEYOND_PERCENTILE, RULE_OF_THREE, CLIENT_BUSY, SENT, RAN, LOAD)

ROUNDING = 1e-9
"""A share written as 90 % is not exactly 0.9 in binary: counts of pairs are compared with this much room."""
