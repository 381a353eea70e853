"""Files of the kernel, and the control group that this worker lives in: of the v2 tree or of one v1 controller's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator, Optional, Union


def text_of(path: Union[str, Path]) -> Optional[str]:
    """The whole of one; None where this kernel has none, or does not let us read it."""
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None


def read(controller: str, name: str) -> Optional[str]:
    """A file of it; `controller` is empty for v2. None: this machine has none."""
    return next((text for folder in _folders(controller) if (text := text_of(folder / name)) is not None), None)


def is_ours(controller: str) -> bool:
    """Whether only this process and its descendants are in it: only then are its counters about us."""
    members = read(controller, "cgroup.procs")
    return members is not None and all(_is_of_ours(int(pid)) for pid in members.split())


def _is_of_ours(pid: int) -> bool:
    """Whether the process descends from this one.

    A parent 0 is outside our PID namespace: not ours. A process that has ended in between does not count as another's.
    """
    while pid != os.getpid():
        parent = _parent(pid)
        if parent is None:
            return True
        if parent == 0:
            return False
        pid = parent
    return True


def _parent(pid: int) -> Optional[int]:
    if pid == 0:
        return 0
    stat = text_of(f"/proc/{pid}/stat")
    return None if stat is None else int(stat.rpartition(")")[2].split()[1])


def _folders(controller: str) -> Iterator[Path]:
    """Where it may be mounted: as the kernel names it, or as the root of what a container sees."""
    for line in (text_of("/proc/self/cgroup") or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            root = Path("/sys/fs/cgroup") / controllers
            yield from (root / path.lstrip("/"), root)
