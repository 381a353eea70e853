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
    """By what a failure, and the end of it, is seen."""

    NOT_READY = "not-ready"
    """The cluster says of the node that it is not Ready; then that it is."""
    REBOOTED = "rebooted"
    """As above, and the node's boot ID is another one in the end: it may be back before anybody missed it."""
    SCRIPT = "script"
    """A script on the node says so: the cluster knows nothing of it."""


@dataclass(frozen=True)
class Failure:
    breaks: str
    puts_back: str
    """Does no harm where nothing is broken."""
    sign: Sign
    needs: tuple[str, ...] = ()
    """Programs on the node, without which it is not broken."""
    looks: str = ""
    """Ends with 0 while it is broken; only where the sign is a script."""
    cuts_the_road: bool = False
    """Whether commands don't reach the node meanwhile: it breaks when nobody waits for the answer any more."""
    by_itself: bool = False
    """Whether it ends without being put back: no bomb has to be armed."""
    settles: Duration = Duration(0)
    """Time that the end of it may take besides what the cluster needs to see it."""


def failures(services: Services = SYSTEMD, agents: str = "clearway.worker") -> Mapping[FailureName, Failure]:
    """The table, for nodes whose services are stopped and started so. `agents` is in a worker's command line."""
    return {
        "kubelet-and-runtime": Failure(
            breaks=_one_after_the_other(services.stop_kubelet, services.stop_runtime),
            puts_back=_one_after_the_other(services.start_runtime, services.start_kubelet),
            sign=Sign.NOT_READY,
            needs=_programs(services),
        ),
        "link-down": Failure(
            breaks=_WALL,
            puts_back="nft delete table inet clearway_chaos; ! nft list table inet clearway_chaos",
            sign=Sign.NOT_READY,
            needs=("ip", "nft"),
            cuts_the_road=True,
        ),
        "agent": Failure(
            breaks=_signalled(agents, "STOP"),
            puts_back=_signalled(agents, "CONT"),
            sign=Sign.SCRIPT,
            looks=_frozen(agents),
        ),
        "reboot": Failure(
            breaks="reboot || shutdown -r now",
            puts_back="true",
            sign=Sign.REBOOTED,
            cuts_the_road=True,
            by_itself=True,
            settles=Duration(300),
        ),
    }


# The device stays up: what goes down loses routes and IPv6 addresses that nobody here could put back.
_WALL = """
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


def _one_after_the_other(*commands: Argv) -> str:
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
