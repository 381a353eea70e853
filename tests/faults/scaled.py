"""The built-in profiles for links that are slower than those they are made for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from clearway.base.quantity_text import exact_text, parse_duration, parse_rate
from clearway.base.units import Duration, Rate
from clearway.spec.load import profile_text

_MADE_FOR = Rate(10e9)
"""The link of which the profile asks for half."""
_UDP_SHARE = 0.2
"""Of the link, at most: the rest is for what a probe is held against."""
_ANSWER = Duration(0.8)
"""Both queues on the way through the lab, 50 ms each, and a packet that the full queue dropped twice: Linux sends again
after 200 and after 400 ms. Roads without a fault had upper bounds of up to 719 ms; one that is dead for a second is
worse."""
_CONNECTIONS = 64
"""At 500 requests per second each sends one every 128 ms: an answer that takes as long as the queue delays no other."""
_RATE = re.compile(r"\d+(\.\d+)? [MG]bit/s")


def scaled(profile: str, link: Rate, times: float = 1.0) -> str:
    """Rates as shares of `link`, limits of latency as the lab's queue allows, tests `times` as long.

    A warm-up stays as long: streams do not find their rate sooner. So do many flows: each needs its datagrams. Zones
    only keep pairs apart in these labs, and paths across them are left out.
    """
    spec = yaml.safe_load(profile_text(profile))
    spec["tests"] = [_scaled(test, link, times) for test in spec["tests"]]
    return _dumped(spec)


def one_way(profile: str, name: str, link: Rate, times: float = 1.0) -> str:
    """One test of a profile, in one direction, which is that of the faults: the seed draws it."""
    spec = yaml.safe_load(scaled(profile, link, times)) | {"seed": 1}
    spec["tests"] = [test | {"direction": "forward"} for test in spec["tests"] if test["name"] == name]
    return _dumped(spec)


def _dumped(spec: Mapping[str, Any]) -> str:
    return yaml.safe_dump(spec, sort_keys=False)


def _scaled(test: Mapping[str, Any], link: Rate, times: float) -> dict[str, Any]:
    kept = {name: value for name, value in test.items() if name != "show-cross-zone"}
    length = parse_duration(test["duration"]) * (1.0 if "flows" in test else times)
    rate = {"rate": _slower(test["rate"], link)} if test["protocol"] == "udp" else {}
    accept = {"accept": [_criterion(text, link) for text in test["accept"]]} if "accept" in test else {}
    connections = {"connections": _CONNECTIONS} if test["protocol"] == "http" else {}
    return {**kept, "duration": exact_text(length), **rate, **connections, **accept}


def _slower(rate: str, link: Rate) -> str:
    most = link * _UDP_SHARE
    return rate if parse_rate(rate).si <= most.si else exact_text(most)


def _criterion(text: str, link: Rate) -> str:
    if text.startswith("throughput"):
        return _RATE.sub(lambda found: exact_text(parse_rate(found[0]) * link.over(_MADE_FOR)), text)
    if text.startswith("latency"):
        return re.sub(r"<= .*", f"<= {_ANSWER}", text)
    return text
