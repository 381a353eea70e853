"""From flags to tests that are ready to run, or to everything that is wrong with any of them; nothing is created."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clearway.base.errors import SiteError
from clearway.cl2.config.calls import Compiled, MethodCall
from clearway.cl2.config.load import Compiler
from clearway.cl2.config.model import NamespaceConfig, Scenario
from clearway.cl2.config.suite import load_suite
from clearway.cl2.context import Context
from clearway.cl2.measurements.chaos import of_the_whole_test
from clearway.cl2.measurements.table import MEASUREMENTS, WITH_CHAOS, MethodRow
from clearway.cl2.namespaces import settled
from clearway.cl2.options import Options
from clearway.cl2.overrides import variables
from clearway.cl2.rehearsal import rehearsed
from clearway.cl2.shipped import locate
from clearway.cl2.templates import Templates
from clearway.probe.records import Finding, Severity
from clearway.spec.problems import Problem, SpecError


@dataclass(frozen=True)
class Prepared:
    """A test that is ready to run."""

    config: str
    """Path as it was given."""
    identifier: str
    compiled: Compiled
    namespaces: NamespaceConfig

    @property
    def name(self) -> str:
        return self.identifier or self.compiled.config.name

    @property
    def first(self) -> tuple[MethodCall, ...]:
        """Calls that are made before the first step and go on beside all of them."""
        return of_the_whole_test(self.compiled.config, self.config)


def methods(options: Options) -> Mapping[str, MethodRow]:
    """The measurements that a test may call."""
    return WITH_CHAOS if options.allow_chaos else MEASUREMENTS


@dataclass
class Preparation:
    """Compiles the tests that the flags name."""

    context: Context
    _shown: set[str] = field(default_factory=set)
    """Files shipped with clearway whose use was logged already."""

    def tests(self) -> tuple[Prepared, ...]:
        """Every test. Raises SpecError with all that is wrong with any of them."""
        prepared: list[Prepared] = []
        problems: list[Problem] = []
        for scenario in self._scenarios():
            try:
                prepared.append(self._prepared(scenario))
            except SpecError as error:
                problems += error.problems
        if problems:
            raise SpecError(problem for number, problem in enumerate(problems) if problem not in problems[:number])
        return tuple(prepared)

    def _scenarios(self) -> tuple[Scenario, ...]:
        options = self.context.options
        if options.suite is not None:
            return load_suite(self._located(options.suite))
        return tuple(Scenario(config_path=path) for path in options.configs)

    def _prepared(self, scenario: Scenario) -> Prepared:
        options, config = self.context.options, self._located(scenario.config_path)
        compiled = self._compiler(scenario, config).compile(config)
        if impossible := list(rehearsed(compiled, options.settings)):
            raise SpecError(impossible)
        made = compiled.config
        namespaces = settled(made.namespace, made.automanaged_namespaces, options.namespaces)
        return Prepared(scenario.config_path, scenario.identifier, compiled, namespaces)

    def _compiler(self, scenario: Scenario, config: Path) -> Compiler:
        options = self.context.options
        overrides = [self._located(path) for path in (*options.overrides, *scenario.override_paths)]
        known: dict[str, Any] = {"ImageRegistry": options.image_registry}
        if options.nodes is not None:
            known |= {"Nodes": options.nodes}
        return Compiler(
            Templates(config.parent),
            methods(options),
            variables(overrides, options.environ, known),
            self._count_nodes,
            options.changes,
            options.node_access.provider if options.node_access is not None else None,
        )

    def _located(self, asked: str) -> Path:
        found = locate(asked)
        if found.shipped and asked not in self._shown:
            self._shown.add(asked)
            self.context.console.log(Finding("door.shipped-used", Severity.WARNING, asked))
        return found.path

    def _count_nodes(self) -> int:
        """How many nodes can be measured. Raises SiteError; a dry run works without a cluster, and says so."""
        options = self.context.options
        try:
            return len(asyncio.run(self.context.site(options.cluster).inspect()).nodes)
        except SiteError:
            if not options.dry_run:
                raise
            self.context.console.log(Finding("door.nodes-unknown", Severity.WARNING))
            return 1
