"""What a worker knows about itself when it announces that it is ready."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from clearway.engine.base import Tool, tools_of
from clearway.engine.table import ENGINES, parse_version
from clearway.probe.path_mtu import PROBES_PATH_MTU
from clearway.probe.records import Slot, Worker
from clearway.worker import devices, start
from clearway.worker.network import free_ports
from clearway.worker.unprivileged import kept_as_root

_PORTS = 128
"""Free ports announced: one for each probe that this worker may serve at once."""
_SHARING = 64
"""Workers that may share a network and have ports of their own: so many times 128 are in the range."""
_PATIENCE = 5.0
"""Seconds for a tool to print its version."""
_CONGESTION_CONTROLS = ("bbr", "cubic", "dctcp", "htcp", "reno", "vegas", "westwood")
"""Those that tests ask for."""


def worker(slot: Slot, network: str, addresses: Tuple[str, ...] = ()) -> Worker:
    """Look around and describe this worker; `addresses` are its own where the site knows them better.

    MTU and device are those of the first address.
    """
    links = _links()
    device = _device_of(addresses, links)
    return Worker(
        slot=slot,
        addresses=addresses or tuple(address for link in links for address in _addresses(link)),
        mtu=int(device["mtu"]) if device else 1500,
        ports=free_ports(_PORTS, after=slot.index % _SHARING * _PORTS),
        versions=_versions(),
        facts=_facts(device),
        network=network,
    )


def own_addresses() -> Tuple[str, ...]:
    """Every address that others could reach this worker at, device by device."""
    return tuple(address for link in _links() for address in _addresses(link))


def neighbours_of(address: str) -> Tuple[str, ...]:
    """All addresses of the device that has this one, which stands first; nothing where no device has it."""
    mine = next((found for link in _links() if address in (found := _addresses(link))), [])
    return tuple(sorted(mine, key=lambda other: other != address))


def _device_of(addresses: Tuple[str, ...], links: List[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    used = [link for link in links if _addresses(link)]
    chosen = (link for address in addresses[:1] for link in used if address in _addresses(link))
    return next(chosen, used[0] if used else None)


def _links() -> List[Dict[str, Any]]:
    answer = subprocess.run(
        ["ip", "-j", "address", "show", "up"], capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    links = json.loads(answer.stdout or "[]")
    return [link for link in links if link and "LOOPBACK" not in link.get("flags", ())]


def _addresses(link: Dict[str, Any]) -> List[str]:
    return [item["local"] for item in link.get("addr_info", ()) if item.get("scope") == "global"]


def _facts(device: Optional[Dict[str, Any]]) -> Dict[str, str]:
    found: Dict[str, Optional[str]] = {
        "kernel": platform.release(),
        "python": platform.python_version(),
        "cpus": str(len(os.sched_getaffinity(0))),
        "congestion": _line("/proc/sys/net/ipv4/tcp_congestion_control"),
        PROBES_PATH_MTU: "yes",
        "packets": "seen" if start.sees_packets() else None,
        "serves-as-root": " ".join(kept_as_root(filter(shutil.which, tools_of(ENGINES.values())))),
        "congestion-refused": " ".join(filter(_is_refused, _CONGESTION_CONTROLS)),
    }
    if device is not None:
        found["device"] = device["ifname"]
        found["qdisc"] = device.get("qdisc")
        found["hardware-address"] = device.get("address")
        found["link-speed"] = _speed(device)
        found.update(devices.facts(device["ifname"]))
    return {name: value for name, value in found.items() if value}


def _is_refused(congestion: str) -> bool:
    """Whether the kernel keeps this worker from a congestion control: without privileges it allows few."""
    with socket.socket() as sample:
        try:
            sample.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())
        except PermissionError:
            return True
        except OSError:
            return False
    return False


def _speed(device: Dict[str, Any]) -> Optional[str]:
    """Mbit/s of a physical link. A virtual device states a made-up speed and has no `device` behind it.

    /sys may show another network namespace's devices: the hardware address shows whether it does.
    """
    folder = Path("/sys/class/net") / device["ifname"]
    if not (folder / "device").exists() or _line(str(folder / "address")) != device.get("address"):
        return None
    speed = _line(str(folder / "speed"))
    return speed if speed and not speed.startswith("-") else None


def _line(path: str) -> Optional[str]:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return None


def _versions() -> Dict[str, str]:
    """Version of every tool that is here, asked all at once."""
    tools = tools_of(ENGINES.values())
    asked = [
        (tool, subprocess.Popen(tool.version_argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        for tool in tools.values()
        if shutil.which(tool.binary)
    ]
    return {tool.binary: version for tool, process in asked if (version := _version(tool, process)) is not None}


def _version(tool: Tool, process: subprocess.Popen[str]) -> Optional[str]:
    try:
        text, _ = process.communicate(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    version: Optional[Tuple[int, ...]] = parse_version(tool, text)
    return ".".join(str(part) for part in version) if version else None
