"""The live display of a run: a few lines that change on a terminal, plain lines elsewhere, always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.text import Text

from clearway.base.units import Duration
from clearway.ledger.record import Record
from clearway.probe.records import Outcome, Result, Round
from clearway.report.language import Language
from clearway.report.phrases import Phrases
from clearway.report.progress_state import Tally, halves, judged_pairs

_BAR_WIDTH = 40


class Progress:
    """Feed it every append of the ledger by `take`; tell it what is planned by `expect`.

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

    def tell(self, code: str) -> None:
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
        if isinstance(item, Result) and item.outcome is not Outcome.MEASURED:
            self._line(self._void(item))

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
            why=self._why(round_),
            test=round_.test,
            pairs=judged_pairs(round_),
            left=self._left(),
        )

    def _void(self, result: Result) -> str:
        reason = self._phrases.reason(result.reason) if result.reason else None
        return self._phrases.say(
            "progress.void",
            probe=result.probe,
            reason=reason or self._phrases.say(f"outcome.{result.outcome.value}"),
        )

    def _why(self, round_: Round) -> str:
        return self._phrases.say(f"progress.{round_.why.value}")

    def _left(self) -> Duration | None:
        left = self._tally.left(self._clock())
        return None if left is None else Duration(round(left.si))

    def _picture(self) -> RenderableType:
        tally, say = self._tally, self._phrases.say
        if tally.round is None:
            return Text(say("progress.starting"))
        head = say("progress.round", done=tally.begun, rounds=tally.rounds, why=self._why(tally.round))
        lines: list[RenderableType] = [
            Text(f"{head}, {say('progress.left', left=self._left())}"),
            Padding(ProgressBar(total=tally.rounds, completed=self._share_done(), width=_BAR_WIDTH), 0),
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

    def _share_done(self) -> float:
        """Rounds done, with the running one by its results."""
        tally = self._tally
        assert tally.round is not None
        return tally.begun - 1 + (tally.measured + tally.void) / max(1, halves(tally.round))


def rounds_to_come(record: Record) -> tuple[Round, ...]:
    """The planned rounds of a run that were not handed out yet: all of a new one."""
    handed_out = {round_.origin or round_.id for round_ in record.rounds}
    return tuple(round_ for round_ in record.plan if round_.id not in handed_out)
