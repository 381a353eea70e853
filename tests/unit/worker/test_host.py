"""Where a host is measured: as it was told, else where ssh arrived, else wherever it can be reached."""

from __future__ import annotations

from typing import Any

import pytest

from clearway.engine.table import search_path
from clearway.probe.records import Slot
from clearway.worker import facts
from clearway.worker.facts import worker
from clearway.worker.host import HostConfig, _addresses


def link(name: str, mtu: int, *addresses: str) -> dict[str, Any]:
    info = [{"local": address, "scope": "global"} for address in addresses]
    return {"ifname": name, "mtu": mtu, "flags": ["UP"], "address": "02:00:00:00:00:01", "addr_info": info}


@pytest.fixture(autouse=True)
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = [
        link("docker0", 1500, "172.17.0.1"),
        link("eth0", 1500, "192.0.2.1"),
        link("eth1", 9000, "198.51.100.1", "2001:db8::1"),
    ]
    monkeypatch.setattr(facts, "_links", lambda: cards)


def reached(server: str) -> dict[str, str]:
    return {"SSH_CONNECTION": f"203.0.113.9 50000 {server} 22"}


@pytest.mark.parametrize(
    ("told", "environment", "addresses"),
    [
        (("198.51.100.1",), reached("192.0.2.1"), ("198.51.100.1",)),
        ((), reached("192.0.2.1"), ("192.0.2.1",)),
        ((), reached("2001:db8::1"), ("2001:db8::1", "198.51.100.1")),
        ((), reached("127.0.0.1"), ()),
        ((), {}, ()),
    ],
)
def test_a_given_address_comes_before_the_one_ssh_reached(
    told: tuple[str, ...], environment: dict[str, str], addresses: tuple[str, ...]
) -> None:
    assert _addresses(HostConfig(Slot("a"), told), environment) == addresses


def test_device_and_mtu_are_those_of_the_first_address() -> None:
    on_eth1 = worker(Slot("a"), "host", ("198.51.100.1",))
    assert (on_eth1.mtu, on_eth1.facts["device"]) == (9000, "eth1")
    anywhere = worker(Slot("a"), "host")
    assert (anywhere.addresses[0], anywhere.facts["device"]) == ("172.17.0.1", "docker0")


def test_tools_of_administrators_are_found_by_users_too() -> None:
    assert search_path({"PATH": "/bin"}).split(":") == ["/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
