"""From prepared tests to results: the tests run one after the other, and each leaves its files."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from clearway import __version__
from clearway.base.errors import SiteError
from clearway.cl2.context import Context
from clearway.cl2.executor import Executor
from clearway.cl2.namespaces import Namespaces
from clearway.cl2.outcome import StepResult, SummaryFile, TestResult
from clearway.cl2.output.folder import ReportFolder, as_json
from clearway.cl2.prepare import Prepared, methods
from clearway.ledger.files import FORMAT_VERSION
from clearway.probe.records import Finding, Severity


@dataclass
class Cl2Command:
    """One call of the command."""

    context: Context
    results: list[TestResult] = field(default_factory=list)

    def dump(self, prepared: tuple[Prepared, ...]) -> None:
        """The configs as they are run, into the report folder if there is one. Raises LedgerError."""
        if self._folder is not None:
            for test in prepared:
                self._written(self._folder.generated(test.compiled, test.namespaces, test.identifier))

    async def run(self, prepared: tuple[Prepared, ...]) -> list[TestResult]:
        """One test after the other; an interrupted one is the last. Raises LedgerError, SiteError."""
        if self.context.options.verify and not (await self.context.site(self.context.options.cluster).inspect()).nodes:
            raise SiteError("kubernetes.too-few-machines", count=0)
        self.dump(prepared)
        if self._folder is not None:
            self._written(self._folder.metadata(self._facts()))
        for test in prepared:
            result = await self._run(test)
            self.results.append(result)
            if self._folder is not None:
                self._written(self._folder.junit(self.results, self.context.console.language))
            if result.interrupted:
                break
        return self.results

    async def _run(self, test: Prepared) -> TestResult:
        options, console = self.context.options, self.context.console
        console.log(Finding("door.test-begins", Severity.INFO, test.name, {"config": test.config}))
        namespaces = Namespaces(options.cluster.access, test.namespaces)
        executor = Executor(self.context, methods(options), namespaces, lambda step: self._keep(test, step))
        result = await executor.run(test)
        for error in result.errors:
            console.error(error)
        return result

    def _keep(self, test: Prepared, step: StepResult) -> None:
        """Results and errors of a step as soon as it is over: a later step may fail."""
        console = self.context.console
        console.log(Finding("door.step-over", Severity.INFO, step.name))
        for call in step.calls:
            for error in call.all_errors:
                console.error(error)
            if call.outcome.report:
                console.write(call.outcome.report)
            for summary in call.outcome.summaries:
                self._show(test, summary)

    def _show(self, test: Prepared, summary: SummaryFile) -> None:
        """A file in the report folder; without one, standard output."""
        if self._folder is None:
            self.context.console.write(as_json(summary.data))
        else:
            name = test.compiled.config.name
            self._written(self._folder.summary(summary, name, test.identifier, time.time()))

    def _written(self, path: Path) -> None:
        self.context.console.log(Finding("door.written", Severity.INFO, str(path)))

    def _facts(self) -> dict[str, str]:
        """About the run, for tools that collect them; values are text."""
        options = self.context.options
        facts = {"clearway": __version__, "clearway-format": str(FORMAT_VERSION), "settings": options.settings}
        return facts | ({"provider": options.provider} if options.provider else {})

    @property
    def _folder(self) -> ReportFolder | None:
        report_dir = self.context.options.report_dir
        return ReportFolder(report_dir) if report_dir is not None else None
