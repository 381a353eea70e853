"""What a worker finds out about the ports of its network."""

from __future__ import annotations

import socket

from clearway.worker.network import free_ports


def test_workers_that_share_a_network_are_given_different_ports() -> None:
    first, second = free_ports(128), free_ports(128, after=128)
    assert len(first) == len(second) == 128
    assert not set(first) & set(second)


def test_a_port_that_is_taken_is_not_announced() -> None:
    (port,) = free_ports(1)
    with socket.create_server(("", port)):
        assert port not in free_ports(128)
