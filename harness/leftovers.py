"""What a lab or a cluster may leave on the host, as the tables of the kernel show it."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

PATIENCE_MS = 30_000
"""What a machine that is busy with other tests may need to end some dozens of processes."""


def members(namespaces: Iterable[str]) -> dict[int, str]:
    """Every process of this host that is in one of these namespaces (as `readlink /proc/self/ns/*` names them)."""
    wanted = set(namespaces)
    return {process: name for process, _, name in _memberships() if name in wanted}


@contextmanager
def kept(namespaces: Iterable[str]) -> Iterator[None]:
    """While this lasts, the kernel gives the names of these namespaces to no others: it uses those of ended ones again.

    That keeps no process alive.
    """
    wanted = set(namespaces)
    with ExitStack() as open_:
        for _, file, name in _memberships():
            if name in wanted:
                with suppress(OSError):  # it ended while we looked, and another process is in it too
                    open_.enter_context(file.open("rb"))
                    wanted.remove(name)
        yield


def _memberships() -> Iterator[tuple[int, Path, str]]:
    """Every process of this host with each of its namespaces: as a file, and by name."""
    for process in Path("/proc").glob("[0-9]*"):
        for kind in ("pid", "net", "mnt"):
            file = process / "ns" / kind
            with suppress(OSError):  # it ended while we looked
                yield int(process.name), file, str(file.readlink())


class Watched:
    """Processes whose end can be waited for, even though they are no children of ours.

    One that has ended since it was listed need not be waited for.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._handles: list[int] = []
        for pid in pids:
            with suppress(ProcessLookupError):
                self._handles.append(os.pidfd_open(pid))
        assert self._handles, "there was nothing to watch"

    def wait_for_end(self) -> None:
        """Return when all have ended; fail after half a minute."""
        for handle in self._handles:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            assert poll.poll(PATIENCE_MS), "a process of the lab outlived it"
            os.close(handle)


def host_traces() -> set[str]:
    """Links, named namespaces and mounts of this host: a lab must not change them."""
    links = {f"link {path.name}" for path in Path("/sys/class/net").iterdir()}
    named = {f"netns {path.name}" for path in Path("/run/netns").glob("*")}
    mounts = {f"mount {line.split()[4]}" for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return links | named | mounts
