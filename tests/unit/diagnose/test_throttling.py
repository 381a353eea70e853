"""A CPU limit of the cluster is shown beside the figures that it made."""

from __future__ import annotations

from dataclasses import replace

from clearway.base.units import Duration
from clearway.campaign.conclusion import conclude
from clearway.diagnose.resources import throttled
from clearway.ledger.record import Record
from clearway.probe.measurement import Counters
from clearway.probe.records import Half, Reason
from unit.report.factories import TCP, inventory, record, spec

QUIET = record(spec({**TCP, "pairing": "one-to-one", "direction": "forward"}), inventory(4))


def waiting(seconds: float, half: Half = Half.SEND) -> Record:
    """The first probe's half spent so much time waiting for its CPU."""
    first = QUIET.plan[0].probes[0].id
    results = tuple(
        replace(one, counters=Counters(throttled=Duration(seconds if (one.probe, one.half) == (first, half) else 0.0)))
        for one in QUIET.results
    )
    return replace(QUIET, results=results)


def values(note: Reason | None) -> tuple[object, ...]:
    assert note is not None
    assert note.code == "note.throttled"
    return tuple(note.values[name] for name in ("workers", "longest", "subject"))


def test_the_worker_that_waited_longest_is_named() -> None:
    probe = QUIET.plan[0].probes[0]
    (test,) = QUIET.spec.tests
    assert values(throttled(waiting(3.0), test)) == (1, Duration(3.0), probe.client.node)
    assert values(throttled(waiting(3.0, Half.SERVE), test)) == (1, Duration(3.0), probe.server.node)


def test_what_could_not_be_read_or_noticed_is_not_reported() -> None:
    (test,) = QUIET.spec.tests
    assert throttled(QUIET, test) is None
    assert throttled(waiting(0.01), test) is None


def test_the_report_says_whose_figures_they_are() -> None:
    run = waiting(3.0)
    (part,) = conclude(run, "en").tests
    (note,) = part.notes
    assert note.startswith("A CPU limit held back one worker, by up to 3 s in one measurement, on node-")
