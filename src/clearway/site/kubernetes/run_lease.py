"""One run at a time on a cluster: each run holds a Lease, and one that finds an older one alive does not begin.

It refuses and does not wait: nothing says how long the other one takes. Without the rights it measures all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clearway.base.clock import moment
from clearway.base.errors import SiteError
from clearway.kube.api import Api
from clearway.kube.errors import Forbidden, Invalid, KubeError, NotFound
from clearway.kube.objects import KubeLease, ObjectList
from clearway.probe.records import Finding, Severity
from clearway.site.base import FindingLog
from clearway.site.kubernetes import names

_HOLDS = 60
"""Seconds without a renewal after which the holder counts as dead. A killed run's place is free after a minute."""
_RENEWAL = 10.0
"""Five renewals may be lost."""


@dataclass
class RunLease:
    """Of one run, held from before its first worker until its last one is gone."""

    api: Api
    paths: names.Paths
    note: FindingLog
    renewal: float = _RENEWAL
    """Seconds between two renewals."""
    name: str = field(default_factory=lambda: f"clearway-{secrets.token_hex(3)}")
    _is_held: bool = False
    _met: set[str] = field(default_factory=set)
    """Leases of other runs that were noted."""

    async def take(self, *, beside_others: bool) -> None:
        """Raises SiteError that says who measures, unless it is to be `beside_others`."""
        try:
            await self.api.create(self.paths.leases, self._manifest())
            self._is_held = True
            others = await self._others()
        except (Forbidden, NotFound, Invalid) as error:
            self.note(Finding("kubernetes.no-lease", Severity.INFO, self.name, {"cause": error.reason}))
            return
        own = next((one for one in others if one.metadata.name == self.name), None)
        older = [one for one in others if own is not None and _age(one) < _age(own)]
        if older and not beside_others:
            await self.give_back()
            raise SiteError("kubernetes.in-use", **_said(older[0]))
        self._note_others(older)

    async def keep(self) -> None:
        """Renew it for as long as the run lasts, and note other runs that come. Never ends the run."""
        seen: set[str] = set()
        while self._is_held:
            await asyncio.sleep(self.renewal)
            with suppress(KubeError):
                await self.api.merge(self._path, {"spec": {"renewTime": _micro_time(self._now)}})
                others = await self._others()
                # One that is seen twice measures: others look, find this run, and go.
                self._note_others([one for one in others if one.metadata.name in seen])
                seen = {one.metadata.name for one in others}

    async def adopt(self, owner: dict[str, Any]) -> None:
        """Let it be deleted with the run's Job, should the controller die."""
        if self._is_held:
            with suppress(KubeError):
                await self.api.merge(self._path, {"metadata": {"ownerReferences": [owner]}})

    async def give_back(self) -> None:
        """Another run may begin."""
        if self._is_held:
            self._is_held = False
            with suppress(KubeError):
                await self.api.delete(self._path)

    @property
    def _path(self) -> str:
        return f"{self.paths.leases}/{self.name}"

    @property
    def _now(self) -> float:
        """On the API server's clock, which all controllers share."""
        return self.api.server_time

    def _manifest(self) -> dict[str, Any]:
        now = _micro_time(self._now)
        spec = {"holderIdentity": _identity(), "leaseDurationSeconds": _HOLDS, "acquireTime": now, "renewTime": now}
        metadata = {"name": self.name, "labels": names.OURS}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}

    async def _others(self) -> list[KubeLease]:
        """Leases of runs that are alive, the own one among them: of the whole cluster, or of what may be seen."""
        try:
            found = await self.api.get(names.ALL_LEASES, ObjectList[KubeLease], **names.selector())
        except Forbidden:
            found = await self.api.get(self.paths.leases, ObjectList[KubeLease], **names.selector())
        return sorted((one for one in found.items if self._is_alive(one)), key=_age)

    def _is_alive(self, lease: KubeLease) -> bool:
        return self._now <= lease.spec.renewed + _HOLDS and not _died_here(lease.spec.holder_identity)

    def _note_others(self, others: list[KubeLease]) -> None:
        for one in others:
            if one.metadata.name not in {self.name, *self._met}:
                self._met.add(one.metadata.name)
                self.note(Finding("kubernetes.beside-others", Severity.WARNING, one.metadata.namespace, _said(one)))


def _age(lease: KubeLease) -> tuple[str, str]:
    """The API server's time of creation; of two in one second the name decides."""
    return lease.metadata.creation_timestamp, lease.metadata.name


def _said(lease: KubeLease) -> dict[str, Any]:
    host, _, process = lease.spec.holder_identity.partition("/")
    values = {"host": host, "pid": process.partition("/")[0], "namespace": lease.metadata.namespace}
    return {**values, "since": moment(lease.spec.acquired)}


def _identity() -> str:
    """`HOST/PROCESS/WHERE`: the last differs between machines of one name, and between containers on one machine."""
    return f"{socket.gethostname()}/{os.getpid()}/{_where()}"


def _where() -> str:
    """Nothing on a system that does not say it."""
    try:
        boot, space = Path("/proc/sys/kernel/random/boot_id").read_text(), Path("/proc/self/ns/pid").readlink()
    except OSError:
        return ""
    return hashlib.sha256(f"{boot}{space}".encode()).hexdigest()[:12]


def _died_here(identity: str) -> bool:
    """Whether a holder is a process of this machine that is no more: its time need not pass."""
    _, _, rest = identity.partition("/")
    process, _, where = rest.partition("/")
    return where != "" and where == _where() and process.isdigit() and not Path(f"/proc/{process}").exists()


def _micro_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
