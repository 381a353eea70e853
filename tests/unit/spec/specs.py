"""Specs that hypothesis makes, as the mappings that stand in a file."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from clearway.engine.table import ENGINES
from clearway.probe.metrics import METRICS
from clearway.spec.criteria import GOOD_SIDE, limit_examples

Raw = dict[str, Any]
PROTOCOLS = ("tcp", "udp", "http", "round-trip")
DURATIONS = st.sampled_from(["5s", "10 s", "1m30s", "250 ms", "1.5 min", "333us"])
SIZES = st.sampled_from(["64 B", "1 KiB", "1400 B", "4 MB", "1.5 kB"])
PAYLOADS = st.sampled_from(["64 B", "1 KiB", "1400 B", "1.5 kB"])
RATES = st.sampled_from(["5 Gbit/s", "625 MB/s", "1.23456789 Gbps", "200Mbit/s", "3 MiB/s"])
SHARES = st.sampled_from(["20 % of link", "0.7 % of link"])
TITLES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=30)


def criteria(protocol: str) -> st.SearchStrategy[list[str]]:
    lines = [
        f"{metric.name} {'' if metric.default else 'p95 '}{GOOD_SIDE[metric.better]} {limit}{over}"
        for metric in METRICS.values()
        if protocol in metric.protocols and metric.needs is None
        for limit in limit_examples(metric)
        for over in ("", " for 90 % of pairs")
    ]
    return st.lists(st.sampled_from(lines), max_size=3)


def _of_protocol(protocol: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields that such a test must have, and those it may have."""
    streams = st.integers(1, 128).map(str)
    if protocol == "tcp":
        return {}, {"streams": streams, "congestion": st.sampled_from(["cubic", "bbr"]), "buffer": SIZES}
    if protocol == "udp":
        return {"rate": RATES | SHARES}, {"datagram": PAYLOADS, "buffer": SIZES}
    background: st.SearchStrategy[Raw] = st.just({}) | st.fixed_dictionaries({"streams": streams})
    if protocol == "http":
        rate = st.sampled_from(["500/s", "2 k/s"])
        connections = st.integers(1, 100).map(str)
        return {}, {"rate": rate, "connections": connections, "body": SIZES, "background": background}
    return {}, {"message": PAYLOADS, "transport": st.sampled_from(["tcp", "udp"]), "background": background}


def _of_pairing(pairing: str) -> tuple[dict[str, Any], dict[str, Any]]:
    switch, way = st.sampled_from(["true", "false", "yes", "no"]), st.sampled_from(["both-ways", "forward"])
    if pairing in ("one-to-one", "mesh"):
        return {}, {"direction": way, "isolated": switch}
    if pairing == "sample":
        return {"sample": st.sampled_from(["0.1 %", "33.3 %", "100 %"])}, {"isolated": switch}
    return {}, ({"server": st.sampled_from(["node-1", "1e3", "yes"])} if pairing == "incast" else {})


@st.composite
def raw_tests(draw: st.DrawFn, name: str) -> Raw:
    protocol = draw(st.sampled_from(PROTOCOLS))
    pairing = draw(st.sampled_from(["one-to-one", "mesh", "incast", "all-to-all", "sample"]))
    must, may = _of_protocol(protocol)
    pair_must, pair_may = _of_pairing(pairing)
    repeats = st.tuples(st.integers(1, 3), st.integers(3, 9)).map(lambda two: {"min": str(two[0]), "max": str(two[1])})
    shared = {
        "engine": st.sampled_from([engine.name for engine in ENGINES.values() if protocol in engine.protocols]),
        "scope": st.sampled_from(["same-zone", "cross-zone"]),
        "duration": DURATIONS,
        "warm-up": DURATIONS,
        "repeats": repeats,
        "accept": criteria(protocol),
    }
    base = {name: st.just(text) for name, text in (("name", name), ("protocol", protocol), ("pairing", pairing))}
    return draw(st.fixed_dictionaries({**base, **must, **pair_must}, optional={**shared, **may, **pair_may}))


@st.composite
def raw_specs(draw: st.DrawFn) -> Raw:
    names = draw(
        st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,9}", fullmatch=True), min_size=1, max_size=4, unique=True)
    )
    optional = {
        "name": TITLES,
        "seed": st.integers(0, 10**9).map(str),
        "link": RATES,
        "machine-label": TITLES,
        "workers-per-node": st.integers(1, 9).map(str),
        "attempts": st.integers(1, 9).map(str),
        "gap": DURATIONS,
    }
    tests = st.tuples(*(raw_tests(name) for name in names)).map(list)
    return draw(st.fixed_dictionaries({"version": st.just("1"), "tests": tests}, optional=optional))
