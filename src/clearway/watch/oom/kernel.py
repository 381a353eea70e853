"""The kills in the nodes' own kernel logs, over a shell: what came after the last line of the start."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager

from clearway.base.units import Duration
from clearway.shell.base import Answer, NotRun, Shell, ShellCommand
from clearway.watch.oom.looks import killed
from clearway.watch.oom.records import Oom, OomObserver, OomSource, Tell

_WITHIN = Duration(10)
_KILLS = 500
"""Kills kept of one node."""
_LOOK = f"""\
set -e
log=$(dmesg) || log=$(sudo -n dmesg)
echo "now $(date +%s) $(cut -d' ' -f1 /proc/uptime)"
printf '%s\\n' "$log" | tail -n 1
printf '%s\\n' "$log" | grep 'Killed process' | tail -n {_KILLS} || true
"""
"""The moment, the last line of all, and the lines of kills."""
_STAMP = re.compile(r"^(?:<\d+>)?\[\s*(\d+\.\d+)\] ?(.*)$")


@asynccontextmanager
async def kernel_log_follows(shell: Shell, nodes: Collection[str], tell: Tell) -> AsyncIterator[None]:
    """Tells at the end of the context. A node that can't be asked, at either end, is told as not seen."""
    before = {node: answer for node, answer in (await _asked(shell, nodes)).items() if not _refused(node, answer, tell)}
    try:
        yield
    finally:
        for node, answer in (await _asked(shell, before)).items():
            if not _refused(node, answer, tell):
                tell(OomObserver(OomSource.KERNEL_LOG, node))
                for oom in _since(node, _text(before[node]), _text(answer)):
                    tell(oom)


async def _asked(shell: Shell, nodes: Collection[str]) -> dict[str, Answer]:
    command = ShellCommand(("sh", "-c", _LOOK), within=_WITHIN)
    answers = await asyncio.gather(*(shell.run(node, command) for node in nodes))
    return dict(zip(nodes, answers, strict=True))


def _refused(node: str, answer: Answer, tell: Tell) -> bool:
    """Whether the log can't be read; then it is told why."""
    if isinstance(answer, NotRun):
        tell(OomObserver(OomSource.KERNEL_LOG, node, answer.reason.code))
    elif answer.exit != 0 or not answer.stdout.startswith("now "):
        tell(OomObserver(OomSource.KERNEL_LOG, node, answer.stderr.strip() or f"exit {answer.exit}"))
    else:
        return False
    return True


def _text(answer: Answer) -> str:
    assert not isinstance(answer, NotRun)
    return answer.stdout


def _since(node: str, before: str, after: str) -> Iterator[Oom]:
    """Kills whose stamp is above the last one of before; a kernel that was booted meanwhile begins anew.

    A line's stamp is seconds since the boot, and becomes a time by the node's own clock.
    """
    head, *lines = after.splitlines()
    _, now, uptime = head.split()
    began_anew = float(uptime) < float(before.split()[2])
    marks = [float(found.group(1)) for line in before.splitlines()[1:] if (found := _STAMP.match(line))]
    last = max(marks, default=0.0) if not began_anew else 0.0
    for line in lines[1:]:
        found = _STAMP.match(line)
        if found is not None and float(found.group(1)) > last:
            time = float(now) - (float(uptime) - float(found.group(1)))
            yield Oom(OomSource.KERNEL_LOG, time, node, **killed(found.group(2)))
