"""An engine, a pairing, a metric, a report format, a site is named in its own file: all else reads its row."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from clearway.engine.table import ENGINES
from clearway.pairing.table import PAIRINGS
from clearway.probe.metrics import METRICS
from clearway.report.table import REPORTS
from clearway.site.hosts.site import HostsSite
from clearway.site.kubernetes.site import KubernetesSite
from clearway.site.lab.site import LabSite
from meta.tree import PACKAGE, nodes

OWN_PLACES: Mapping[str, tuple[str, ...]] = {
    **{row.name: (type(row).__module__,) for row in ENGINES.values()},
    **{row.name: (row.rounds.__module__,) for row in PAIRINGS.values()},
    **dict.fromkeys(METRICS, ("clearway.probe.metrics",)),
    **{row.name: (type(row).__module__,) for row in REPORTS.values()},
    **{site.name: (site.__module__.rpartition(".")[0],) for site in (LabSite, HostsSite, KubernetesSite)},
}
"""Name -> how the dotted names of its modules begin."""

ANOTHER_MEANING: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "round-trip": (
        "is the name of a protocol too",
        (
            "engine.sockperf",
            "plan.schedule",
            "probe.measurement",
            "probe.parameters",
            "report.phrases",
            "spec.fields",
            "spec.model",
        ),
    ),
    "path-mtu": (
        "is what finds it too: a request, what comes back, and how that is written; a condition of the run",
        (
            "probe.measurement",
            "probe.observations",
            "probe.parameters",
            "report.conditions",
            "run.path_mtu",
        ),
    ),
    "errors": ("XML attribute; field of an exception", ("report.junit", "report.wording.sentences")),
    "retransmits": ("key of iperf3's JSON", ("engine.iperf3",)),
    "loss": (
        "name of an nft table; ClusterLoader2's figure",
        ("site.lab.topology", "cl2.measurements.network.figures"),
    ),
    "throughput": ("what ClusterLoader2's figure is with us", ("cl2.measurements.network.figures",)),
    "packet-rate": ("what ClusterLoader2's figure is with us", ("cl2.measurements.network.figures",)),
    "jitter": ("what ClusterLoader2's figure is with us", ("cl2.measurements.network.figures",)),
    "latency": ("what ClusterLoader2's figure is with us", ("cl2.measurements.network.figures",)),
    "lab": ("is the name of a profile too", ("spec.load", "cli.flags")),
    "hosts": ("column of a table, beside pods", ("report.cni_cost",)),
    "json": ("mode of pydantic; ending of a file", ("spec.load", "spec.describe", "cl2.output.folder", "site")),
    "text": (
        "name of a value in messages and wire records",
        ("report.explain", "report.wording.sentences", "site.lab.keeper"),
    ),
}
"""Name -> why the same word stands elsewhere, and in which modules or folders."""


@cache
def words() -> tuple[tuple[str, str], ...]:
    """Every string of the source, with its module's dotted name."""
    return tuple(_words())


def _words() -> Iterator[tuple[str, str]]:
    for path, node in nodes(PACKAGE):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


@pytest.mark.parametrize("name", OWN_PLACES)
def test_a_plug_in_is_named_in_its_own_place_only(name: str) -> None:
    _, elsewhere = ANOTHER_MEANING.get(name, ("", ()))
    allowed = (*OWN_PLACES[name], *(f"clearway.{module}" for module in elsewhere))
    found = [module for word, module in words() if word == name]
    assert found, "the name is made of parts: then nothing is proven here"
    assert [module for module in found if not module.startswith(allowed)] == []


@pytest.mark.parametrize("name", ENGINES)
def test_no_sentence_names_an_engine_outside_its_own_place(name: str) -> None:
    """A name that is no English word can be looked for inside docstrings, help and messages as well."""
    found = [module for text, module in words() if re.search(rf"(?<!\w){name}(?!\w)", text)]
    assert [module for module in found if not module.startswith(OWN_PLACES[name])] == []


def test_a_word_with_another_meaning_stands_where_the_list_says() -> None:
    listed = {(name, f"clearway.{module}") for name, (_, modules) in ANOTHER_MEANING.items() for module in modules}
    unused = {key for key in listed if not any(w == key[0] and m.startswith(key[1]) for w, m in words())}
    assert unused == set()
