"""Out-of-memory kills in the nodes' kernel logs, read over a shell at the start and at the end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager

from clearway.base.units import Duration
from clearway.shell.base import Answer, NotRun, Shell, ShellCommand
from clearway.watch.oom.records import Oom, OomLog, OomObserver, OomSource, killed

_WITHIN = Duration(10)
"""For reading the log: a node that needs longer is overloaded, and the run shall not wait for it."""
_KILLS = 500
"""Kills read from one node at most: enough to show a node that kills all the time."""
_LOOK = f"""\
set -e
log=$(dmesg) || log=$(sudo -n dmesg)
echo "now $(date +%s) $(cut -d' ' -f1 /proc/uptime)"
printf '%s\\n' "$log" | tail -n 1
printf '%s\\n' "$log" | grep 'Killed process' | tail -n {_KILLS} || true
"""
"""The time and uptime, the last line of the log, and the lines of kills."""
_STAMP = re.compile(r"^(?:<\d+>)?\[\s*(\d+\.\d+)\] ?(.*)$")


@asynccontextmanager
async def kernel_log_follows(shell: Shell, nodes: Collection[str], log: OomLog) -> AsyncIterator[None]:
    """Reports at the end of the context. A node that can't be read, at the start or the end, is reported as such."""
    before = {node: answer for node, answer in (await _asked(shell, nodes)).items() if not _refused(node, answer, log)}
    try:
        yield
    finally:
        for node, answer in (await _asked(shell, before)).items():
            if not _refused(node, answer, log):
                log(OomObserver(OomSource.KERNEL_LOG, node))
                for oom in _since(node, _text(before[node]), _text(answer)):
                    log(oom)


async def _asked(shell: Shell, nodes: Collection[str]) -> dict[str, Answer]:
    command = ShellCommand(("sh", "-c", _LOOK), within=_WITHIN)
    answers = await asyncio.gather(*(shell.run(node, command) for node in nodes))
    return dict(zip(nodes, answers, strict=True))


def _refused(node: str, answer: Answer, log: OomLog) -> bool:
    """Whether the log can't be read; then the reason is reported."""
    if isinstance(answer, NotRun):
        log(OomObserver(OomSource.KERNEL_LOG, node, answer.reason.code))
    elif answer.exit != 0 or not answer.stdout.startswith("now "):
        log(OomObserver(OomSource.KERNEL_LOG, node, answer.stderr.strip() or f"exit {answer.exit}"))
    else:
        return False
    return True


def _text(answer: Answer) -> str:
    assert not isinstance(answer, NotRun)
    return answer.stdout


def _since(node: str, before: str, after: str) -> Iterator[Oom]:
    """Kills with a later stamp than the last line of `before`, or all if the node has been rebooted since.

    A line's stamp is seconds since boot; the node's own clock makes it a time.
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
