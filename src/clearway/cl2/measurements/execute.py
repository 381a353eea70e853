"""Exec: runs a command on this machine, again until it succeeds."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from contextlib import suppress

from pydantic import Field

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.config.model import GoDuration, Part, Several
from clearway.cl2.context import Context
from clearway.cl2.measurements.base import MeasurementMethod
from clearway.cl2.outcome import NOTHING, CallOutcome

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_TAIL = 500
"""Characters of a command's output that an error shows."""


class ExecParameters(Part):
    command: tuple[str, ...] = Field(min_length=1)
    timeout: GoDuration = Duration(3600)
    retries: Several = 1
    backoff_delay: GoDuration = Duration(1)


class Exec(MeasurementMethod):
    async def call(self, call: MethodCall, context: Context, test: str) -> CallOutcome:
        """Raises SiteError, with the end of the command's output, if every attempt failed."""
        params = call.params
        assert isinstance(params, ExecParameters)
        argv = [expanded(word) for word in params.command]
        for left in reversed(range(params.retries)):
            try:
                await _attempt(argv, params.timeout)
            except SiteError:
                if not left:
                    raise
                await asyncio.sleep(params.backoff_delay.si)
            else:
                break
        return NOTHING


def expanded(word: str) -> str:
    """The word with `$NAME` and `${NAME}` from the environment; what is not set is nothing, as in Go."""
    return _VARIABLE.sub(lambda found: os.environ.get(found[1] or found[2], ""), word)


async def _attempt(argv: list[str], timeout: Duration) -> None:
    out, err = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    try:
        process = await asyncio.create_subprocess_exec(*argv, stdout=out, stderr=err, start_new_session=True)
    except OSError as error:
        raise SiteError("door.command-not-run", command=argv[0], error=error.strerror) from error
    try:
        async with asyncio.timeout(timeout.si):
            output, _ = await process.communicate()
    except TimeoutError:
        raise SiteError("door.command-timed-out", command=argv[0], within=timeout) from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if process.returncode:
        tail = output.decode(errors="replace").strip()[-_TAIL:]
        raise SiteError("door.command-failed", command=argv[0], status=process.returncode, output=tail)
