"""Loss on arrival at a node, as nft rules that count the drops: the true figures to check a loss test with."""

from __future__ import annotations

import json
from typing import Any

from clearway.base.units import Ratio

LISTING_ARGV = ("nft", "-j", "list", "set", "inet", "loss", "dropped")
"""The command that prints the counters on a node."""

_HERE = {"family": "inet", "table": "loss"}
_TRANSPORTS: dict[str | int, str] = {6: "tcp", 17: "udp"}
_NUMGEN_RANGE = 1_000_000
_TRANSPORT_AND_PORT = {"concat": [{"meta": {"key": "l4proto"}}, {"payload": {"protocol": "th", "field": "dport"}}]}


def loss_rules(loss: Ratio) -> dict[str, Any]:
    """Drop this share of arriving packets; drops are counted by transport and destination port."""
    arriving = [
        _match("!=", {"meta": {"key": "iifname"}}, "lo"),
        _match("<=", {"numgen": {"mode": "random", "mod": _NUMGEN_RANGE, "offset": 0}}, _highest_lost(loss)),
        {"goto": {"target": "lost"}},
    ]
    counted = [
        _match("==", {"meta": {"key": "l4proto"}}, {"set": ["tcp", "udp"]}),
        {"set": {"op": "update", "elem": _TRANSPORT_AND_PORT, "set": "@dropped", "stmt": [{"counter": None}]}},
    ]
    hook = {"type": "filter", "hook": "prerouting", "prio": -300, "policy": "accept"}
    return {
        "nftables": [
            {"add": {"table": {"family": "inet", "name": "loss"}}},
            {"add": {"set": {**_HERE, "name": "dropped", "type": ["inet_proto", "inet_service"], "size": 65_535}}},
            {"add": {"chain": {**_HERE, "name": "lost"}}},
            {"add": {"chain": {**_HERE, "name": "arriving", **hook}}},
            {"add": {"rule": {**_HERE, "chain": "lost", "expr": counted}}},
            {"add": {"rule": {**_HERE, "chain": "lost", "expr": [{"counter": None}, {"drop": None}]}}},
            {"add": {"rule": {**_HERE, "chain": "arriving", "expr": arriving}}},
        ]
    }


def _highest_lost(loss: Ratio) -> int:
    """Random numbers start at 0."""
    return max(1, round(loss.si * _NUMGEN_RANGE)) - 1


def _match(relation: str, left: Any, right: Any) -> dict[str, Any]:
    return {"match": {"op": relation, "left": left, "right": right}}


def drops(listing: str) -> dict[tuple[str, int], int]:
    """Drops in the output of LISTING_ARGV: (transport, destination port) -> packets."""
    found = next(entry["set"] for entry in json.loads(listing)["nftables"] if "set" in entry)
    elements = [item["elem"] for item in found.get("elem", [])]
    return {_named(*item["val"]["concat"]): item["counter"]["packets"] for item in elements}


def _named(transport: str | int, port: int) -> tuple[str, int]:
    """nft writes a protocol's number where the machine has no /etc/protocols to name it by."""
    return _TRANSPORTS.get(transport, str(transport)), port
