"""The agent on a plain host, at the other end of a pipe through ssh: its configuration, and a survey of the host."""

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
from clearway.engine.table import search_path
from clearway.probe import wire
from clearway.probe.codec import of
from clearway.probe.records import Reason, Slot, Worker
from clearway.worker.agent import Agent
from clearway.worker.facts import neighbours_of, own_addresses, worker
from clearway.worker.inbox import PipeInbox
from clearway.worker.lease import Lease

NEEDED = {"ip": "iproute2", "setpriv": "util-linux"}
"""Program that the agent itself needs -> Debian package that brings it."""

_DIE_WITH_PARENT = 1
"""linux/prctl.h: PR_SET_PDEATHSIG."""


@dataclass(frozen=True)
class HostConfig:
    """The configuration of an agent on a host, given when it is started."""

    slot: Slot
    addresses: Tuple[str, ...] = ()
    """Where it is to be measured; none: where it was reached, or else all that it has."""
    lease: Duration = Duration(120)
    """How long it works on without a message from its controller."""


@dataclass(frozen=True)
class Survey:
    """What a host is, before an agent is started there."""

    now: float
    """Unix seconds on its clock."""
    lacking: Tuple[str, ...] = ()
    """Programs without which there is no worker: the other fields are empty then."""
    worker: Optional[Worker] = None
    absent: Tuple[str, ...] = ()
    """Configured addresses that it does not have."""
    machine: Optional[str] = None
    """As its system calls it; clones of one template often share it."""
    kernel: Optional[str] = None
    """This boot of its kernel: the same for all workers that share the machine, and for no others."""
    network: Optional[str] = None
    """Its network, among those of this kernel."""


HOST_CONFIG = of(HostConfig)
SURVEY = of(Survey)


def run_agent(config: str, clock: Clock, scratch: Path) -> int:
    """Work until standard input ends, the lease runs out or the parent is gone; returns the exit status."""
    host = HOST_CONFIG.decode(json.loads(config))
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    os.environ["PATH"] = search_path(os.environ)
    lease = Lease(host.lease, _report)
    me = worker(host.slot, "host", _addresses(host, os.environ))
    Agent(me, PipeInbox(clock, on_message=lease.renew), clock, scratch).run()
    return 0


def survey(config: str, clock: Clock) -> int:
    """Print what this host is, in one line; returns the exit status."""
    os.environ["PATH"] = search_path(os.environ)
    found = _surveyed(HOST_CONFIG.decode(json.loads(config)), clock)
    sys.stdout.write(json.dumps(SURVEY.encode(found)) + "\n")
    return 0


def _surveyed(config: HostConfig, clock: Clock) -> Survey:
    lacking = tuple(program for program in NEEDED if shutil.which(program) is None)
    if lacking:
        return Survey(clock.now(), lacking)
    own = own_addresses()
    return Survey(
        now=clock.now(),
        worker=worker(config.slot, "host", _addresses(config, os.environ)),
        absent=tuple(address for address in config.addresses if address not in own),
        machine=_line("/etc/machine-id"),
        kernel=_line("/proc/sys/kernel/random/boot_id"),
        network=str(Path("/proc/self/ns/net").readlink()),
    )


def _addresses(config: HostConfig, environment: Mapping[str, str]) -> Tuple[str, ...]:
    """The configured ones; else those of the device at which sshd was reached, if it is one that others reach too."""
    connection = environment.get("SSH_CONNECTION", "").split()
    return config.addresses or (neighbours_of(connection[2]) if len(connection) > 2 else ())


def _line(path: str) -> Optional[str]:
    try:
        return Path(path).read_text(encoding="ascii").strip() or None
    except OSError:
        return None


def _report(reason: Reason) -> None:
    """The reason why it ends, for the process at the other end of the pipe."""
    sys.stderr.write(json.dumps(wire.REASON.encode(reason)) + "\n")
