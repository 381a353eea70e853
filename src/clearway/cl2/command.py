"""From flags to results: every test is compiled before the first is run, and each leaves its files."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clearway import __version__
from clearway.base.errors import ClearwayError, SiteError
from clearway.cl2.config.calls import Compiled
from clearway.cl2.config.load import Compiler
from clearway.cl2.config.model import NamespaceConfig, Scenario
from clearway.cl2.config.suite import load_suite
from clearway.cl2.executor import Executor
from clearway.cl2.measurements.base import CampaignTarget, ChaosTools, Display, SummaryFile, Surroundings
from clearway.cl2.measurements.chaos import of_the_whole_test
from clearway.cl2.measurements.table import MEASUREMENTS, WITH_CHAOS, MethodRow
from clearway.cl2.namespaces import Namespaces, settled
from clearway.cl2.options import Options
from clearway.cl2.outcome import StepResult, TestResult
from clearway.cl2.output.folder import ReportFolder, as_json
from clearway.cl2.overrides import variables
from clearway.cl2.rehearsal import rehearsed
from clearway.cl2.rendering import TemplateEngine
from clearway.cl2.settings import Settings
from clearway.cl2.shipped import locate
from clearway.ledger.record import FORMAT_VERSION
from clearway.probe.records import Finding, Severity
from clearway.report.language import Language
from clearway.site.base import Site
from clearway.spec.problems import Problem, SpecError


@dataclass(frozen=True)
class Cl2Context:
    """What the door needs of the outside."""

    engine: TemplateEngine
    environ: Mapping[str, str]
    site: Callable[[], Site]
    """To look at the cluster with."""
    grounds: Callable[[Settings], CampaignTarget]
    display: Display
    log: Callable[[Finding], None]
    say: Callable[[str], None]
    """Writes to the user's standard output."""
    complain: Callable[[ClearwayError], None]
    language: Language
    chaos: ChaosTools | None = None
    """None: no node may be broken."""


@dataclass(frozen=True)
class Prepared:
    """A test that is ready to be run."""

    config: str
    """Path as it was given."""
    identifier: str
    compiled: Compiled
    namespaces: NamespaceConfig

    @property
    def name(self) -> str:
        return self.identifier or self.compiled.config.name


@dataclass
class Cl2Command:
    """One call of the command."""

    options: Options
    world: Cl2Context
    nodes: Callable[[], int]
    """Counts the cluster's nodes. Raises SiteError."""
    runs: Path
    """Where run directories go: they are kept also where no report folder is given."""
    results: list[TestResult] = field(default_factory=list)
    _said: set[str] = field(default_factory=set)
    """Files of ours that the user was told of."""

    def prepare(self) -> tuple[Prepared, ...]:
        """Every test, compiled. Raises SpecError with all that is wrong with any of them; nothing is created."""
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

    def dump(self, prepared: tuple[Prepared, ...]) -> None:
        """The configs as they are run, into the report folder if there is one. Raises LedgerError."""
        if self._folder is not None:
            for test in prepared:
                self._written(self._folder.generated(test.compiled, test.namespaces, test.identifier))

    async def run(self, prepared: tuple[Prepared, ...]) -> list[TestResult]:
        """One test after the other; an interrupted one is the last. Raises LedgerError, SiteError."""
        if self.options.verify:
            await self._verify()
        self.dump(prepared)
        if self._folder is not None:
            self._written(self._folder.metadata(self._facts()))
        for test in prepared:
            result = await self._run(test)
            self.results.append(result)
            if self._folder is not None:
                self._written(self._folder.junit(self.results, self.world.language))
            if result.interrupted:
                break
        return self.results

    def _scenarios(self) -> tuple[Scenario, ...]:
        if self.options.suite is not None:
            return load_suite(self._located(self.options.suite))
        return tuple(Scenario(config_path=path) for path in self.options.configs)

    def _prepared(self, scenario: Scenario) -> Prepared:
        overrides = [self._located(path) for path in (*self.options.overrides, *scenario.override_paths)]
        known: dict[str, Any] = {"ImageRegistry": self.options.image_registry}
        if self.options.nodes is not None:
            known |= {"Nodes": self.options.nodes}
        config = self._located(scenario.config_path)
        compiler = Compiler(
            self.world.engine(config.parent),
            self._methods,
            variables(overrides, self.world.environ, known),
            self.nodes,
            self.options.changes,
            self.options.node_access.provider if self.options.node_access is not None else None,
        )
        compiled = compiler.compile(config)
        if impossible := list(rehearsed(compiled, self.options.settings)):
            raise SpecError(impossible)
        made = compiled.config
        namespaces = settled(made.namespace, made.automanaged_namespaces, self.options.namespaces)
        return Prepared(scenario.config_path, scenario.identifier, compiled, namespaces)

    def _located(self, asked: str) -> Path:
        found = locate(asked)
        if found.shipped and asked not in self._said:
            self._said.add(asked)
            self.world.log(Finding("door.shipped-used", Severity.WARNING, asked))
        return found.path

    async def _verify(self) -> None:
        """Raises SiteError if no node can be worked on."""
        inventory = await self.world.site().inspect()
        if not inventory.nodes:
            raise SiteError("kubernetes.too-few-machines", count=0)

    async def _run(self, test: Prepared) -> TestResult:
        around = Surroundings(
            access=self.options.cluster.access,
            grounds=self.world.grounds,
            display=self.world.display,
            settings=self.options.settings,
            node_access=self.options.node_access,
            runs=self.runs,
            test=test.name,
            log=self.world.log,
            language=self.world.language,
            chaos=self.world.chaos,
            namespace=self.options.cluster.namespace,
        )
        namespaces = Namespaces(self.options.cluster.access, test.namespaces)
        self.world.log(Finding("door.test-begins", Severity.INFO, test.name, {"config": test.config}))

        def told(step: StepResult) -> None:
            self._keep(test, step)

        first = of_the_whole_test(test.compiled.config, test.config)
        executor = Executor(self._methods, around, namespaces, told, first)
        result = await executor.run(test.compiled, test.config)
        for error in result.errors:
            self.world.complain(error)
        return result

    def _keep(self, test: Prepared, step: StepResult) -> None:
        """Results and errors of a step as soon as it is over: what comes after may fail."""
        self.world.log(Finding("door.step-over", Severity.INFO, step.name))
        for call in step.calls:
            for error in call.all_errors:
                self.world.complain(error)
            if call.outcome.report:
                self.world.say(call.outcome.report)
            for summary in call.outcome.summaries:
                self._show(test, summary)

    def _show(self, test: Prepared, summary: SummaryFile) -> None:
        """A file in the report folder; without one, standard output."""
        if self._folder is None:
            self.world.say(as_json(summary.data))
        else:
            name = test.compiled.config.name
            self._written(self._folder.summary(summary, name, test.identifier, time.time()))

    def _written(self, path: Path) -> None:
        self.world.log(Finding("door.written", Severity.INFO, str(path)))

    def _facts(self) -> dict[str, str]:
        """Of the run, for whoever collects them: text only."""
        facts = {"clearway": __version__, "clearway-format": str(FORMAT_VERSION), "settings": self.options.settings}
        return facts | ({"provider": self.options.provider} if self.options.provider else {})

    @property
    def _methods(self) -> Mapping[str, MethodRow]:
        return WITH_CHAOS if self.options.allow_chaos else MEASUREMENTS

    @property
    def _folder(self) -> ReportFolder | None:
        return ReportFolder(self.options.report_dir) if self.options.report_dir is not None else None
