"""Blocks as closures: each node becomes a function of the run and the dot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gotemplate.errors import Refusal
from gotemplate.machine.loops import loop
from gotemplate.machine.operands import Expressions, TemplateSet
from gotemplate.machine.state import Breaking, Continuing, Evaluate, Execute, Run
from gotemplate.machine.writing import fields, printing, values
from gotemplate.syntax.tree import Action, Block, Branch, Include, Leave, Passage, Range


class Program(NamedTuple):
    """One template, ready to run."""

    body: Execute
    slots: int
    cost: int


def compiled(trees: Mapping[str, Block], source: TemplateSet) -> dict[str, Program]:
    """All templates by name. They call each other through this very table."""
    programs: dict[str, Program] = {}
    for name, tree in trees.items():
        compiler = _Compiler(source, programs)
        body = compiler.block(tree)
        programs[name] = Program(body, compiler.expressions.scope.size, compiler.cost)
    return programs


def run_program(program: Program, run: Run, data: object) -> None:
    """Runs a template on data, with variables of its own."""
    outer, run.variables = run.variables, [None] * program.slots
    run.variables[0] = data
    program.body(run, data)
    run.variables = outer


class _Compiler:
    def __init__(self, source: TemplateSet, programs: Mapping[str, Program]) -> None:
        self.expressions = Expressions(source)
        self.cost = 1
        """Nodes compiled so far: how many steps one pass through them takes."""
        self._programs = programs

    def block(self, block: Block, *, strict: bool | None = None) -> Execute:
        """The nodes in order; `strict` is given where the block has a dot of its own."""
        outer = self.expressions.strict
        if strict is not None:
            self.expressions.strict = strict
        self.cost += len(block)
        scope = self.expressions.scope
        known = scope.enter()
        steps = [_COMPILERS[type(node)](self, node) for node in block]
        scope.leave(known)
        self.expressions.strict = outer
        return steps[0] if len(steps) == 1 else _sequence(tuple(steps))

    def passage(self, node: Passage) -> Execute:
        self.cost += len(node.pieces) - 1
        expressions = self.expressions
        if expressions.watched or any(piece.value[:1] == "$" for piece in node.pieces):
            printed = expressions.printed
            return values(
                [(text, begin, printed(value, at) if value else None, at) for text, begin, value, at in node.pieces]
            )
        named = [(text, begin, value[1:], at) for text, begin, value, at in node.pieces]
        return fields(named, strict=expressions.strict)

    def action(self, node: Action) -> Execute:
        silent = bool(node.pipeline.variables)
        evaluate = self.expressions.pipeline(node.pipeline, printed=not silent)
        return _silent(evaluate) if silent else printing(evaluate, node.at)

    def branch(self, node: Branch) -> Execute:
        rebinds = node.keyword == "with"
        known = self.expressions.scope.enter()
        arms = tuple(
            (self.expressions.pipeline(arm.pipeline), self.block(arm.body, strict=False if rebinds else None))
            for arm in node.arms
        )
        otherwise = self.block(node.otherwise)
        self.expressions.scope.leave(known)
        return _with(arms, otherwise) if rebinds else _if(arms, otherwise)

    def range(self, node: Range) -> Execute:
        known = self.expressions.scope.enter()
        evaluate, slots = self.expressions.binding(node.pipeline)
        before = self.cost
        body = self.block(node.body, strict=True)
        cost = 1 + self.cost - before
        otherwise = self.block(node.otherwise)
        self.expressions.scope.leave(known)
        return loop(evaluate, slots, body, otherwise, at=node.at, cost=cost)

    def include(self, node: Include) -> Execute:
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

    def leave(self, node: Leave) -> Execute:
        leaving = Breaking if node.keyword == "break" else Continuing

        def execute(run: Run, dot: object) -> None:
            raise leaving

        return execute


_COMPILERS: Mapping[type, Callable[[_Compiler, Any], Execute]] = {
    Passage: _Compiler.passage,
    Action: _Compiler.action,
    Branch: _Compiler.branch,
    Range: _Compiler.range,
    Include: _Compiler.include,
    Leave: _Compiler.leave,
}


def _sequence(steps: tuple[Execute, ...]) -> Execute:
    def execute(run: Run, dot: object) -> None:
        for step in steps:
            step(run, dot)

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
