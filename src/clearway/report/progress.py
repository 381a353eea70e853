"""The live display of a run: a few lines that change on a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from clearway.base.units import Duration, Rate
from clearway.probe.measurement import Tcp
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.observations import ROUND_START
from clearway.probe.path_mtu import black_hole
from clearway.probe.records import Half, Observation, Outcome, Result, Role, Round, Trial
from clearway.report.phrases import Phrases
from clearway.report.wording import Language

_OVERHEAD = 2.0
"""Seconds that a round takes beyond its load, until the first one has shown it."""


@dataclass
class Tally:
    """Counts what happens. Instants are the controller's Unix seconds; `take` gets them from `now`."""

    expected: dict[str, float] | None = None
    """Rounds that are planned and not begun: id -> seconds of load and gap; None: not known."""
    round: Round | None = None
    """The one that runs."""
    begun: int = 0
    began_at: float = 0.0
    start: float | None = None
    """The instant of the running round; None until it is announced."""
    measured: int = 0
    """Halves of the running round."""
    void: int = 0
    carried: dict[str, Rate] = field(default_factory=dict)
    """Probe of the running round -> TCP throughput."""
    overheads: list[float] = field(default_factory=list)

    def expect(self, rounds: Iterable[Round], gap: Duration) -> None:
        """What is still to come, for the count and the time left."""
        self.expected = {round_.id: _load(round_) + gap.si for round_ in rounds}

    @singledispatchmethod
    def take(self, item: object, now: float) -> None:
        """Note one thing that the ledger appended; things without progress are ignored."""

    @take.register
    def _(self, item: Round, now: float) -> None:
        if self.round is not None:
            self.overheads.append(max(0.0, now - self.began_at - _load(self.round)))
        if self.expected is not None:
            self.expected.pop(item.id, None)
        self.round, self.began_at, self.start = item, now, None
        self.begun += 1
        self.measured = self.void = 0
        self.carried = {}

    @take.register
    def _(self, item: Observation, now: float) -> None:
        if item.kind == ROUND_START.name:
            self.start = item.at

    @take.register
    def _(self, item: Result, now: float) -> None:
        if self.round is None or item.round != self.round.id:
            return
        if item.outcome is not Outcome.MEASURED:
            self.void += 1
            return
        self.measured += 1
        if (rate := _throughput(self.round, item)) is not None:
            self.carried[item.probe] = rate

    @property
    def rounds(self) -> int | None:
        """Begun and expected rounds together; None if the plan is not known."""
        return None if self.expected is None else self.begun + len(self.expected)

    @property
    def total(self) -> Rate | None:
        """What the measured TCP probes of the running round carried together."""
        return Rate(sum(rate.si for rate in self.carried.values())) if self.carried else None

    def left(self, now: float) -> Duration | None:
        """Estimated time to the end of the last expected round, to the second; None if the plan is not known."""
        if self.expected is None:
            return None
        overhead = sum(self.overheads) / len(self.overheads) if self.overheads else _OVERHEAD
        running = max(0.0, self.began_at + _load(self.round) + overhead - now) if self.round else 0.0
        return Duration(round(running + sum(self.expected.values()) + overhead * len(self.expected)))


def halves(round_: Round) -> int:
    """How many results a round has."""
    return 2 * len(round_.probes)


def _load(round_: Round) -> float:
    return max((probe.window.end.si for probe in round_.probes), default=0.0)


def _throughput(round_: Round, result: Result) -> Rate | None:
    probe = next((probe for probe in round_.probes if probe.id == result.probe), None)
    if probe is None or result.half is not Half.SERVE or not isinstance(result.measurement, Tcp):
        return None
    mean = THROUGHPUT.value(Trial(probe, result.attempt, serve=result), "mean")
    return None if mean is None else Rate(mean)


_BAR_WIDTH = 40
"""Half of a usual terminal's 80 columns."""


class Progress:
    """Call `take` with everything that the ledger appends, and `expect` with the planned rounds.

    `clock` gives Unix seconds.
    """

    def __init__(
        self,
        language: Language,
        *,
        quiet: bool = False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._phrases = Phrases(language)
        self._quiet = quiet
        self._console = Console(file=stream or sys.stderr, highlight=False, markup=False, emoji=False)
        self._clock = clock
        self._began = clock()
        self._tally = Tally()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._quiet:
            self._live = Live(console=self._console, get_renderable=self._picture, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def finish(self) -> None:
        """Nothing more is measured: the display makes room for the report."""
        self._stop()
        if self._tally.begun:
            elapsed = Duration(round(self._clock() - self._began))
            self._line(self._phrases.say("progress.done", rounds=self._tally.begun, elapsed=elapsed))

    def show(self, code: str) -> None:
        """One line of its own."""
        self._line(self._phrases.say(code))

    def expect(self, rounds: Iterable[Round], gap: Duration) -> None:
        """The planned rounds that are still to be run."""
        self._tally.expect(rounds, gap)

    def take(self, item: object) -> None:
        """One append of the ledger."""
        self._tally.take(item, self._clock())
        if isinstance(item, Round) and self._live is None:
            self._line(self._begun(item))
        if isinstance(item, Observation) and (hole := black_hole(item)) is not None:
            self._line(self._phrases.say("progress.black-hole", sender=hole.sender.label, receiver=hole.receiver.label))
        if isinstance(item, Result) and item.outcome is not Outcome.MEASURED:
            reason = self._phrases.reason(item.reason) if item.reason else None
            reason = reason or self._phrases.say(f"outcome.{item.outcome.value}")
            self._line(self._phrases.say("progress.void", probe=item.probe, reason=reason))

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _line(self, text: str) -> None:
        """Above the live display where there is one."""
        if not self._quiet:
            self._console.print(text, soft_wrap=True)

    def _begun(self, round_: Round) -> str:
        return self._phrases.say(
            "progress.line",
            done=self._tally.begun,
            rounds=self._tally.rounds,
            why=self._phrases.say(f"progress.{round_.why.value}"),
            test=round_.test,
            pairs=sum(probe.role is not Role.BACKGROUND for probe in round_.probes),
            left=self._tally.left(self._clock()),
        )

    def _picture(self) -> RenderableType:
        tally, say = self._tally, self._phrases.say
        if tally.round is None:
            return Text(say("progress.starting"))
        head = say(
            "progress.round", done=tally.begun, rounds=tally.rounds, why=say(f"progress.{tally.round.why.value}")
        )
        # The running round counts by its results.
        completed = tally.begun - 1 + (tally.measured + tally.void) / max(1, halves(tally.round))
        lines: list[RenderableType] = [
            Text(f"{head}, {say('progress.left', left=tally.left(self._clock()))}"),
            Padding(ProgressBar(total=tally.rounds, completed=completed, width=_BAR_WIDTH), 0),
            Text(self._state(tally.round)),
        ]
        if tally.total is not None:
            lines.append(Text(say("progress.total", total=self._phrases.value(tally.total))))
        return Group(*lines)

    def _state(self, round_: Round) -> str:
        start = self._tally.start
        if start is not None and start > self._clock():
            return self._phrases.say("progress.waiting", test=round_.test, lead=Duration(start - self._clock()))
        return self._phrases.say(
            "progress.measured",
            test=round_.test,
            measured=self._tally.measured,
            halves=halves(round_),
            void=self._tally.void,
        )
