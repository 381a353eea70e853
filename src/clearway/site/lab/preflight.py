"""Checks what the lab needs on this machine, before anything is created."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from clearway.base.errors import SiteError
from clearway.site.lab.model import LabSpec, delays
from clearway.worker.host import search_path

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
_FORBIDDING = {
    "kernel.unprivileged_userns_clone": "0",
    "user.max_user_namespaces": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
}
"""sysctl -> the value that forbids users to create namespaces."""


@dataclass(frozen=True)
class NamespaceEntry:
    """How a command of this process runs in namespaces of its own."""

    flags: tuple[str, ...]
    rootless: bool

    def argv(self, command: tuple[str, ...]) -> tuple[str, ...]:
        return ("unshare", *self.flags, *command)


def namespace_entry(lab: LabSpec) -> NamespaceEntry:
    """How to enter the lab's namespaces. Raises SiteError with the tool, sysctl or kernel module that prevents it."""
    _require_tools()
    entry = _first_allowed()
    if delays(lab.resolved()):
        _require_netem(entry)
    return entry


def _require_tools() -> None:
    for tool, package in PACKAGES.items():
        if shutil.which(tool, path=search_path(os.environ)) is None:
            raise SiteError("lab.tool-missing", tool=tool, package=package)


def _first_allowed() -> NamespaceEntry:
    as_user = NamespaceEntry((*_PRIVATE, *_AS_OWN_ROOT), rootless=True)
    entries = (NamespaceEntry(_PRIVATE, rootless=False), as_user) if os.geteuid() == 0 else (as_user,)
    refusals = []
    for entry in entries:
        tried = _try(entry, ("mount", "-t", "tmpfs", "lab", "/run"))
        if tried.returncode == 0:
            return entry
        refusals.append(tried.stderr.strip())
    raise SiteError("lab.namespaces-refused", stderr=refusals[-1], sysctl=_forbidding_sysctl())


def _require_netem(entry: NamespaceEntry) -> None:
    tried = _try(entry, ("tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"))
    if tried.returncode != 0:
        raise SiteError("lab.no-netem", stderr=tried.stderr.strip(), kernel=os.uname().release)


def _try(entry: NamespaceEntry, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": search_path(os.environ), "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.run(
            entry.argv(command), env=environment, capture_output=True, text=True, timeout=10, check=False
        )
    except subprocess.TimeoutExpired:
        raise SiteError("lab.namespaces-hang", command=" ".join(command)) from None


def _forbidding_sysctl() -> str | None:
    """The known sysctl that forbids it; None if none does."""
    for sysctl, forbidding in _FORBIDDING.items():
        file = SYSCTLS.joinpath(*sysctl.split("."))
        if file.exists() and file.read_text().strip() == forbidding:
            return f"{sysctl}={forbidding}"
    return None
