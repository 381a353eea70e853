"""An acceptance of a lab with planted faults, and what it says of single pairs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmarks.flow import accepted
from clearway.campaign.conclusion import EXIT_CODES, conclude
from clearway.ledger.disk import write_whole
from clearway.ledger.record import Record
from clearway.probe.records import Probe, Round
from clearway.report.document import PairPart, ReportDocument
from clearway.report.text import TextReport
from clearway.site.lab.model import LabSpec
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from faults.model import Fault
from faults.rounds import FaultyLab, InRounds

_WIDE = 10_000


@dataclass(frozen=True)
class Acceptance:
    """What a run came to."""

    record: Record
    seconds: float
    hits: Mapping[Fault, int]

    @property
    def state(self) -> State:
        return judge(self.record).state

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.state]

    @cached_property
    def document(self) -> ReportDocument:
        return conclude(self.record, "en")

    @cached_property
    def text(self) -> str:
        """The report, no line of it wrapped."""
        return TextReport(_WIDE).render(self.document)

    @property
    def first_lines(self) -> list[str]:
        """What a reader sees before the criteria."""
        return self.text.partition("\nCriteria\n")[0].splitlines()

    @property
    def broken(self) -> list[PairPart]:
        """Pairs that hold one criterion or more not, worst first within each criterion."""
        return [pair for test in self.document.tests for one in test.criteria for pair in one.exceptions]

    def of(self, *nodes: str) -> Acceptance:
        """The same run as it had been with these nodes alone."""
        inventory = self.record.inventory
        kept = replace(inventory, nodes=tuple(node for node in inventory.nodes if node.name in nodes))
        workers = tuple(worker for worker in self.record.workers if worker.slot.node in nodes)
        record = replace(self.record, inventory=kept, workers=workers)
        return replace(self, record=_with(record, lambda probe: {probe.client.node, probe.server.node} <= set(nodes)))

    def without(self, test: str) -> Acceptance:
        """The same run as it had been without this test."""
        tests = tuple(one for one in self.record.spec.tests if one.name != test)
        record = replace(self.record, spec=self.record.spec.model_copy(update={"tests": tests}))
        return replace(self, record=_with(record, lambda probe: probe.test != test))


def _with(record: Record, wanted: Callable[[Probe], bool]) -> Record:
    plan, rounds = _rounds(record.plan, wanted), _rounds(record.rounds, wanted)
    probes = {probe.id for round_ in rounds for probe in round_.probes}
    results = tuple(result for result in record.results if result.probe in probes)
    return replace(record, plan=plan, rounds=rounds, results=results)


def _rounds(rounds: Sequence[Round], wanted: Callable[[Probe], bool]) -> tuple[Round, ...]:
    kept = (replace(round_, probes=tuple(filter(wanted, round_.probes))) for round_ in rounds)
    return tuple(round_ for round_ in kept if round_.probes)


async def acceptance(folder: Path, spec: str, lab: LabSpec, faults: Sequence[Fault | InRounds] = ()) -> Acceptance:
    """Carry out an acceptance on a lab with these faults to its end."""
    site, begun = FaultyLab(lab, faults), time.monotonic()
    record = await accepted(folder, spec, site, site.beside)
    seconds = time.monotonic() - begun
    found = Acceptance(record, seconds, site.hits)
    write_whole(folder / "report.txt", found.text)
    return found
