"""What reads text from outside, each with seeds, and the errors that it may raise for what is wrong there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clearway.base.errors import ClearwayError, LedgerError, UnitError, Unreadable
from clearway.base.quantity_text import (
    parse_count,
    parse_duration,
    parse_frequency,
    parse_rate,
    parse_ratio,
    parse_size,
)
from clearway.cl2.config.load import CommandLineChanges, Compiler
from clearway.cl2.measurements.table import MEASUREMENTS
from clearway.cl2.templates import Templates
from clearway.kube.errors import ConfigUnusable
from clearway.kube.kubeconfig import chosen_login
from clearway.probe import wire
from clearway.probe.codec import CodecError
from clearway.probe.json_values import parsed
from clearway.site.hosts.model import load_hosts
from clearway.site.lab.model import lab_of
from clearway.spec.criteria import parse_criterion
from clearway.spec.load import load_spec, profile_names, profile_text, read_file
from clearway.spec.problems import SpecError
from fuzz.runs import damaged, damaged_seeds, forged, forged_seeds
from golden.loading import golden, names
from golden.templates import data, templates
from gotemplate import Template, TemplateError

ROOT = Path(__file__).parents[2]
Read = Callable[[bytes, Path], object]
"""Reads one input; files that it needs go into the folder."""


@dataclass(frozen=True)
class Target:
    """One reader."""

    seeds: Sequence[bytes]
    declared: tuple[type[Exception], ...]
    read: Read


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _units(content: bytes, folder: Path) -> None:
    for parse in (parse_count, parse_duration, parse_frequency, parse_rate, parse_ratio, parse_size):
        try:
            assert parse(_text(content)).si < float("inf")
        except UnitError:
            continue


def _of_file(load: Callable[[Path], object], name: str) -> Read:
    def read(content: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(content)
        return load(path)

    return read


def _cl2(path: Path) -> object:
    return Compiler(Templates(path.parent), MEASUREMENTS, {"How": "1s"}, lambda: 2, CommandLineChanges()).compile(path)


def _wire(content: bytes, folder: Path) -> None:
    for codec in (wire.RESULT, wire.REQUEST, wire.WORKER, wire.ROUND, wire.OBSERVATION):
        try:
            codec.decode(parsed(content))
        except CodecError:
            continue


def _tool(prefix: str) -> Target:
    """The output of a tool that was captured, and the log that it left, changed alike."""
    halves = [golden(name) for name in names(prefix)]

    def read(content: bytes, folder: Path) -> object:
        which, _, output = content.partition(b"\n")
        chosen = halves[int(which[:9]) % len(halves) if which[:9].isdigit() else 0]
        files = {name: folder / name for name in chosen.output.files}
        for path in files.values():
            path.write_bytes(output)
        left = replace(chosen.output, files={name: str(path) for name, path in files.items()})
        return replace(chosen, output=left).saying(chosen.output.stdout if files else _text(output)).read()

    def seed(number: int) -> bytes:
        found = halves[number]
        texts = [Path(path).read_bytes() for path in found.output.files.values()] or [found.output.stdout.encode()]
        return b"%d\n" % number + texts[0][:50_000]

    return Target([seed(number) for number in range(len(halves))], (Unreadable,), read)


def _lines(*texts: str) -> list[bytes]:
    return [text.encode() for text in texts]


_CRITERIA = ("throughput >= 5 Gbit/s for 90 % of pairs", "latency p99.9 <= 10 ms", "loss <= 0.1 %", "errors <= 0")
_SPECS = [*(ROOT / "examples").glob("*.yaml")]
_CONFIGS = [*(ROOT / "src/clearway/cl2/testing").rglob("*.yaml"), ROOT / "examples/clusterloader2.yaml"]
_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: one, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: QUJD, tls-server-name: api}}
contexts:
- {name: one, context: {cluster: one, user: one, namespace: net}}
users:
- name: one
  user: {token: secret, client-key-data: QUJD, exec: {apiVersion: client.authentication.k8s.io/v1, command: "true"}}
"""
_LAB = "nodes: 4\nzones: 2\nlink: {rate: 1 Gbit/s, loss: 0 %, mtu: 1500}\nexceptions:\n- {node: node-2, delay: 2 ms}\n"


def _goldens_of_the_wire() -> list[bytes]:
    folder = ROOT / "tests/golden"
    requests = [json.loads(path.read_text())["request"] for path in sorted(folder.rglob("about.json"))[:12]]
    lines = [line for path in sorted(folder.rglob("*.jsonl"))[:8] for line in path.read_bytes().splitlines()[:4]]
    return [*(json.dumps(request).encode() for request in requests), *lines]


TARGETS: Mapping[str, Callable[[], Target]] = {
    "units": lambda: Target(_lines("5 Gbit/s", "1m30s", "64 KiB", "0.1 %", "2 k/s", "1,000"), (), _units),
    "criteria": lambda: Target(
        _lines(*_CRITERIA), (ClearwayError,), lambda content, _: parse_criterion(_text(content))
    ),
    "spec": lambda: Target(
        [*map(Path.read_bytes, _SPECS), *_lines(*map(profile_text, profile_names()))],
        (SpecError,),
        _of_file(load_spec, "cat.yaml"),
    ),
    "hosts": lambda: Target(
        [(ROOT / "examples/hosts.yaml").read_bytes()], (SpecError,), _of_file(load_hosts, "hosts.yaml")
    ),
    "lab": lambda: Target(_lines(_LAB), (SpecError,), _of_file(lambda path: lab_of(read_file(path)), "lab.yaml")),
    "template": lambda: Target(
        _lines(*templates()), (TemplateError,), lambda content, _: Template(_text(content)).render(data())
    ),
    "cl2": lambda: Target([path.read_bytes() for path in _CONFIGS], (SpecError,), _of_file(_cl2, "config.yaml")),
    "kubeconfig": lambda: Target(
        _lines(_KUBECONFIG), (ConfigUnusable,), _of_file(lambda path: chosen_login(path, None), "kubeconfig")
    ),
    "run": lambda: Target(damaged_seeds(), (LedgerError,), damaged),
    "forged": lambda: Target(forged_seeds(), (LedgerError,), forged),
    "wire": lambda: Target(_goldens_of_the_wire(), (), _wire),
    **{tool: lambda tool=tool: _tool(f"{tool}/") for tool in ("iperf2", "iperf3", "h2load", "sockperf")},  # type: ignore[misc]
}
