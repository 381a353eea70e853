"""One process on this machine: ended with all it started, kept small, and heard to its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
import uuid

import pytest

from clearway.shell.process import KEPT, run_process


def running(mark: str) -> bool:
    return subprocess.run(["pgrep", "-f", mark], capture_output=True, check=False).returncode == 0


async def gone(mark: str) -> bool:
    async with asyncio.timeout(30):
        while running(mark):  # noqa: ASYNC110 - another program's end is no event of ours
            await asyncio.sleep(0.05)
    return True


async def test_exit_and_both_streams_are_reported() -> None:
    said = await run_process(("sh", "-c", "echo out; echo err >&2; exit 3"))
    assert (said.exit, said.stdout, said.stderr, said.truncated) == (3, "out\n", "err\n", False)


async def test_text_arrives_on_standard_input_and_then_it_ends() -> None:
    text = "한 줄\n" * 100_000
    assert (await run_process(("cat",), text[:200_000])).stdout == text[:200_000]


async def test_a_process_that_does_not_listen_is_no_fault() -> None:
    assert (await run_process(("true",), "x" * 10_000_000)).exit == 0


async def test_ten_megabytes_of_each_stream_are_drained_and_their_beginning_is_kept() -> None:
    said = await run_process(("sh", "-c", "yes | head -c 10000000; yes no | head -c 10000000 >&2; exit 7"))
    assert (said.exit, said.truncated) == (7, True)
    assert said.stdout == "y\n" * (KEPT // 2)
    assert said.stderr.startswith("no\nno\n")
    assert len(said.stderr) == KEPT


async def test_a_cancelled_one_ends_with_everything_it_started() -> None:
    mark = f"clearway-{uuid.uuid4()}"
    script = f"sh -c 'sleep 1000; : {mark}' & sleep 1000; : {mark}"
    task = asyncio.create_task(run_process(("sh", "-c", script)))
    async with asyncio.timeout(30):
        while not running(mark):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert await gone(mark)


@pytest.mark.parametrize("turns", range(1, 9))
async def test_one_that_is_cancelled_while_it_is_being_started_ends_with_everything_it_started(turns: int) -> None:
    """After so many turns of the loop; then time enough for the shell to start its own."""
    mark = f"clearway-{uuid.uuid4()}"
    task = asyncio.create_task(run_process(("sh", "-c", f"sh -c 'sleep 1000; : {mark}' & sleep 1000; : {mark}")))
    for _ in range(turns):
        await asyncio.sleep(0)
    time.sleep(0.3)  # noqa: ASYNC251 - the loop is not to go on
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert await gone(mark)


async def test_one_that_leaves_another_behind_with_its_streams_open_is_over_when_it_is() -> None:
    said = await run_process(("sh", "-c", "sleep 1000 & echo $!"))
    assert said.exit == 0
    os.kill(int(said.stdout), signal.SIGKILL)


async def test_what_is_not_there_is_an_error_of_the_system() -> None:
    with pytest.raises(FileNotFoundError):
        await run_process(("/nowhere/at/all",))
