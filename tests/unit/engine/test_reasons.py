"""Output that looks whole and proves nothing: each engine reports why, and gives no figure."""

from __future__ import annotations

import pytest

from golden.loading import code_of, golden

_IPERF2 = (
    ("iperf2/tcp-refused/send", "tool.refused"),
    ("iperf2/tcp-no-route/send", "tool.no-route"),
    ("iperf2/tcp-nobody/send", "tool.no-route"),
    ("iperf2/tcp-dropped/send", "tool.connect-timeout"),
    ("iperf2/tcp-dropped/serve", "tool.no-rows"),
    ("iperf2/tcp-port-taken/serve", "tool.failed"),
    ("iperf2/tcp-serve-killed/serve", "tool.cut-short"),
    ("iperf2/tcp-serve-killed/send", "tool.reset"),
    ("iperf2/tcp-send-killed/serve", "tool.cut-short"),
    ("iperf2/tcp-send-killed/send", "tool.cut-short"),
    ("iperf2/udp-no-route/send", "tool.no-route"),
    ("iperf2/udp-late/send", "tool.late-start"),
    ("iperf2/udp-serve-killed/serve", "tool.no-totals"),
    ("iperf2/udp-send-killed/send", "tool.no-totals"),
)
"""Trap 11: a refused client says "connected with" and exits 0, a killed server leaves whole rows and a SUM."""
_IPERF3 = (
    ("iperf3/tcp-refused/send", "tool.refused"),
    ("iperf3/tcp-no-route/send", "tool.no-route"),
    ("iperf3/tcp-nobody/send", "tool.connect-timeout"),
    ("iperf3/tcp-dropped/send", "tool.connect-timeout"),
    ("iperf3/tcp-dropped/serve", "tool.no-rows"),
    ("iperf3/tcp-port-taken/serve", "tool.failed"),
    ("iperf3/tcp-unknown-congestion/send", "tool.failed"),
    ("iperf3/tcp-unknown-congestion/serve", "tool.no-rows"),
    ("iperf3/tcp-serve-killed/serve", "tool.no-rows"),
    ("iperf3/tcp-serve-killed/send", "tool.cut-short"),
    ("iperf3/tcp-send-killed/serve", "tool.cut-short"),
    ("iperf3/tcp-send-killed/send", "tool.no-rows"),
    ("iperf3/udp-refused/send", "tool.refused"),
    ("iperf3/udp-dropped/send", "tool.connect-timeout"),
    ("iperf3/udp-dropped/serve", "tool.no-rows"),
    ("iperf3/udp-serve-killed/send", "tool.cut-short"),
    ("iperf3/udp-send-killed/serve", "tool.cut-short"),
)
_SOCKPERF = (
    ("sockperf/tcp-refused/send", "tool.refused"),
    ("sockperf/tcp-no-route/send", "tool.no-route"),
    ("sockperf/tcp-nobody/send", "tool.no-route"),
    ("sockperf/dropped/send", "tool.connect-timeout"),
    ("sockperf/v6/send", "tool.no-ipv6"),
    ("sockperf/udp-lossy/send", "tool.cut-short"),
    ("sockperf/late/send", "tool.cut-short"),
    ("sockperf/port-taken/serve", "tool.failed"),
    ("sockperf/tcp-serve-killed/serve", "tool.failed"),
    ("sockperf/tcp-serve-killed/send", "tool.cut-short"),
    ("sockperf/tcp-send-killed/send", "tool.no-rows"),
)
"""A lost datagram stops sockperf for good: its summary is whole, its messages end."""


@pytest.mark.parametrize(("case", "code"), [*_IPERF2, *_IPERF3, *_SOCKPERF])
def test_what_proves_nothing_is_reported_by_its_reason(case: str, code: str) -> None:
    assert code_of(golden(case)) == code
