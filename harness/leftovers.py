"""What a lab or a cluster may leave on the host, as the tables of the kernel show it."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PATIENCE_MS = 10_000


def members(namespaces: Iterable[str]) -> dict[int, str]:
    """Every process of this host that is in one of these namespaces (as `readlink /proc/self/ns/*` names them)."""
    wanted, found = set(namespaces), {}
    for process in Path("/proc").glob("[0-9]*"):
        for kind in ("pid", "net", "mnt"):
            try:
                namespace = str((process / "ns" / kind).readlink())
            except OSError:
                continue  # it ended while we looked
            if namespace in wanted:
                found[int(process.name)] = namespace
    return found


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
        """Return when all have ended; fail after ten seconds."""
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
