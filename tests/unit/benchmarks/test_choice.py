"""Which benches are run: those named, or all that have what they need; nothing is left out without a word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.figure import Figure

NEEDS = "CLEARWAY_OF_A_TEST"


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the benches that were run, of one that needs nothing and one that needs a variable."""
    found: list[str] = []

    def bench(name: str, needs: str | None) -> benchmarks.Bench:
        async def figures(folder: Path) -> Sequence[Figure]:
            found.append(name)
            return ()

        return benchmarks.Bench(name, figures, needs)

    monkeypatch.setattr(benchmarks, "BENCHES", {"plain": bench("plain", None), "needy": bench("needy", NEEDS)})
    monkeypatch.delenv(NEEDS, raising=False)
    return found


def test_what_a_bench_lacks_leaves_it_out_of_all_and_is_said(
    ran: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmarks.main([]) == 0
    assert ran == ["plain"]
    assert f"needy: left out, because {NEEDS} is not set" in capsys.readouterr().err


def test_with_what_it_needs_it_is_one_of_all(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NEEDS, "/somewhere")
    assert benchmarks.main([]) == 0
    assert ran == ["plain", "needy"]


def test_by_its_name_it_is_refused_without(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmarks.main(["needy"])
    assert f"needs {NEEDS}" in capsys.readouterr().err
    assert ran == []
