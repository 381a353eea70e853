"""Nothing gets through at all."""

from __future__ import annotations

from clearway.diagnose.causes.case import Case
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.records import Reason


def dead_road(case: Case) -> Reason | None:
    dead = any(sign.metric == THROUGHPUT.name and not sign.value.si for sign in case.suspect.signs)
    return Reason("cause.dead-road") if dead else None
