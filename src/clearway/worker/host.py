"""The agent on a plain host, at the far end of a pipe: what it is told, and what it says of the host."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional, Tuple

from clearway.base.clock import Clock
from clearway.base.units import Duration
from clearway.probe import wire
from clearway.probe.codec import of
from clearway.probe.records import Reason, Slot, Worker
from clearway.worker.agent import Agent
from clearway.worker.facts import neighbours_of, own_addresses, worker
from clearway.worker.inbox import PipeInbox
from clearway.worker.lease import Lease

NEEDED = {"ip": "iproute2", "setpriv": "util-linux"}
"""Program that the agent itself needs -> Debian package that brings it."""

_ADMINISTRATORS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Folders that a user's own PATH often lacks."""
_DIE_WITH_PARENT = 1


@dataclass(frozen=True)
class HostConfig:
    """What an agent on a host is told when it is started."""

    slot: Slot
    addresses: Tuple[str, ...] = ()
    """Where it is to be measured; none: where it was reached, or else all that it has."""
    lease: Duration = Duration(120)
    """How long it works on without a word from its controller."""


@dataclass(frozen=True)
class Survey:
    """What a host says of itself before anything is started there."""

    now: float
    """Unix seconds on its clock."""
    lacking: Tuple[str, ...] = ()
    """Programs without which there is no worker: nothing else is said then."""
    worker: Optional[Worker] = None
    absent: Tuple[str, ...] = ()
    """Addresses that it was told to use and doesn't have."""
    machine: Optional[str] = None
    """As its system calls it; clones of one template often share it."""
    kernel: Optional[str] = None
    """This boot of its kernel: the same for all that share the machine, and for nobody else."""
    network: Optional[str] = None
    """Its network, among those of this kernel."""


POSTING = of(HostConfig)
SURVEY = of(Survey)


def attend(told: str, clock: Clock, scratch: Path) -> int:
    """Work until standard input ends, the lease runs out or the parent is gone; returns the exit status."""
    posting = POSTING.decode(json.loads(told))
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    os.environ["PATH"] = search_path(os.environ)
    lease = Lease(posting.lease, _say)
    me = worker(posting.slot, "host", _addresses(posting, os.environ))
    Agent(me, PipeInbox(clock, heard=lease.renew), clock, scratch).run()
    return 0


def survey(told: str, clock: Clock) -> int:
    """Say what this host is, in one line; returns the exit status."""
    os.environ["PATH"] = search_path(os.environ)
    found = _surveyed(POSTING.decode(json.loads(told)), clock)
    sys.stdout.write(json.dumps(SURVEY.encode(found)) + "\n")
    return 0


def search_path(environment: Mapping[str, str]) -> str:
    """PATH, with the folders for administrators: some tools are there."""
    return os.pathsep.join((environment.get("PATH", os.defpath), *_ADMINISTRATORS))


def _surveyed(posting: HostConfig, clock: Clock) -> Survey:
    lacking = tuple(program for program in NEEDED if shutil.which(program) is None)
    if lacking:
        return Survey(clock.now(), lacking)
    own = own_addresses()
    return Survey(
        now=clock.now(),
        worker=worker(posting.slot, "host", _addresses(posting, os.environ)),
        absent=tuple(address for address in posting.addresses if address not in own),
        machine=_line("/etc/machine-id"),
        kernel=_line("/proc/sys/kernel/random/boot_id"),
        network=str(Path("/proc/self/ns/net").readlink()),
    )


def _addresses(posting: HostConfig, environment: Mapping[str, str]) -> Tuple[str, ...]:
    """Those it was told; else those of the device at which sshd was reached, if it is one that others reach too."""
    connection = environment.get("SSH_CONNECTION", "").split()
    return posting.addresses or (neighbours_of(connection[2]) if len(connection) > 2 else ())


def _line(path: str) -> Optional[str]:
    try:
        return Path(path).read_text(encoding="ascii").strip() or None
    except OSError:
        return None


def _say(reason: Reason) -> None:
    """Last words, for whoever reads them at the other end."""
    sys.stderr.write(json.dumps(wire.REASON.encode(reason)) + "\n")
