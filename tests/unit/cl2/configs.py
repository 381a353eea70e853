"""Configs for tests, and their compilation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clearway.cl2.config.load import CommandLineChanges, Compiler
from clearway.cl2.config.methods import Compiled
from clearway.cl2.measurements.table import MEASUREMENTS
from clearway.cl2.templates import Templates
from clearway.shell.providers import Provider, provider_named
from clearway.spec.problems import Problem, SpecError

NO_CHANGES = CommandLineChanges()
SKELETON = provider_named("skeleton")
SLEEPS = """\
name: sleeps
steps:
- name: first
  measurements:
  - {identifier: a, method: Sleep, params: {duration: 1s}}
- name: second
  measurements:
  - {identifier: b, method: Sleep, params: {duration: 1m30s}}
"""
NETWORK = """\
name: network
steps:
- name: begin
  measurements:
  - Identifier: net
    METHOD: NetworkPerformanceMetrics
    Params: {action: start, duration: 10s, protocol: TCP, numberOfServers: 1, numberOfClients: 1}
- name: end
  measurements:
  - Identifier: net
    Method: NetworkPerformanceMetrics
    Params: {action: gather}
"""


def compiled(
    folder: Path,
    text: str,
    changes: CommandLineChanges = NO_CHANGES,
    nodes: int = 2,
    provider: Provider | None = SKELETON,
    **variables: Any,
) -> Compiled:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return Compiler(Templates(folder), MEASUREMENTS, variables, lambda: nodes, changes, provider).compile(path)


def problems(folder: Path, text: str, changes: CommandLineChanges = NO_CHANGES) -> tuple[Problem, ...]:
    try:
        compiled(folder, text, changes)
    except SpecError as error:
        return error.problems
    return ()


def told(folder: Path, text: str, changes: CommandLineChanges = NO_CHANGES) -> list[tuple[str, int | None]]:
    """Code and line of everything that is wrong."""
    return [(problem.code, problem.place.line) for problem in problems(folder, text, changes)]
