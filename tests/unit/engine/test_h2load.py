"""HTTP: percentiles come from the raw log, cut to the window; a server that dies must not look fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Http
from golden.loading import Golden, code_of, golden

_LOG = "requests.tsv"


def _http(found: Golden) -> Http:
    measured = found.read()
    assert isinstance(measured, Http)
    return measured


def _log(found: Golden) -> list[str]:
    return Path(found.output.files[_LOG]).read_text().splitlines(keepends=True)


def _with_log(found: Golden, lines: list[str], folder: Path) -> Golden:
    path = folder / _LOG
    path.write_text("".join(lines))
    return found.with_file(_LOG, path)


def _seconds_inside(found: Golden) -> list[float]:
    window, start = found.request.window, found.request.start
    rows = [line.split("\t") for line in _log(found)]
    began = [(int(row[0]) / 1e6 - start, int(row[2]) / 1e6) for row in rows]
    return sorted(took for at, took in began if window.warm_up.si <= at < window.end.si)


@pytest.mark.parametrize("case", ["rate", "closed-loop", "v6"])
def test_latencies_are_those_of_the_requests_that_began_inside_the_window(case: str) -> None:
    """Trap 16: raw microseconds a request, so that percentiles are exact to the histogram's 0.8 %."""
    found = golden(f"h2load/{case}/send")
    measured, inside = _http(found), _seconds_inside(found)
    assert measured.errors == {}
    assert measured.latency.count == len(inside) < len(_log(found))
    assert measured.latency.most == inside[-1]
    assert measured.latency.percentile(50) == pytest.approx(inside[(len(inside) + 1) // 2 - 1], rel=0.008)


def test_a_stated_rate_is_the_rate_over_all_connections() -> None:
    """h2load's `--rps` is a connection's."""
    measured = _http(golden("h2load/rate/send"))
    assert measured.latency.count == pytest.approx(200, abs=4)
    assert 0.9 < measured.span.si <= 1.0


def test_the_log_begins_before_the_window_and_ends_behind_it() -> None:
    """Trap 23: h2load is late when spawned at the instant, so it is started early."""
    found = golden("h2load/rate/send")
    began = [int(line.split("\t")[0]) / 1e6 - found.request.start for line in _log(found)]
    assert min(began) < found.request.window.warm_up.si
    assert max(began) > found.request.window.end.si


def test_without_an_outage_the_figures_are_those_of_h2load() -> None:
    measured = _http(golden("h2load/rate/send"))
    assert (measured.due, measured.late, measured.unanswered) == (200, 0, 0)
    assert measured.answers == (100, 100)


def test_an_outage_delays_all_requests_that_were_due_in_it() -> None:
    """400 requests a second, the road dead for 0.7 s of 2 s: h2load itself shows 8 slow requests of 800."""
    found = golden("h2load/outage/send")
    measured = _http(found)
    assert sum(took > 0.06 for took in _seconds_inside(found)) == 8
    assert measured.due == measured.latency.count == 800
    assert _share_above(measured.latency, 0.06) == pytest.approx((0.859 - 0.06) * 400 / 800, abs=0.02)
    assert measured.latency.percentile(99) == pytest.approx(0.84, abs=0.02)
    assert measured.stall is not None
    assert 0.7 <= measured.stall.si <= 0.87


def test_an_outage_shows_in_the_answers_of_each_half_second() -> None:
    """Caught up afterwards, so that the whole window has as many answers as requests."""
    answers = _http(golden("h2load/outage/send")).answers
    assert answers is not None
    assert sum(answers) == 800
    assert min(answers) == 0
    assert max(answers) > 400


def test_blocks_are_the_latencies_by_due_instant() -> None:
    measured = _http(golden("h2load/outage/send"))
    assert measured.blocks is not None
    assert [block.count for block in measured.blocks] == [200, 200, 200, 200]
    assert Histogram.sum(measured.blocks) == measured.latency
    last = measured.blocks[-1].most
    assert last is not None
    assert last < 0.06


def _share_above(latency: Histogram, limit: float) -> float:
    """By hundreds."""
    return sum((latency.percentile(percent / 10) or 0) > limit for percent in range(1, 1001)) / 1000


def test_a_server_that_dies_answers_nothing_more() -> None:
    """Trap 16, for h2load: it prints "0 failed, 0 errored", exits 0, and its log simply ends."""
    found = golden("h2load/rate-serve-killed/send")
    assert found.output.exit == 0
    assert "0 failed, 0 errored, 0 timeout" in found.output.stdout
    measured = _http(found)
    assert measured.due == 120
    assert measured.unanswered is not None
    assert 50 < measured.unanswered < 70
    assert code_of(golden("h2load/rate-serve-killed/serve")) == "tool.failed"


@pytest.mark.parametrize("case", ["one-dropped", "one-reset"])
def test_requests_of_a_connection_that_falls_silent_are_late_and_have_not_failed(case: str) -> None:
    """h2load says "0 failed, 0 errored" of it too: nothing but the schedule shows that they were due."""
    found = golden(f"h2load/{case}/send")
    measured = _http(found)
    assert "0 failed, 0 errored, 0 timeout" in found.output.stdout
    assert measured.errors == {}
    assert measured.due == measured.latency.count == 400
    assert measured.unanswered is not None
    assert 35 < measured.unanswered < 45
    assert measured.latency.most == pytest.approx(1.27, abs=0.05)


def test_requests_on_a_connection_that_is_made_late_were_due_before() -> None:
    measured = _http(golden("h2load/one-connects-late/send"))
    assert measured.connect is not None
    assert 1.0 < measured.connect.most.si < 1.1
    assert measured.connect.least.si < 0.01
    assert measured.due == measured.latency.count == 800
    assert measured.latency.most == pytest.approx(0.32, abs=0.02)


def test_an_overloaded_path_is_slow_from_the_due_instant() -> None:
    """40 requests a second of 100 kB each over 10 Mbit/s: a third of them can be carried."""
    measured = _http(golden("h2load/overloaded/send"))
    assert measured.due == measured.latency.count == 40
    assert measured.unanswered is not None
    assert measured.unanswered > 20
    assert sum(measured.answers or ()) < 10


def test_a_road_that_is_dead_from_before_the_window_leaves_every_request_without_an_answer() -> None:
    measured = _http(golden("h2load/dropped-half-way/send"))
    assert measured.due == measured.unanswered == measured.latency.count == 200
    assert measured.stall is not None
    assert measured.stall.si == pytest.approx(1)
    assert measured.errors == {}


def test_a_closed_loop_has_no_due_instants() -> None:
    measured = _http(golden("h2load/closed-loop/send"))
    assert (measured.due, measured.late, measured.unanswered, measured.own_delay) == (None, None, None, None)
    assert measured.blocks is not None
    assert Histogram.sum(measured.blocks) == measured.latency


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("rate-refused/send", "tool.not-connected"),
        ("rate-nobody/send", "tool.not-connected"),
        ("rate-no-route/send", "tool.no-route"),
        ("dropped/send", "tool.not-connected"),
        ("late/send", "tool.late-start"),
        ("port-taken/serve", "tool.failed"),
        ("rate-send-killed/send", "tool.cut-short"),
    ],
)
def test_what_proves_nothing_is_reported_by_its_reason(case: str, code: str) -> None:
    assert code_of(golden(f"h2load/{case}")) == code


def test_a_program_that_prints_nothing_and_exits_0_measured_nothing() -> None:
    assert code_of(golden("h2load/rate/send").saying("")) == "tool.cut-short"


@pytest.mark.parametrize(("status", "kind"), [("503", "status-503"), ("404", "status-404"), ("-1", "failed")])
def test_every_answer_but_a_2xx_is_an_error_by_kind(status: str, kind: str, tmp_path: Path) -> None:
    found = golden("h2load/rate/send")
    lines = _log(found)
    middle = len(lines) // 2
    lines[middle] = lines[middle].replace("\t200\t", f"\t{status}\t")
    measured = _http(_with_log(found, lines, tmp_path))
    assert measured.errors == {kind: 1}
    assert measured.latency.count == _http(found).latency.count - 1


def test_a_log_that_lacks_rows_is_cut_short(tmp_path: Path) -> None:
    """The summary says how many there are."""
    found = golden("h2load/rate/send")
    lines = _log(found)
    assert (
        code_of(_with_log(found, lines[: len(lines) // 2] + lines[len(lines) // 2 + 1 :], tmp_path)) == "tool.cut-short"
    )


def test_a_row_that_is_none_is_quoted_not_skipped(tmp_path: Path) -> None:
    found = golden("h2load/rate/send")
    assert code_of(_with_log(found, [*_log(found)[:-1], "1795419685721686\t200\t27"], tmp_path)) == "tool.malformed"


def test_an_answer_that_takes_until_the_end_is_late_and_has_not_failed(tmp_path: Path) -> None:
    found = golden("h2load/rate/send")
    lines = _log(found)
    middle = len(lines) // 2
    start = int(lines[middle].split("\t")[0])
    stop = round((found.request.start + found.request.window.end.si + 0.5) * 1e6)
    lines[middle] = f"{start}\t200\t{stop - start}\n"
    measured = _http(_with_log(found, lines, tmp_path))
    assert measured.errors == {}
    assert measured.latency.most == pytest.approx((stop - start) / 1e6)
