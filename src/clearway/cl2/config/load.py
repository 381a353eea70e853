"""A test config with its modules, and a suite of tests, each checked: all that is wrong is reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from clearway.cl2.config.checks import faults
from clearway.cl2.config.methods import Compiled, MethodCall, Methods, PlannedStep
from clearway.cl2.config.model import Cl2Config, ConfigStep, Part, Scenario, Steps, Suite
from clearway.cl2.config.parameters import calls_at, out_of_order, parameter_problems
from clearway.cl2.config.yaml_text import Variables, as_go_decodes, go_document, respelled
from clearway.shell.providers import Provider
from clearway.spec.document import YamlDocument
from clearway.spec.faults import Fault, placed
from clearway.spec.load import override, read_file, validated
from clearway.spec.problems import Path as Inside
from clearway.spec.problems import Problem, SpecError

P = TypeVar("P", bound=Part)
OVERWRITE = "--overwrite-test-config"


class Renderer(Protocol):
    """A template engine."""

    def __call__(self, path: Path, variables: Variables) -> str:
        """The rendered text of the file. Raises SpecError with the place of what is wrong."""


@dataclass(frozen=True)
class CommandLineChanges:
    """What the command line changes in every test."""

    overwrite: Sequence[str] = ()
    """`Namespace.Prefix=value`"""
    skip: Sequence[str] = ()
    """Names of steps."""


@dataclass
class Compiler:
    """Reads one test. `nodes` counts the cluster's nodes; it is called only where a template needs the number."""

    renderer: Renderer
    methods: Methods
    variables: Variables
    nodes: Callable[[], int]
    changes: CommandLineChanges = CommandLineChanges()
    provider: Provider | None = None
    _problems: list[Problem] = field(default_factory=list)

    def compile(self, path: Path) -> Compiled:
        """Raises SpecError with every problem of the config and of its modules."""
        document = self._document(path, self.variables, Cl2Config, self.changes.overwrite)
        config = self._read(document, Cl2Config)
        steps = list(self._steps(document, config.steps, _Place(path, (path.resolve(),), self.variables)))
        calls = (call for _, planned in steps for call in planned.calls)
        self._problems += out_of_order(calls, self.methods)
        if self._problems:
            raise SpecError(self._problems)
        flat = config.model_copy(update={"steps": tuple(step for step, _ in steps)})
        return Compiled(flat, tuple(planned for _, planned in steps))

    def _document(self, path: Path, variables: Variables, model: type[Part], sets: Sequence[str] = ()) -> YamlDocument:
        text, known = read_file(path).text, variables
        # An included file may need the number of nodes too.
        if "Nodes" not in variables and ("Nodes" in text or "Include" in text):
            known = {**variables, "Nodes": self.nodes()}
        rendered = self.renderer(path, known)
        # While the number of lines is the same, line numbers are those of the file.
        same_lines = rendered.count("\n") == text.count("\n")
        document = respelled(go_document(rendered, str(path) if same_lines else f"{path} (rendered)"), model)
        override(document, (_in_our_spelling(one) for one in sets), OVERWRITE)
        return respelled(document, model)

    def _read(self, document: YamlDocument, model: type[P]) -> P:
        """The document as its model. Raises SpecError if there is anything wrong with it."""
        made, wrong = (None, []) if document.problems else validated(document, model)
        skip = self.changes.skip
        refused = [placed(document, fault) for fault in faults(document.data, self.methods, skip, self.provider)]
        problems = [*document.problems, *wrong, *refused, *parameter_problems(document, self.methods, skip)]
        if made is None or problems:
            raise SpecError(map(_told_apart, problems))
        return made

    def _steps(
        self, document: YamlDocument, steps: Sequence[ConfigStep], at: _Place
    ) -> Iterator[tuple[ConfigStep, PlannedStep]]:
        """Steps with those of their modules in place."""
        for index, step in enumerate(steps):
            if step.name in self.changes.skip:
                continue
            path: Inside = ("steps", index)
            if step.module.path:
                yield from self._module(document, path, at)
            else:
                yield step, PlannedStep(step.name, tuple(self._calls(document, path, step)))

    def _calls(self, document: YamlDocument, path: Inside, step: ConfigStep) -> Iterator[MethodCall]:
        for number, _ in enumerate(step.measurements):
            yield from calls_at(document, (*path, "measurements", number), self.methods)

    def _module(self, document: YamlDocument, path: Inside, at: _Place) -> Iterator[tuple[ConfigStep, PlannedStep]]:
        reference = document.at((*path, "module"))
        file = at.config.parent / str(reference["path"])
        try:
            inner = self._entered(document, (*path, "module", "path"), file, at, reference.get("params"))
            module = self._document(file, inner.variables, Steps)
            yield from self._steps(module, self._read(module, Steps).steps, inner)
        except SpecError as error:
            self._problems += error.problems

    def _entered(self, document: YamlDocument, where: Inside, file: Path, at: _Place, params: Any) -> _Place:
        """Raises SpecError for a module that is not a file below the config's folder, or that includes itself."""
        real = file.resolve()
        code = None
        if not real.is_relative_to(at.config.resolve().parent):
            code = "door.outside-tree"
        elif real in at.open:
            code = "door.module-in-itself"
        elif not real.is_file():
            code = "door.module-missing"
        if code is not None:
            raise SpecError([placed(document, Fault(code, where, values={"folder": str(at.config.parent)}))])
        return replace(at, open=(*at.open, real), variables={**at.variables, **as_go_decodes(params or {})})


@dataclass(frozen=True)
class _Place:
    """The file that is being read."""

    config: Path
    open: tuple[Path, ...]
    """The files that are open, outermost first: the config, its module, that module's module."""
    variables: Variables


def _told_apart(problem: Problem) -> Problem:
    """A variable that is not set is a different error from a wrong value: Go's templates print `<no value>` for it."""
    return replace(problem, code="door.no-value", allowed=()) if problem.found == "<no value>" else problem


def _in_our_spelling(overwrite: str) -> str:
    """`Namespace.Prefix=x`: the first letters of Go's field names are small in a file."""
    key, equals, value = overwrite.partition("=")
    return ".".join(f"{part[:1].lower()}{part[1:]}" for part in key.split(".")) + equals + value


_LIST = "scenarios"


def load_suite(path: Path) -> tuple[Scenario, ...]:
    """The tests of a suite, in order. Raises SpecError with every problem in it."""
    source = read_file(path)
    document = respelled(_below_a_key(go_document(source.text, source.name)), Suite)
    suite, wrong = (None, []) if document.problems else validated(document, Suite)
    problems = [*document.problems, *wrong, *(placed(document, fault) for fault in _faults(suite))]
    if suite is None or problems:
        raise SpecError(problems)
    return suite.scenarios


def _below_a_key(document: YamlDocument) -> YamlDocument:
    """A model has keys; the file is a bare list."""
    values = {(_LIST, *path): place for path, place in document.values.items()}
    keys = {(_LIST, *path): place for path, place in document.keys.items()}
    return YamlDocument(document.source, {_LIST: document.data}, values, keys, document.problems)


def _faults(suite: Suite | None) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, scenario in enumerate(suite.scenarios if suite is not None else ()):
        # An underscore separates the parts of the files' names.
        if "_" in scenario.identifier:
            yield Fault("door.underscore", (_LIST, index, "identifier"))
        if scenario.identifier in seen:
            yield Fault("door.same-identifier", (_LIST, index, "identifier"))
        if scenario.identifier:
            seen.add(scenario.identifier)
