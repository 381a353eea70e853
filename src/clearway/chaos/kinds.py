"""What can be broken on a node: the one table of failures. A new kind is a row here and a word in the spec.

Every script runs as root under `sh`, may be run twice, and needs nothing of clearway on the node.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from clearway.base.units import Duration
from clearway.shell.providers import Argv, Services
from clearway.spec.model import FailureName

SYSTEMD = Services()


class Sign(StrEnum):
    """What shows that a node is broken, and that it has recovered."""

    NOT_READY = "not-ready"
    """The cluster marks the node as not Ready, and later as Ready."""
    REBOOTED = "rebooted"
    """As above, or only a new boot ID: a fast reboot may end before the cluster marks the node."""
    SCRIPT = "script"
    """A script on the node, because the cluster does not notice this failure."""


@dataclass(frozen=True)
class Failure:
    break_script: str
    restore_script: str
    """Harmless on a node that is not broken."""
    sign: Sign
    needs: tuple[str, ...] = ()
    """Programs that the node needs; without them it is not broken."""
    check_script: str = ""
    """Exits with 0 while the node is broken; only for Sign.SCRIPT."""
    cuts_access: bool = False
    """Whether commands can't reach the broken node: it is then broken only after the command has been answered."""
    ends_by_itself: bool = False
    """Whether the failure ends without a restore: no bomb is armed."""
    extra_recovery: Duration = Duration(0)
    """Time for the recovery itself, besides the time that the cluster needs to see it."""


def failures(services: Services = SYSTEMD, agents: str = "clearway.worker") -> Mapping[FailureName, Failure]:
    """The table, for nodes with these services. `agents` is a part of a worker's command line."""
    return {
        "kubelet-and-runtime": Failure(
            break_script=_in_sequence(services.stop_kubelet, services.stop_runtime),
            restore_script=_in_sequence(services.start_runtime, services.start_kubelet),
            sign=Sign.NOT_READY,
            needs=_programs(services),
        ),
        "link-down": Failure(
            break_script=_DROP_ALL,
            restore_script="nft delete table inet clearway_chaos; ! nft list table inet clearway_chaos",
            sign=Sign.NOT_READY,
            needs=("ip", "nft"),
            cuts_access=True,
        ),
        "agent": Failure(
            break_script=_signalled(agents, "STOP"),
            restore_script=_signalled(agents, "CONT"),
            sign=Sign.SCRIPT,
            check_script=_frozen(agents),
        ),
        "reboot": Failure(
            break_script="reboot || shutdown -r now",
            restore_script="true",
            sign=Sign.REBOOTED,
            cuts_access=True,
            ends_by_itself=True,
            extra_recovery=Duration(300),
        ),
    }


# The device stays up: a device that goes down loses routes and IPv6 addresses, which can't be restored from here.
_DROP_ALL = """
set -e
devices=$( (ip -4 route show default; ip -6 route show default) | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | sort -u)
[ -n "$devices" ]
for device in $devices; do all="${all:+$all, }\\"$device\\""; done
nft -f - <<END
table inet clearway_chaos {
  chain arriving { type filter hook prerouting priority -310; iifname { $all } counter drop; }
  chain leaving { type filter hook postrouting priority 310; oifname { $all } counter drop; }
}
END
"""


def _in_sequence(*commands: Argv) -> str:
    return " && ".join(map(shlex.join, commands))


def _programs(services: Services) -> tuple[str, ...]:
    commands = (services.stop_kubelet, services.stop_runtime, services.start_runtime, services.start_kubelet)
    return tuple(dict.fromkeys(command[0] for command in commands))


def _each_agent(agents: str, does: str) -> str:
    """A loop over the processes with `agents` in their command line, but not over itself."""
    pattern = shlex.quote(f"[{agents[0]}]{agents[1:]}")
    return f"""
for folder in /proc/[0-9]*; do
  if tr '\\0' ' ' <"$folder/cmdline" 2>/dev/null | grep -q -e {pattern}; then
    process="${{folder#/proc/}}"
    {does}
  fi
done
"""


def _signalled(agents: str, signal: str) -> str:
    found = _each_agent(agents, f'kill -{signal} "$process" && found=yes')
    return f"found=\n{found}\n" + ('[ -n "$found" ]' if signal == "STOP" else "true")


def _frozen(agents: str) -> str:
    states = _each_agent(agents, "grep -q '^State:.T' \"$folder/status\" && found=yes")
    return f'found=\n{states}\n[ -n "$found" ]'
