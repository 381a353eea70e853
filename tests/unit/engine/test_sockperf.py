"""sockperf: every round trip from the log, cut to the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.probe.measurement import RoundTrip
from golden.loading import Golden, code_of, golden

_LOG = "messages.csv"


def _round_trip(found: Golden) -> RoundTrip:
    measured = found.read()
    assert isinstance(measured, RoundTrip)
    return measured


@pytest.mark.parametrize("case", ["tcp", "udp"])
def test_round_trips_are_those_that_began_inside_the_window(case: str) -> None:
    """Trap 17: microseconds, exact percentiles; a thousand messages a second for 0.2 s."""
    measured = _round_trip(golden(f"sockperf/{case}/send"))
    assert measured.sent == measured.received == measured.round_trip.count == pytest.approx(200, abs=10)
    assert 1e-6 < (measured.round_trip.percentile(50) or 0) < 1e-3


def test_a_full_round_trip_is_reported_not_half_of_it() -> None:
    found = golden("sockperf/tcp/send")
    rows = [line.split(", ") for line in Path(found.output.files[_LOG]).read_text().splitlines() if line[:1].isdigit()]
    longest = max(float(row[2]) - float(row[1]) for row in rows)
    assert (_round_trip(found).round_trip.most or 0) <= longest + 1e-9


def test_a_log_that_lacks_rows_contradicts_the_summary(tmp_path: Path) -> None:
    found = golden("sockperf/tcp/send")
    lines = Path(found.output.files[_LOG]).read_text().splitlines(keepends=True)
    shorter = tmp_path / _LOG
    shorter.write_text("".join(lines[:500] + lines[501:]))
    assert code_of(found.with_file(_LOG, shorter)) == "tool.totals-differ"


def test_a_log_whose_clock_is_another_one_is_not_cut_to_the_window(tmp_path: Path) -> None:
    found = golden("sockperf/tcp/send")
    shifted = tmp_path / _LOG
    shifted.write_text(Path(found.output.files[_LOG]).read_text().replace(", 2.", ", 3002.").replace(", 3.", ", 3003."))
    assert code_of(found.with_file(_LOG, shifted)) in {"tool.late-start", "tool.malformed"}
