"""What a test asks of one pair: parameters and window, with shares of a link turned into rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from clearway.base.errors import UsageError
from clearway.base.units import Duration, Frequency, Rate
from clearway.plan.model import Links
from clearway.probe.parameters import (
    HttpParameters,
    Parameters,
    RoundTripParameters,
    TcpParameters,
    UdpParameters,
    Window,
)
from clearway.probe.records import Inventory
from clearway.spec.criteria import LinkShare
from clearway.spec.model import Spec, Test

_BACKGROUND_TAIL = Duration(1)
"""How much longer the background sends, so that the judged probe never ends on a road that is already empty."""


def links(spec: Spec, inventory: Inventory) -> Links:
    """The spec's rate stands above what the site knows."""
    return Links({node.name: spec.link or node.link for node in inventory.nodes})


def parameters(test: Test, link: Rate | None) -> Parameters:
    """Raises UsageError where a UDP rate is missing or is a share of an unknown link."""
    return _PARAMETERS[test.protocol](test, link)


def window(test: Test) -> Window:
    return Window(test.warm_up, test.duration)


def background_window(test: Test) -> Window:
    return Window(test.warm_up, test.duration + _BACKGROUND_TAIL)


def _tcp(test: Test, link: Rate | None) -> Parameters:
    return TcpParameters(test.streams, test.congestion, test.buffer)


def _udp(test: Test, link: Rate | None) -> Parameters:
    rate = _udp_rate(test, link)
    if test.buffer is None:
        return UdpParameters(rate, test.datagram)
    return UdpParameters(rate, test.datagram, test.buffer)


def _udp_rate(test: Test, link: Rate | None) -> Rate:
    if isinstance(test.rate, Rate):
        return test.rate
    if not isinstance(test.rate, LinkShare):
        raise UsageError("plan.rate-missing", test=test.name)
    if link is None:
        raise UsageError("plan.link-unknown", test=test.name, share=test.rate.share)
    return link * test.rate.share.si


def _http(test: Test, link: Rate | None) -> Parameters:
    rate = test.rate if isinstance(test.rate, Frequency) else None
    return HttpParameters(test.connections, test.body, rate)


def _round_trip(test: Test, link: Rate | None) -> Parameters:
    return RoundTripParameters(test.message, test.transport)


_PARAMETERS: Mapping[str, Callable[[Test, Rate | None], Parameters]] = {
    "tcp": _tcp,
    "udp": _udp,
    "http": _http,
    "round-trip": _round_trip,
}
