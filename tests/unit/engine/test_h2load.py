"""HTTP: percentiles come from the raw log, cut to the window; a server that dies must not look fast."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    """Trap 23: h2load is late when spawned at the instant, so it is started early, inside its warm-up."""
    found = golden("h2load/rate/send")
    began = [int(line.split("\t")[0]) / 1e6 - found.request.start for line in _log(found)]
    assert min(began) < found.request.window.warm_up.si
    assert max(began) > found.request.window.end.si


def test_a_server_that_dies_leaves_no_good_figure() -> None:
    """Trap 16, for h2load: it prints "0 failed, 0 errored", exits 0, and its log simply ends."""
    found = golden("h2load/rate-serve-killed/send")
    assert found.output.exit == 0
    assert "0 failed, 0 errored, 0 timeout" in found.output.stdout
    assert code_of(found) == "tool.cut-short"
    assert code_of(golden("h2load/rate-serve-killed/serve")) == "tool.failed"


def test_one_connection_that_falls_silent_is_counted_as_unanswered() -> None:
    """h2load says "0 failed, 0 errored" of it too: it shows only as a connection behind the others."""
    found = golden("h2load/one-dropped/send")
    assert "0 failed, 0 errored, 0 timeout" in found.output.stdout
    assert _http(found).errors["unanswered"] > 20


def test_an_overloaded_path_shows_fewer_requests_than_asked() -> None:
    """Trap 15: the load that was reached is told, so that a latency is not judged at another one."""
    measured = _http(golden("h2load/overloaded/send"))
    assert measured.latency.count < 40


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("rate-refused/send", "tool.not-connected"),
        ("rate-nobody/send", "tool.not-connected"),
        ("rate-no-route/send", "tool.no-route"),
        ("dropped/send", "tool.not-connected"),
        ("dropped-half-way/send", "tool.cut-short"),
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


def test_an_answer_cut_off_as_h2load_stops_is_unanswered(tmp_path: Path) -> None:
    found = golden("h2load/rate/send")
    lines = _log(found)
    middle = len(lines) // 2
    start = int(lines[middle].split("\t")[0])
    stop = round((found.request.start + found.request.window.end.si + 0.5) * 1e6)
    lines[middle] = f"{start}\t200\t{stop - start}\n"
    assert _http(_with_log(found, lines, tmp_path)).errors == {"unanswered": 1}
