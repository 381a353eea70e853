"""Output of a form that no engine foresaw: a declared reason, never another exception."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from clearway.base.errors import Unreadable
from clearway.base.units import Duration, Size
from clearway.engine.base import Output, proven
from clearway.engine.iperf3 import Iperf3
from clearway.probe.measurement import Measurement, Tcp
from clearway.probe.records import Half, Request
from making import request


@dataclass
class OddEngine(Iperf3):
    """Its tool made it do this."""

    found: Any = None

    def read(self, request: Request, output: Output) -> Measurement:
        if isinstance(self.found, Exception):
            raise self.found
        return Tcp(Duration(1), (Size(self.found),))


@pytest.mark.parametrize(
    "found", [ValueError("int"), IndexError(0), AttributeError("get"), ZeroDivisionError(), 10**28, -1], ids=repr
)
def test_what_an_engine_did_not_foresee_is_a_declared_reason(found: Any) -> None:
    with pytest.raises(Unreadable) as caught:
        proven(OddEngine(found), request(Half.SERVE), Output("", ""))
    assert caught.value.code == "tool.unforeseen"


def test_what_an_engine_did_foresee_stays_as_it_is() -> None:
    assert proven(OddEngine(7), request(Half.SERVE), Output("", "")) == Tcp(Duration(1), (Size(7),))
    with pytest.raises(Unreadable, match=r"tool\.failed"):
        proven(OddEngine(Unreadable("tool.failed")), request(Half.SERVE), Output("", ""))


@pytest.mark.parametrize("intervals", [[], [7], [{"streams": 7}], [{"sum": {"bytes": 10**400}}], {}, None])
def test_a_report_of_iperf3_of_an_odd_form_is_unreadable(intervals: Any) -> None:
    report = {"start": {"connected": [{"socket": 5}]}, "intervals": intervals, "end": {}}
    with pytest.raises(Unreadable):
        proven(Iperf3(), request(Half.SERVE), Output(json.dumps(report), ""))
