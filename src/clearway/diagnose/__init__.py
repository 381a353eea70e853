"""Everything that explains a verdict, put into it by one function. A new cause is a function and a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from clearway.diagnose.attempts import unexplained_attempts
from clearway.diagnose.causes.table import causes_of
from clearway.diagnose.chaos import chaos_findings, met_downtime
from clearway.diagnose.clocks import clock_findings
from clearway.diagnose.flows import flow_findings
from clearway.diagnose.losses import loss_findings
from clearway.diagnose.pair_causes import pair_findings
from clearway.diagnose.path_mtu import path_mtu_findings
from clearway.diagnose.resources import memory_findings, throttled
from clearway.diagnose.retests import suspects
from clearway.diagnose.stand_outs import stand_outs
from clearway.diagnose.strangers import stranger_findings
from clearway.diagnose.surroundings import given_up_findings, membership_findings, site_findings
from clearway.ledger.record import Record
from clearway.probe.records import Finding, Reason
from clearway.spec.model import Test
from clearway.verdict.model import RunVerdict

_OF_RUN: tuple[Callable[[Record], Iterator[Finding]], ...] = (
    site_findings,
    given_up_findings,
    stranger_findings,
    clock_findings,
    membership_findings,
    path_mtu_findings,
    chaos_findings,
    flow_findings,
    memory_findings,
    loss_findings,
    unexplained_attempts,
)
_OF_TEST: tuple[Callable[[Record, Test], Reason | None], ...] = (throttled, met_downtime)


def diagnose(record: Record, verdict: RunVerdict) -> RunVerdict:
    """The verdict with its findings, the notes of its tests, what stands out and what is suspected; no state changes.

    What the plan says of these nodes comes first. Each finding stands once.
    """
    suspected = tuple(replace(one, causes=causes_of(record, one)) for one in suspects(record))
    found = [*record.findings, *(finding for find in _OF_RUN for finding in find(record))]
    found += pair_findings(record, verdict, suspected)
    noted = [
        replace(judged, notes=tuple(note for find in _OF_TEST if (note := find(record, test)) is not None))
        for judged, test in zip(verdict.tests, record.spec.tests, strict=True)
    ]
    findings = tuple(finding for index, finding in enumerate(found) if finding not in found[:index])
    out = tuple(stand_outs(verdict))
    return replace(verdict, tests=tuple(noted), findings=findings, stand_outs=out, suspects=suspected)
