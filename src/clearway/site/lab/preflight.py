"""What the lab needs of this machine, asked before anything is created."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from clearway.base.errors import SiteError
from clearway.site.lab.model import LabSpec, delays

PACKAGES = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "tc": "iproute2",
    "nft": "nftables",
}
"""Tool -> Debian package that brings it."""

_PRIVATE = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
_AS_OWN_ROOT = ("--user", "--map-root-user")

SYSCTLS = Path("/proc/sys")
_GATES = {
    "kernel.unprivileged_userns_clone": "0",
    "user.max_user_namespaces": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
}
"""sysctl -> the value with which it keeps users from namespaces of their own."""


@dataclass(frozen=True)
class NamespaceEntry:
    """How this process gets into namespaces of its own."""

    flags: tuple[str, ...]
    rootless: bool

    def argv(self, command: tuple[str, ...]) -> tuple[str, ...]:
        return ("unshare", *self.flags, *command)


def search_path() -> str:
    """PATH, with the directories for administrators that a user's own often lacks."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))


def open_door(lab: LabSpec) -> NamespaceEntry:
    """The way into the lab's namespaces. Raises SiteError with the tool, sysctl or kernel module that is missing."""
    _require_tools()
    door = _first_open()
    if delays(lab.resolved()):
        _require_netem(door)
    return door


def _require_tools() -> None:
    for tool, package in PACKAGES.items():
        if shutil.which(tool, path=search_path()) is None:
            raise SiteError("lab.tool-missing", tool=tool, package=package)


def _first_open() -> NamespaceEntry:
    as_user = NamespaceEntry((*_PRIVATE, *_AS_OWN_ROOT), rootless=True)
    doors = (NamespaceEntry(_PRIVATE, rootless=False), as_user) if os.geteuid() == 0 else (as_user,)
    refusals = []
    for door in doors:
        tried = _try(door, ("mount", "-t", "tmpfs", "lab", "/run"))
        if tried.returncode == 0:
            return door
        refusals.append(tried.stderr.strip())
    raise SiteError("lab.namespaces-refused", stderr=refusals[-1], sysctl=_closed_gate())


def _require_netem(door: NamespaceEntry) -> None:
    tried = _try(door, ("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"))
    if tried.returncode != 0:
        raise SiteError("lab.no-netem", stderr=tried.stderr.strip(), kernel=os.uname().release)


def _try(door: NamespaceEntry, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": search_path(), "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.run(
            door.argv(command), env=environment, capture_output=True, text=True, timeout=10, check=False
        )
    except subprocess.TimeoutExpired:
        raise SiteError("lab.namespaces-hang", command=" ".join(command)) from None


def _closed_gate() -> str | None:
    """The sysctl that stands in the way; None where none of the known ones does."""
    for sysctl, closed in _GATES.items():
        gate = SYSCTLS.joinpath(*sysctl.split("."))
        if gate.exists() and gate.read_text().strip() == closed:
            return f"{sysctl}={closed}"
    return None
