"""What holds for every output ever captured, cut anywhere and in any order."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearway.base.errors import Unreadable
from clearway.probe import wire
from clearway.probe.measurement import Measurement, Udp
from golden.cases import CASES
from golden.loading import Golden, code_of, golden, names
from properties import examples

_FEW = settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_ROW = re.compile(r"^\[ *\d+\] \d+\.\d+-\d+\.\d+ sec ", re.MULTILINE)
_RECEIVERS_COPY = re.compile(r"^\[ *\d+\] (?:Server Report:|\S+ sec .*(?: ms .*pps.*|out-of-order))\n", re.MULTILINE)
_READABLE = tuple(name for name in names() if not name.startswith("report"))
_WITH_FILES = tuple(name for name in _READABLE if name.endswith("/send") and golden(name).output.files)


def _read(found: Golden) -> Measurement | str:
    try:
        return found.read()
    except Unreadable as error:
        return error.code


def test_every_engine_has_goldens_of_both_halves() -> None:
    assert {name.split("/")[0] for name in _READABLE} == {"iperf2", "iperf3", "h2load", "sockperf"}
    assert len(_READABLE) > 100


def test_the_goldens_are_those_that_capture_makes() -> None:
    made = {f"{case.engine}/{case.name}/{half.value}" for case in CASES for half in case.halves}
    assert set(_READABLE) == made


@pytest.mark.parametrize("name", _READABLE)
def test_a_golden_is_read_or_refused_with_values_that_travel(name: str) -> None:
    found = golden(name)
    read = _read(found)
    if isinstance(read, str):
        assert read.startswith("tool.")
    else:
        assert wire.MEASUREMENT.decode(wire.MEASUREMENT.encode(read)) == read


@pytest.mark.parametrize("name", [name for name in _READABLE if code_of(golden(name))])
def test_a_refusal_says_no_more_than_a_line(name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        golden(name).read()
    assert all(len(str(value)) <= 120 for value in caught.value.values.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", _READABLE)
@_FEW
@given(data=st.data())
def test_a_text_cut_anywhere_says_the_same_or_nothing(name: str, data: st.DataObject) -> None:
    """Never better, never anything but Unreadable. What a receiver prints before its first datagram is its silence."""
    found = golden(name)
    cut = data.draw(st.integers(0, len(found.output.stdout)))
    partial = _read(found.saying(found.output.stdout[:cut]))
    silence = isinstance(partial, Udp) and partial.received == 0 and found.output.stdout[:cut].endswith("-\n")
    assert isinstance(partial, str) or silence or partial == _read(found)


@pytest.mark.parametrize("name", _WITH_FILES)
@_FEW
@given(data=st.data())
def test_a_log_cut_anywhere_says_the_same_or_nothing(name: str, data: st.DataObject) -> None:
    found = golden(name)
    ((file, path),) = found.output.files.items()
    whole = Path(path).read_text()
    cut = data.draw(st.integers(0, len(whole)))
    with tempfile.NamedTemporaryFile("w") as partial:
        partial.write(whole[:cut])
        partial.flush()
        read = _read(found.with_file(file, Path(partial.name)))
    assert isinstance(read, str) or read == _read(found)


@pytest.mark.parametrize("name", [name for name in _READABLE if name.startswith("iperf2")])
@_FEW
@given(randomness=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(name: str, randomness: object) -> None:
    """Streams print as they come."""
    found = golden(name)
    own = _RECEIVERS_COPY.sub("", found.output.stdout) if found.name.endswith("/send") else found.output.stdout
    lines = own.splitlines(keepends=True)
    rows = [line for line in lines if _ROW.match(line)]
    randomness.shuffle(rows)  # type: ignore[attr-defined]
    shuffled = "".join(line for line in lines if not _ROW.match(line)) + "".join(rows)
    assert _read(found.saying(shuffled)) == _read(found)


@pytest.mark.parametrize("name", [name for name in _READABLE if "/tcp" in name and name.startswith("iperf2")])
@_FEW
@given(data=st.data())
def test_a_lost_row_never_passes_for_a_slow_interval(name: str, data: st.DataObject) -> None:
    found = golden(name)
    lines = found.output.stdout.splitlines(keepends=True)
    gone = data.draw(st.integers(0, len(lines) - 1)) if lines else 0
    read = _read(found.saying("".join(lines[:gone] + lines[gone + 1 :])))
    assert isinstance(read, str) or read == _read(found)
