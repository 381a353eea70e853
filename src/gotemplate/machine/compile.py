"""Blocks as closures: each node becomes a function of the run and the dot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gotemplate.errors import Refusal
from gotemplate.formatting import shown
from gotemplate.machine.loops import loop
from gotemplate.machine.operands import Expressions, Source
from gotemplate.machine.state import Breaking, Continuing, Evaluate, Execute, Run
from gotemplate.syntax.tree import Action, Block, Branch, Include, Leave, Node, Range, Text


@dataclass(frozen=True, slots=True)
class Program:
    """One template, ready to run."""

    body: Execute
    slots: int
    cost: int


def compiled(trees: Mapping[str, Block], source: Source) -> dict[str, Program]:
    """All templates by name. They call each other through this very table."""
    programs: dict[str, Program] = {}
    for name, tree in trees.items():
        compiler = _Compiler(source, programs)
        body = compiler.block(tree)
        programs[name] = Program(body, compiler.expressions.scope.size, _cost(tree))
    return programs


def run_program(program: Program, run: Run, data: object) -> None:
    """Runs a template on data, with variables of its own."""
    outer, run.variables = run.variables, [None] * program.slots
    run.variables[0] = data
    program.body(run, data)
    run.variables = outer


class _Compiler:
    def __init__(self, source: Source, programs: Mapping[str, Program]) -> None:
        self.expressions = Expressions(source)
        self._programs = programs

    def block(self, block: Block, *, strict: bool | None = None) -> Execute:
        """The nodes in turn; `strict` says what the dot is inside, where that is another one."""
        outer = self.expressions.strict
        if strict is not None:
            self.expressions.strict = strict
        with self.expressions.scope.block():
            steps = [self._node(node) for node in block]
        self.expressions.strict = outer
        return steps[0] if len(steps) == 1 else _sequence(tuple(steps))

    def _node(self, node: Node) -> Execute:
        match node:
            case Text():
                return _text(node.text, node.at)
            case Action():
                return self._action(node)
            case Branch():
                return self._branch(node)
            case Range():
                return self._range(node)
            case Include():
                return self._include(node)
            case Leave():
                return _break if node.keyword == "break" else _continue

    def _action(self, node: Action) -> Execute:
        silent = bool(node.pipeline.variables)
        evaluate = self.expressions.pipeline(node.pipeline, printed=not silent)
        return _silent(evaluate) if silent else _printing(evaluate, node.at)

    def _branch(self, node: Branch) -> Execute:
        rebinds = node.keyword == "with"
        with self.expressions.scope.block():
            arms = tuple(
                (self.expressions.pipeline(arm.pipeline), self.block(arm.body, strict=False if rebinds else None))
                for arm in node.arms
            )
            otherwise = self.block(node.otherwise)
        return _with(arms, otherwise) if rebinds else _if(arms, otherwise)

    def _range(self, node: Range) -> Execute:
        with self.expressions.scope.block():
            evaluate, slots = self.expressions.binding(node.pipeline)
            body = self.block(node.body, strict=True)
            otherwise = self.block(node.otherwise)
        return loop(evaluate, slots, body, otherwise, at=node.at, cost=_cost(node.body))

    def _include(self, node: Include) -> Execute:
        pipeline = None if node.pipeline is None else self.expressions.pipeline(node.pipeline)
        programs, name, at = self._programs, node.name, node.at

        def include(run: Run, dot: object) -> None:
            program = programs.get(name)
            if program is None:
                raise Refusal(f'there is no template "{name}"', at, f'define it: {{{{define "{name}"}}}}...{{{{end}}}}')
            run.depth += 1
            if run.depth > run.limits.depth:
                raise Refusal(f"templates call each other more than {run.limits.depth} deep", at)
            run.step(program.cost, at)
            run_program(program, run, None if pipeline is None else pipeline(run, dot))
            run.depth -= 1

        return include


def _cost(block: Block) -> int:
    """How many nodes one pass may run at most, loops counted once."""
    return 1 + sum(_node_cost(node) for node in block)


def _node_cost(node: Node) -> int:
    match node:
        case Branch():
            return 1 + sum(_cost(arm.body) for arm in node.arms) + _cost(node.otherwise)
        case Range():
            return 1 + _cost(node.otherwise)
    return 1


def _sequence(steps: tuple[Execute, ...]) -> Execute:
    def execute(run: Run, dot: object) -> None:
        for step in steps:
            step(run, dot)

    return execute


def _text(text: str, at: int) -> Execute:
    size = len(text)

    def execute(run: Run, dot: object) -> None:
        run.room -= size
        if run.room < 0:
            run.make(0, at)
        run.write(text)

    return execute


def _printing(evaluate: Evaluate, at: int) -> Execute:
    def execute(run: Run, dot: object) -> None:
        value = evaluate(run, dot)
        if not isinstance(value, str):
            try:
                value = shown(value)
            except ValueError as error:
                raise Refusal(str(error), at) from error
        run.room -= len(value)
        if run.room < 0:
            run.make(0, at)
        run.write(value)

    return execute


def _silent(evaluate: Evaluate) -> Execute:
    def execute(run: Run, dot: object) -> None:
        evaluate(run, dot)

    return execute


def _if(arms: tuple[tuple[Evaluate, Execute], ...], otherwise: Execute) -> Execute:
    def execute(run: Run, dot: object) -> None:
        for condition, body in arms:
            if condition(run, dot):
                body(run, dot)
                return
        otherwise(run, dot)

    return execute


def _with(arms: tuple[tuple[Evaluate, Execute], ...], otherwise: Execute) -> Execute:
    def execute(run: Run, dot: object) -> None:
        for condition, body in arms:
            value = condition(run, dot)
            if value:
                body(run, value)
                return
        otherwise(run, dot)

    return execute


def _break(run: Run, dot: object) -> None:
    raise Breaking


def _continue(run: Run, dot: object) -> None:
    raise Continuing
