"""Servers take what strangers send: where the worker is root, as by a root login, they run without its rights."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Iterable, List, Optional, Sequence, Tuple

_UNPRIVILEGED = 65_534
"""The user and the group without rights, by number: a host may have no name for them."""
_NEEDED = (6, 7)
"""linux/capability.h: CAP_SETGID and CAP_SETUID."""
_NET_ADMIN = 12
"""CAP_NET_ADMIN, with which any congestion control may be set."""


def rights_given_up(tool: str, congestion: Optional[str] = None) -> Optional[Sequence[str]]:
    """Options of setpriv by which a tool runs as that user; None where this worker can't, or is no real root.

    One that sets a congestion control that the kernel keeps users from keeps the right to.
    """
    if not _is_root() or not _may_change() or not _is_open_to_all(tool):
        return None
    user = ("--reuid", str(_UNPRIVILEGED), "--regid", str(_UNPRIVILEGED), "--clear-groups", "--no-new-privs")
    if congestion is None or congestion in _open_to_users() or not _has(_NET_ADMIN):
        return user
    return (*user, "--inh-caps", "+net_admin", "--ambient-caps", "+net_admin")


def kept_as_root(tools: Iterable[str]) -> Tuple[str, ...]:
    """Those of the tools whose servers run as root here."""
    return tuple(tool for tool in tools if _is_root() and rights_given_up(tool) is None)


def hand_over(folder: Path) -> None:
    """Give a folder and all in it to that user."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, _UNPRIVILEGED, _UNPRIVILEGED)


def _is_root() -> bool:
    """Not in a user namespace that knows only its own user: its root has no more rights than that user."""
    return os.geteuid() == 0 and all(_knows_that_user(f"/proc/self/{table}") for table in ("uid_map", "gid_map"))


def _knows_that_user(path: str) -> bool:
    rows = ([int(word) for word in line.split()] for line in _lines(path))
    return any(first <= _UNPRIVILEGED < first + count for first, _, count in rows)


def _may_change() -> bool:
    return shutil.which("setpriv") is not None and all(map(_has, _NEEDED))


def _has(capability: int) -> bool:
    rights = next((int(line.split()[1], 16) for line in _lines("/proc/self/status") if line.startswith("CapEff:")), 0)
    return bool(rights >> capability & 1)


def _open_to_users() -> Sequence[str]:
    """Congestion controls that need no right."""
    return [name for line in _lines("/proc/sys/net/ipv4/tcp_allowed_congestion_control") for name in line.split()]


def _is_open_to_all(tool: str) -> bool:
    """Whether that user may run it: it may lie in root's own folder."""
    found = shutil.which(tool)
    path = Path(found).resolve() if found else None
    return path is not None and all(one.stat().st_mode & stat.S_IXOTH for one in (path, *path.parents))


def _lines(path: str) -> List[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except OSError:
        return []
