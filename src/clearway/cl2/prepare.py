"""From flags to tests that are ready to run, or to everything that is wrong with any of them; nothing is created.

Network tests are planned for invented nodes: what no cluster can measure is refused before the cluster is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from clearway.base.errors import SiteError, UsageError
from clearway.campaign.preflight import rehearse
from clearway.cl2.config.load import Compiler, load_suite
from clearway.cl2.config.methods import Compiled, MethodCall
from clearway.cl2.config.model import NamespaceConfig, Scenario
from clearway.cl2.context import Context
from clearway.cl2.measurements.chaos import of_the_whole_test
from clearway.cl2.measurements.network import NetworkStartParameters
from clearway.cl2.measurements.network.request import refuse, spec_of
from clearway.cl2.measurements.table import MEASUREMENTS, WITH_CHAOS, MethodRow
from clearway.cl2.namespaces import settled
from clearway.cl2.options import Options
from clearway.cl2.overrides import variables
from clearway.cl2.settings import SettingsName
from clearway.cl2.templates import Templates
from clearway.plan.schedule import make_plan
from clearway.probe.records import Finding, Inventory, Node, Severity
from clearway.spec.problems import Problem, SpecError

HERE = Path(__file__).parent
_TREE = "testing"


@dataclass(frozen=True)
class Located:
    """The file that is used for a given path."""

    asked: str
    path: Path
    shipped: bool
    """It is shipped with clearway, because the user has none."""


def locate(asked: str) -> Located:
    """The user's file if it exists; else the shipped one of the same name, if there is one; else the user's path."""
    path = Path(asked).expanduser()
    if path.exists():
        return Located(asked, path, shipped=False)
    parts = PurePosixPath(asked).parts
    inside = parts[parts.index(_TREE) :] if _TREE in parts else ()
    ours = HERE.joinpath(*inside) if inside and ".." not in parts else None
    if ours is not None and ours.is_file():
        return Located(asked, ours, shipped=True)
    return Located(asked, path, shipped=False)


def shipped_names() -> tuple[str, ...]:
    """Every config that we bring along, by its relative name."""
    return tuple(sorted(str(path.relative_to(HERE)) for path in (HERE / _TREE).rglob("*.yaml")))


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
        access = replace(options.cluster.access, hurried=options.dry_run)
        try:
            return len(asyncio.run(self.context.site(replace(options.cluster, access=access)).inspect()).nodes)
        except SiteError:
            if not options.dry_run:
                raise
            self.context.console.log(Finding("door.nodes-unknown", Severity.WARNING))
            return 1


def rehearsed(compiled: Compiled, settings: SettingsName) -> Iterator[Problem]:
    """A problem for each call that no cluster can measure."""
    for call in (call for step in compiled.steps for call in step.calls):
        if isinstance(call.params, NetworkStartParameters):
            yield from _rehearsed(call, call.params, settings)


def _rehearsed(call: MethodCall, params: NetworkStartParameters, settings: SettingsName) -> Iterator[Problem]:
    inventory = Inventory("rehearsal", (Node("one"), Node("other")))
    one_pair = params.model_copy(update={"number_of_clients": 1, "number_of_servers": 1})
    try:
        refuse(params, params.settings or settings)
        spec = spec_of(one_pair, params.settings or settings, inventory, call.identifier)
        rehearse(make_plan(spec, inventory).rounds)
    except UsageError as error:
        yield Problem(error.code, call.place, "params", values=error.values)
