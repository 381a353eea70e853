"""What is captured: for each engine the good runs, and every way of failing that could be taken for one."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from clearway.base.units import Duration, Frequency, Rate, Size
from clearway.probe.parameters import (
    HttpParameters,
    Parameters,
    RoundTripParameters,
    TcpParameters,
    UdpParameters,
    Window,
)
from clearway.probe.records import Half
from golden.network import ADDRESSES, CLIENT, SERVER

PORT = 5001
SERVER_V4, SERVER_V6 = ADDRESSES[SERVER]
CLIENT_V4, _ = ADDRESSES[CLIENT]


_USUAL = Window(Duration(0.4), Duration(1))


@dataclass(frozen=True)
class Event:
    """Something that befalls a case, `at` seconds after the instant."""

    at: float
    kill: Half | None = None
    """A half that dies by SIGKILL."""
    run: tuple[str, ...] = ()
    """A command that is in the way; `{start}` is the instant."""
    inside: str | None = CLIENT


@dataclass(frozen=True)
class Case:
    engine: str
    name: str
    parameters: Parameters
    window: Window = _USUAL
    address: str = SERVER_V4
    client_address: str | None = None
    """Where the client goes if not to the server."""
    halves: tuple[Half, ...] = (Half.SERVE, Half.SEND)
    rate: str | None = None
    """Of the link, as tc writes it; None: 1 Gbit/s."""
    drop: tuple[str, ...] = ()
    """What the server's side drops, as nft writes it."""
    client_late: float = 0.0
    """Seconds by which the client is launched too late."""
    events: tuple[Event, ...] = ()


_SEND = (Half.SEND,)
_SERVE = (Half.SERVE,)
_FIRST = float("-inf")
_HALF_WAY = 0.7
_NOWHERE, _NOBODY = "10.77.0.2", "10.9.0.9"
_TCP = TcpParameters(streams=2)
_ONE = TcpParameters(streams=1)
_UDP = UdpParameters(Rate(60e6), Size(1472))
_SHORT = Window(Duration(0.4), Duration(0.6))
_LONG = Window(Duration(0.4), Duration(2))
_BRIEF = Window(Duration(0.4), Duration(0.2))
_HTTP = HttpParameters(connections=4, body=Size(1_000), rate=Frequency(200))
_EIGHT = HttpParameters(connections=8, body=Size(1_000), rate=Frequency(400))
_ROUND_TRIP = RoundTripParameters(Size(64))
_UDP_ROUND_TRIP = RoundTripParameters(Size(64), "udp")
_ALL_TCP = f"tcp dport {PORT}"
_FLOWS = UdpParameters(Rate(2e6), Size(200), flows=16)
_SECONDS = Window(Duration(0.5), Duration(2))
_BAD_MEMBER = (
    f"udp dport {PORT} udp sport & 3 == 1 numgen inc mod 20 == 0",
    f"udp dport {PORT} udp sport & 3 == 2 quota over 60000 bytes",
)
_ALL_UDP = f"udp dport {PORT}"
_AFTER_2_MB = f"{_ALL_TCP} quota over 2 mbytes"
_PICK = f"peer=$(ss -tnH state established sport = :{PORT} | awk '{{print $4}}' | head -1)"
_DROP_ONE = ("bash", "-c", _PICK + "; nft add rule inet golden arrival tcp sport ${peer##*:} counter drop")
_SILENCE = ("bash", "-c", "nft add rule inet golden arrival drop; sleep 0.7; nft flush chain inet golden arrival")
_RESET_ONE = ("bash", "-c", _PICK + "; nft add rule inet golden arrival tcp sport ${peer##*:} reject with tcp reset")
_FIRST_SYN = "tcp flags syn / syn,ack quota until 60 bytes"
_STRANGER = ("iperf", "-c", SERVER_V4, "-p", str(PORT), "-t", "0.5")
_STRAY = ("bash", "-c", f"exec 3<>/dev/tcp/{SERVER_V4}/{PORT}; sleep 0.2")
_RELAY = (sys.executable, "-m", "golden.relay", CLIENT_V4, SERVER_V4, str(PORT))
_DARK = (
    "nft add rule inet golden arrival meta l4proto { tcp, udp } drop; sleep 0.7; nft flush chain inet golden arrival"
)
_OUTAGE = (Event(_HALF_WAY, run=("bash", "-c", _DARK), inside=SERVER),)
_NO_SYN = f"nft add rule inet golden arrival tcp dport {PORT} drop; sleep 0.5; nft flush chain inet golden arrival"
_SYN_LOST = (Event(-0.8, run=("bash", "-c", _NO_SYN), inside=SERVER),)
_OUTAGE_WINDOW = Window(Duration(0.4), Duration(2))
_PORT_TAKEN = (Event(_FIRST, run=("iperf", "-s", "-p", str(PORT)), inside=SERVER),)


def _doubled(at: float, before: str = "") -> tuple[Event, ...]:
    """Every datagram comes twice; `before` is a rule that meets the first one alone."""
    hook = f'type filter hook ingress device "{CLIENT}" priority 0;'
    rules = (before, f'{_ALL_UDP} dup to "{SERVER}"')
    lines = "".join(f"add rule netdev twice arrival {rule}; " for rule in rules if rule)
    table = f"add table netdev twice; add chain netdev twice arrival {{ {hook} }}; {lines}"
    return (Event(at, run=("nft", table), inside=None),)


def _reaching_nobody(engine: str, prefix: str, parameters: Parameters) -> tuple[Case, ...]:
    return (
        Case(engine, f"{prefix}-refused", parameters, _SHORT, halves=_SEND),
        Case(engine, f"{prefix}-no-route", parameters, _SHORT, halves=_SEND, address=_NOWHERE),
        Case(engine, f"{prefix}-nobody", parameters, _SHORT, halves=_SEND, address=_NOBODY),
    )


def _dying(engine: str, prefix: str, parameters: Parameters) -> tuple[Case, ...]:
    return tuple(
        Case(engine, f"{prefix}-{half.value}-killed", parameters, _SHORT, events=(Event(_HALF_WAY, kill=half),))
        for half in Half
    )


_IPERF2 = (
    Case("iperf2", "tcp", _TCP),
    Case("iperf2", "tcp-one-stream", _ONE),
    Case("iperf2", "tcp-cubic", TcpParameters(streams=2, congestion="cubic", buffer=Size(400_000))),
    Case("iperf2", "tcp-v6", _TCP, address=SERVER_V6),
    Case("iperf2", "tcp-slow", TcpParameters(streams=4), rate="10mbit"),
    Case("iperf2", "tcp-unknown-congestion", TcpParameters(streams=1, congestion="nonesuch")),
    Case("iperf2", "tcp-late", _TCP, client_late=1.0),
    Case("iperf2", "tcp-dropped", _TCP, drop=(_ALL_TCP,)),
    Case("iperf2", "tcp-dropped-after-2mb", _TCP, drop=(_AFTER_2_MB,)),
    Case("iperf2", "tcp-stranger", _TCP, events=(Event(-0.3, run=_STRANGER),)),
    Case("iperf2", "tcp-stray", _TCP, events=(Event(-0.8, run=_STRAY),)),
    Case("iperf2", "tcp-port-taken", _ONE, halves=_SERVE, events=_PORT_TAKEN),
    Case("iperf2", "tcp-long", _ONE, Window(Duration(0.4), Duration(6)), rate="10mbit"),
    Case("iperf2", "tcp-outage", _TCP, _OUTAGE_WINDOW, events=_OUTAGE),
    Case("iperf2", "tcp-syn-lost", _TCP, events=_SYN_LOST),
    *_reaching_nobody("iperf2", "tcp", _TCP),
    *_dying("iperf2", "tcp", _TCP),
    Case("iperf2", "udp", _UDP, _SHORT),
    Case("iperf2", "udp-v6", UdpParameters(Rate(60e6), Size(1452)), _SHORT, address=SERVER_V6),
    Case("iperf2", "udp-sparse", UdpParameters(Rate(500e3), Size(1472)), _SHORT),
    Case("iperf2", "udp-lossy", _UDP, _SHORT, drop=(f"{_ALL_UDP} numgen inc mod 20 == 0",)),
    Case("iperf2", "udp-dropped", _UDP, _SHORT, drop=(_ALL_UDP,)),
    Case("iperf2", "udp-dropped-after-2mb", _UDP, _SHORT, drop=(f"{_ALL_UDP} quota over 2 mbytes",)),
    Case("iperf2", "udp-reordered", _UDP, _SHORT, client_address=CLIENT_V4, events=(Event(_FIRST, run=_RELAY),)),
    Case("iperf2", "udp-slow", UdpParameters(Rate(10e6), Size(1472)), _SHORT),
    Case("iperf2", "udp-too-fast", UdpParameters(Rate(100e9), Size(1472)), window=Window(Duration(0), Duration(0.2))),
    Case("iperf2", "udp-flows", _FLOWS, _SECONDS),
    Case("iperf2", "udp-flows-bad-member", _FLOWS, _SECONDS, drop=_BAD_MEMBER),
    Case("iperf2", "udp-flows-dropped", _FLOWS, _SHORT, drop=(_ALL_UDP,)),
    Case("iperf2", "udp-late", _UDP, _SHORT, client_late=1.0),
    Case("iperf2", "udp-outage", _UDP, _OUTAGE_WINDOW, events=_OUTAGE),
    Case("iperf2", "udp-doubled", _UDP, _SHORT, events=_doubled(_FIRST)),
    Case(
        "iperf2", "udp-doubled-lossy", _UDP, _SHORT, events=_doubled(_FIRST, f"{_ALL_UDP} numgen inc mod 20 == 7 drop")
    ),
    *_reaching_nobody("iperf2", "udp", _UDP),
    *_dying("iperf2", "udp", _UDP),
)

_IPERF3 = (
    Case("iperf3", "tcp", _TCP),
    Case("iperf3", "tcp-v6", _ONE, address=SERVER_V6),
    Case("iperf3", "tcp-slow", _TCP, rate="10mbit"),
    Case("iperf3", "tcp-unknown-congestion", TcpParameters(streams=1, congestion="nonesuch")),
    Case("iperf3", "tcp-dropped", _TCP, drop=(_ALL_TCP,)),
    Case("iperf3", "tcp-dropped-after-2mb", _TCP, drop=(_AFTER_2_MB,)),
    Case("iperf3", "tcp-stray", _TCP, events=(Event(-0.8, run=_STRAY),)),
    Case("iperf3", "tcp-port-taken", _ONE, halves=_SERVE, events=_PORT_TAKEN),
    Case("iperf3", "tcp-outage", _TCP, _OUTAGE_WINDOW, events=_OUTAGE),
    *_reaching_nobody("iperf3", "tcp", _TCP),
    *_dying("iperf3", "tcp", _TCP),
    Case("iperf3", "udp", _UDP),
    Case("iperf3", "udp-v6", UdpParameters(Rate(60e6), Size(1452)), address=SERVER_V6),
    Case("iperf3", "udp-lossy", _UDP, drop=(f"{_ALL_UDP} numgen inc mod 20 == 1",)),
    Case("iperf3", "udp-dropped", _UDP, drop=(_ALL_UDP,)),
    Case("iperf3", "udp-dropped-after-2mb", _UDP, drop=(f"{_ALL_UDP} quota over 2 mbytes",)),
    Case("iperf3", "udp-outage", _UDP, _OUTAGE_WINDOW, events=_OUTAGE),
    Case("iperf3", "udp-doubled", _UDP, events=_doubled(_FIRST)),
    Case("iperf3", "udp-doubled-later", _UDP, events=_doubled(0.2)),
    Case("iperf3", "udp-refused", _UDP, halves=_SEND),
    *_dying("iperf3", "udp", _UDP),
)

_H2LOAD = (
    Case("h2load", "rate", _HTTP),
    Case("h2load", "closed-loop", HttpParameters(connections=1, body=Size(20_000)), rate="40mbit"),
    Case("h2load", "v6", _HTTP, address=SERVER_V6),
    Case("h2load", "overloaded", HttpParameters(4, Size(100_000), Frequency(40)), rate="10mbit"),
    Case("h2load", "dropped", _HTTP, drop=(_ALL_TCP,)),
    Case("h2load", "dropped-half-way", _HTTP, drop=(f"{_ALL_TCP} quota over 20 kbytes",)),
    Case(
        "h2load",
        "one-dropped",
        _EIGHT,
        events=(Event(0.6, run=_DROP_ONE, inside=SERVER),),
    ),
    Case("h2load", "one-reset", _EIGHT, events=(Event(0.6, run=_RESET_ONE, inside=SERVER),)),
    Case("h2load", "outage", _EIGHT, _LONG, events=(Event(0.8, run=_SILENCE, inside=SERVER),)),
    Case("h2load", "one-connects-late", _EIGHT, _LONG, drop=(_FIRST_SYN,)),
    Case("h2load", "port-taken", _HTTP, halves=_SERVE, events=_PORT_TAKEN),
    Case("h2load", "late", _HTTP, client_late=1.0),
    *_reaching_nobody("h2load", "rate", _HTTP),
    *_dying("h2load", "rate", _HTTP),
)
_SOCKPERF = (
    Case("sockperf", "tcp", _ROUND_TRIP, _BRIEF),
    Case("sockperf", "udp", _UDP_ROUND_TRIP, _BRIEF),
    Case(
        "sockperf",
        "udp-lossy",
        _UDP_ROUND_TRIP,
        _BRIEF,
        drop=(f"{_ALL_UDP} numgen inc mod 500 == 499",),
    ),
    Case("sockperf", "v6", _ROUND_TRIP, _BRIEF, address=SERVER_V6),
    Case("sockperf", "late", _ROUND_TRIP, _BRIEF, client_late=1.0),
    Case("sockperf", "dropped", _ROUND_TRIP, _BRIEF, drop=(_ALL_TCP,)),
    Case("sockperf", "port-taken", _ROUND_TRIP, _BRIEF, halves=_SERVE, events=_PORT_TAKEN),
    *_reaching_nobody("sockperf", "tcp", _ROUND_TRIP),
    *_dying("sockperf", "tcp", _ROUND_TRIP),
)

CASES: tuple[Case, ...] = (*_IPERF2, *_IPERF3, *_H2LOAD, *_SOCKPERF)
