"""What the controller itself takes and says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.crowd import MEMORY_GOAL, controller_megabytes

pytestmark = pytest.mark.truth


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_the_controller_of_64_nodes_stays_small(tmp_path: Path) -> None:
    megabytes = await controller_megabytes(tmp_path)
    assert MEMORY_GOAL.is_met(megabytes), megabytes


def test_a_figure_of_iperf_2_reads_as_the_rate_that_it_is() -> None:
    """Its K is 1,024 byte: 2,654,989 of its kbytes/sec are 21.75 Gbit/s, not 21.2."""
    argv = [sys.executable, "-m", "clearway", "explain", "2654989 kbytes/sec"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    steps = ("2,654,989 kbytes/sec x 1,024 byte", "2,718,708,736 byte/s", "2.72 GB/s", "21.75 Gbit/s")
    assert said.strip() == " = ".join(steps)
