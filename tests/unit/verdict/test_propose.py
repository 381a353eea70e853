"""Limits made from a run: the run itself meets them, however few its pairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.units import Rate, Ratio
from clearway.probe.records import Probe
from clearway.spec.limits import LimitsFile, with_limits
from clearway.spec.load import read_file, read_model
from clearway.verdict.judge import judge
from clearway.verdict.model import State
from clearway.verdict.propose import limits_text
from unit.report.factories import HTTP, TCP, UDP, Network, inventory, record, spec


def _rate(probe: Probe) -> Rate:
    """Pairs differ by a few per cent."""
    return Rate(0.95e9 - 1e7 * (int(probe.client.node[-1]) % 5))


@pytest.mark.parametrize("nodes", [2, 4, 6])
def test_a_run_meets_the_limits_that_are_made_from_it(nodes: int, tmp_path: Path) -> None:
    run = record(spec({**TCP, "pairing": "one-to-one"}, UDP, HTTP), inventory(nodes), Network(rate=_rate))
    path = tmp_path / "limits.yaml"
    path.write_text(limits_text(run, Ratio(0.1)), encoding="utf-8")
    limited = replace(run, spec=with_limits(run.spec, read_model(read_file(path), LimitsFile)))
    assert judge(limited).state is State.PASS
