"""Where the halves of a probe meet when a Service lies between them."""

from __future__ import annotations

import pytest

from clearway.base.errors import SiteError
from clearway.plan.schedule import make_plan
from clearway.probe.records import Endpoint, Probe, ServiceAddress, Worker
from clearway.run.endpoints import Endpoints
from clearway.spec.load import read_spec
from making import inventory

SERVICES = tuple(
    ServiceAddress("node-port", transport, Endpoint(address, 10_000 + port), port)
    for transport in ("tcp", "udp")
    for address in ("172.30.0.11", "fd00::11")
    for port in (20_000, 20_001)
)


def probe(path: str, family: str = "ipv4", protocol: str = "udp, rate: 1 Mbit/s") -> Probe:
    text = f"version: 1\ntests:\n- {{name: it, protocol: {protocol}, path: {path}, family: {family}}}\n"
    return next(iter(make_plan(read_spec(text), inventory(2)).probes))


def ends(wanted: Probe, services: tuple[ServiceAddress, ...] | None = SERVICES) -> tuple[Worker, Worker]:
    ports = tuple(range(20_000, 20_128))
    client = Worker(wanted.client, ("10.0.0.1", "fd01::1"), 1500, ports)
    return client, Worker(wanted.server, ("10.0.1.1", "fd01::2"), 1500, ports, services=services)


@pytest.mark.parametrize(
    ("family", "own", "dialled"), [("ipv4", "10.0.1.1", "172.30.0.11"), ("ipv6", "fd01::2", "fd00::11")]
)
def test_the_client_dials_the_service_and_the_server_opens_the_port_behind_it(
    family: str, own: str, dialled: str
) -> None:
    wanted, found = probe("node-port", family), set[int]()
    for turn in range(4):
        meeting = Endpoints(turn).meeting(wanted, *ends(wanted))
        assert meeting.opened.address == own
        assert meeting.dialled == Endpoint(dialled, 10_000 + meeting.opened.port)
        found.add(meeting.opened.port)
    assert found == {20_000, 20_001}, "a round uses other ports than the one before"


def test_behind_a_service_the_partner_has_any_address() -> None:
    through, direct = probe("node-port"), probe("pod")
    assert Endpoints(0).meeting(through, *ends(through)).partner is None
    assert Endpoints(0).meeting(direct, *ends(direct)).partner == ("10.0.0.1", "fd01::1")


@pytest.mark.parametrize(
    ("path", "services", "code"),
    [("cluster-ip", SERVICES, "run.no-service"), ("node-port", None, "run.no-service")],
)
def test_without_a_service_a_round_is_refused(
    path: str, services: tuple[ServiceAddress, ...] | None, code: str
) -> None:
    wanted = probe(path)
    with pytest.raises(SiteError) as refused:
        Endpoints(0).meeting(wanted, *ends(wanted, services))
    assert refused.value.code == code


def test_more_probes_at_one_server_than_its_service_has_ports_are_refused() -> None:
    wanted, endpoints = probe("node-port"), Endpoints(0)
    for _ in range(2):
        endpoints.meeting(wanted, *ends(wanted))
    with pytest.raises(SiteError, match=r"run\.too-few-ports"):
        endpoints.meeting(wanted, *ends(wanted))
