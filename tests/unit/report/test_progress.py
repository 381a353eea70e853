"""The live display: counts right, tells the time left, keeps quiet when told to."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from clearway.base.units import Duration, Rate
from clearway.ledger.record import Record
from clearway.probe.records import Half, Observation, Result, Round
from clearway.report.progress import Progress, Tally, halves
from clearway.report.wording import Language
from unit.report.factories import TCP, Network, dead_towards, inventory, record, spec

GAP = Duration(0.5)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass
class Watch:
    """A clock that a test moves."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def appends(made: Record) -> Iterable[Round | Observation | Result]:
    """What the ledger appends, in its order."""
    for round_ in made.rounds:
        yield round_
        yield Observation("round-start", round_.id, 100.0)
        yield from (result for result in made.results if result.round == round_.id)


def shown(made: Record, stream: io.StringIO, *, quiet: bool = False, language: Language = "en") -> str:
    with Progress(language, quiet=quiet, stream=stream, clock=Watch()) as progress:
        progress.expect(made.plan, GAP)
        for item in appends(made):
            progress.take(item)
        progress.finish()
    return stream.getvalue()


RUN = record(spec(TCP), inventory(7))
"""A mesh: six rounds of seven pairs."""


def test_a_pipe_gets_a_plain_line_a_round_and_one_at_the_end() -> None:
    lines = shown(RUN, io.StringIO()).splitlines()
    assert len(lines) == len(RUN.plan) + 1
    assert lines[0].startswith(f"round 1 of {len(RUN.plan)} (planned): bandwidth, 7 pairs, about ")
    assert lines[-1] == "6 rounds done in 0 s"


def test_a_value_that_is_not_reported_is_not_made_up() -> None:
    stream = io.StringIO()
    with Progress("en", stream=stream, clock=Watch()) as progress:
        progress.take(RUN.plan[0])
    assert stream.getvalue().startswith("round 1 of ? (planned): bandwidth, 7 pairs, about ? left")


def test_a_void_result_is_reported_with_its_reason() -> None:
    text = shown(record(spec(TCP), inventory(), Network(rate=dead_towards("node-2"))), io.StringIO())
    assert "void: bandwidth/node-1/0>node-2/0#0: the connection was never answered" in text


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_quiet_says_nothing(stream: type[io.StringIO]) -> None:
    assert shown(RUN, stream(), quiet=True) == ""


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_terminal_gets_a_display_that_is_gone_at_the_end(language: Language) -> None:
    text = shown(RUN, Terminal(), language=language)
    assert "\x1b[" in text
    assert "6" in text.splitlines()[-1]


def test_an_interrupted_run_does_not_claim_to_be_done() -> None:
    stream = io.StringIO()
    progress = Progress("en", stream=stream, clock=Watch()).__enter__()
    progress.take(RUN.plan[0])
    progress.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert "done" not in stream.getvalue()


def test_the_time_left_is_the_load_still_to_come_and_what_rounds_have_cost_besides() -> None:
    tally = Tally()
    tally.expect(RUN.plan, GAP)
    first, second, *_ = RUN.plan
    tally.take(first, 0.0)
    assert tally.left(0.0) == Duration(round(14.0 + 5 * 14.5))
    tally.take(second, 15.0)
    assert tally.left(15.0) == Duration(15.0 + 4 * 15.5)


def test_results_of_the_running_round_add_up_to_what_it_carries() -> None:
    tally = Tally()
    round_ = RUN.rounds[0]
    tally.take(round_, 0.0)
    results = [result for result in RUN.results if result.round == round_.id]
    for result in results:
        tally.take(result, 1.0)
    assert tally.measured == len(results) == halves(round_)
    assert tally.total == Rate(7 * 0.95e9)


def test_a_result_of_an_earlier_round_does_not_count() -> None:
    tally = Tally()
    tally.take(RUN.rounds[1], 0.0)
    stale = next(result for result in RUN.results if result.round == RUN.rounds[0].id and result.half is Half.SERVE)
    tally.take(stale, 1.0)
    assert tally.measured == 0
