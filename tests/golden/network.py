"""Two network namespaces on one bridge, shaped like the lab's links. For whoever is root in a namespace of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

CLIENT, SERVER = "client", "server"
ADDRESSES = {CLIENT: ("10.9.0.1", "fd00::1"), SERVER: ("10.9.0.2", "fd00::2")}
_DEFAULT_RATE = "1gbit"


def build() -> None:
    """Make both, once in the life of this network namespace."""
    _run("mount", "-t", "tmpfs", "tmpfs", "/run")
    _run("mkdir", "/run/netns")
    _run("ip", "link", "add", "bridge0", "type", "bridge")
    _run("ip", "link", "set", "bridge0", "up")
    for name, (v4, v6) in ADDRESSES.items():
        _run("ip", "netns", "add", name)
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "link", "set", name, "master", "bridge0", "up")
        for link in ("eth0", "lo"):
            _run("ip", "-n", name, "link", "set", link, "up")
        _run("ip", "-n", name, "address", "add", f"{v4}/24", "dev", "eth0")
        _run("ip", "-n", name, "address", "add", f"{v6}/64", "dev", "eth0", "nodad")
    shape(_DEFAULT_RATE)


def shape(rate: str | None) -> None:
    """Limit both directions; None restores the default."""
    shaper = ("root", "tbf", "rate", rate or _DEFAULT_RATE, "burst", "128k", "latency", "50ms")
    for name in ADDRESSES:
        _run("tc", "qdisc", "replace", "dev", name, *shaper)
        _run("tc", "-n", name, "qdisc", "replace", "dev", "eth0", *shaper)


def drop(rules: Sequence[str]) -> None:
    """Let the server's namespace drop what `rules` match on arrival, and nothing else."""
    statements = "".join(f"add rule inet golden arrival {rule} counter drop; " for rule in rules)
    chain = "add chain inet golden arrival { type filter hook prerouting priority 0; }; "
    _run("nft", "flush", "ruleset")
    _run("nft", "flush", "ruleset", inside=SERVER)
    _run("nft", f"add table inet golden; {chain}{statements}", inside=SERVER)


def dropped() -> int:
    """Packets dropped by the rules in force."""
    said = _run("nft", "-j", "list", "ruleset", inside=SERVER)
    rules = [item["rule"]["expr"] for item in json.loads(said)["nftables"] if "rule" in item]
    return sum(part["counter"]["packets"] for rule in rules for part in rule if "counter" in part)


def spawn(inside: str | None, argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a command in a namespace; None: where the bridge is."""
    return subprocess.Popen([*_entering(inside), *argv], **options)


def _run(*argv: str, inside: str | None = None) -> str:
    return subprocess.run([*_entering(inside), *argv], check=True, capture_output=True, text=True).stdout


def _entering(inside: str | None) -> tuple[str, ...]:
    return ("nsenter", f"--net=/run/netns/{inside}", "--") if inside else ()
