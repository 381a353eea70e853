"""UDP loss against the counters of those who lost: nft's drops on the wire, the kernel's drops at the socket."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.flow import Action, Beside, Moment, WitnessedLab, accepted, measured_trials, wait_until
from clearway.base.units import Ratio
from clearway.probe.measurement import Udp
from clearway.probe.metrics import METRICS
from clearway.probe.readings import measured
from clearway.probe.records import Trial
from clearway.site.lab.model import LabNode, LabSpec, LinkException
from clearway.site.lab.topology import LISTING_ARGV, drops
from scripts.goal import Goal

TITLE = "UDP loss against the drop counters of nft and of the socket"

TOLERANCE = 3
"""Datagrams: those that connect and close the session are counted by the one and not by the other."""

LOSSES = (Ratio(0.001), Ratio(0.01), Ratio(0.05))
LOSSY_PAIRS = LabSpec(
    nodes=2 * len(LOSSES),
    zones=len(LOSSES),
    exceptions=tuple(LinkException(node=f"node-{n + 1}", loss=LOSSES[n // 2]) for n in range(2 * len(LOSSES))),
)
"""A pair for each loss; all of them at once."""
LOSSY_PAIR = LabSpec(
    nodes=2, zones=1, exceptions=tuple(LinkException(node=f"node-{n}", loss=LOSSES[1]) for n in (1, 2))
)

_SOCKETS = ("cat", "/proc/net/snmp")
_FOREIGN_PER_SECOND = 500
_FOREIGN = """
import socket, sys, time
full = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
full.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
full.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    sender.sendto(bytes(1000), full.getsockname())
    time.sleep(1 / float(sys.argv[2]))
"""
"""A socket that no process reads, and datagrams for it through the loopback."""
_SPEC = """
version: 1
seed: 1
tests:
- {name: datagrams, protocol: udp, rate: 40 Mbit/s, direction: forward, duration: 5s, warm-up: 1s%s}
"""


@dataclass(frozen=True)
class Fate:
    """What became of the datagrams of one probe: as clearway reports it, and as the counters have it."""

    set_loss: Ratio
    sent: int
    loss: float
    """Datagrams, of clearway's `loss`."""
    host_loss: float
    """Datagrams, of clearway's `host-loss`."""
    dropped: int
    """By nft's counter for the probe's own port."""
    overflowed: int
    """RcvbufErrors of the receiving node, of all its sockets."""

    @property
    def off(self) -> float:
        """Datagrams by which the reported loss misses the counter."""
        return self.loss - self.dropped

    @property
    def host_off(self) -> float:
        """The same of the host loss, where no socket but the probe's overflowed."""
        return self.host_loss - self.overflowed


async def fates(folder: Path) -> list[Fate]:
    """One probe a loss, all at once."""
    return await _fates(folder, LOSSY_PAIRS)


async def stalled_fate(folder: Path) -> Fate:
    """One probe over a lossy link, whose receiver stands still for a moment, its socket buffer too small for that."""
    (fate,) = await _fates(folder, LOSSY_PAIR, ", buffer: 100 KB", meanwhile=_stall)
    return fate


async def crowded_fate(folder: Path) -> Fate:
    """One probe over a lossy link, while another socket of the receiver overflows."""
    (fate,) = await _fates(folder, LOSSY_PAIR, meanwhile=_overflow_another)
    return fate


async def _overflow_another(site: WitnessedLab, moment: Moment) -> None:
    await wait_until(moment.instant)
    node = moment.round.probes[0].server.node
    await site.told(node, (sys.executable, "-c", _FOREIGN, "6", str(_FOREIGN_PER_SECOND)))


async def _stall(site: WitnessedLab, moment: Moment) -> None:
    await wait_until(moment.instant + 2.0)
    await site.told(None, ("pkill", "-STOP", "-f", "^iperf -s"))
    await wait_until(moment.instant + 2.2)
    await site.told(None, ("pkill", "-CONT", "-f", "^iperf -s"))


async def _fates(folder: Path, lab: LabSpec, extra: str = "", meanwhile: Action | None = None) -> list[Fate]:
    questions = [(node.name, argv) for node in lab.resolved() for argv in (LISTING_ARGV, _SOCKETS)]
    site = WitnessedLab(lab, questions)
    record = await accepted(folder, _SPEC % extra, site, Beside(site, as_begun=meanwhile))
    nodes = {node.name: node for node in lab.resolved()}
    return [_fate(site, nodes[trial.probe.server.node], trial) for trial in measured_trials(record)]


def _fate(site: WitnessedLab, receiver: LabNode, trial: Trial) -> Fate:
    sender = measured(trial.send, Udp)
    assert sender is not None, trial
    assert sender.sent is not None
    return Fate(
        set_loss=receiver.link.loss,
        sent=sender.sent,
        loss=_reported(trial, "loss") * sender.sent,
        host_loss=_reported(trial, "host-loss") * sender.sent,
        dropped=drops(site.answers[receiver.name, LISTING_ARGV]).get(("udp", _port(trial)), 0),
        overflowed=_overflowed(site.answers[receiver.name, _SOCKETS]),
    )


def _reported(trial: Trial, metric: str) -> float:
    values = METRICS[metric].read(trial)
    total = values.statistic("total") if values is not None else None
    assert total is not None, trial
    return total


def _port(trial: Trial) -> int:
    """The one the server was told to listen on."""
    assert trial.serve is not None
    assert trial.serve.evidence is not None
    argv = trial.serve.evidence.argv
    return int(argv[argv.index("-p") + 1])


def _overflowed(snmp: str) -> int:
    names, values = (line.split() for line in snmp.splitlines() if line.startswith("Udp:"))
    return int(dict(zip(names, values, strict=True))["RcvbufErrors"])


async def figures(folder: Path) -> list[Figure]:
    lossy = await fates(folder / "lossy")
    stalled, crowded = await stalled_fate(folder / "stalled"), await crowded_fate(folder / "crowded")
    return [
        *(_figure(f"lost at {fate.set_loss}, less nft's count", fate.off, f"{fate.dropped:,}", fate) for fate in lossy),
        _figure("lost beside a stalled receiver, less nft's count", stalled.off, f"{stalled.dropped:,}", stalled),
        _figure("lost beside another full socket, less nft's count", crowded.off, f"{crowded.dropped:,}", crowded),
        _figure("lost at its socket, less RcvbufErrors", stalled.host_off, f"{stalled.overflowed:,}", stalled),
    ]


def _figure(name: str, off: float, counted: str, fate: Fate) -> Figure:
    goal = Goal(-TOLERANCE, TOLERANCE)
    return Figure(name, round(off, 3), "datagrams", (off,), goal, f"{counted} of {fate.sent:,} counted")
