"""Operands, commands and pipelines as closures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gotemplate.errors import Refusal, place_of
from gotemplate.functions import Function
from gotemplate.library import CHOICES
from gotemplate.machine.calls import Caller, choice, refusing
from gotemplate.machine.fields import field_of_dot, field_of_value, field_with_arguments
from gotemplate.machine.state import Evaluate, PrintedValue, Run
from gotemplate.syntax.tree import Call, Chain, Command, Constant, Dot, Field, Nil, Operand, Pipeline, Variable


class Scope:
    """The variables of one template, block inside block."""

    def __init__(self) -> None:
        self.size = 1
        """Slots needed: each declaration has its own. Slot 0 is `$`, the template's data."""
        self._slots = {"$": 0}

    def declare(self, name: str) -> int:
        self._slots[name] = slot = self.size
        self.size += 1
        return slot

    def slot(self, name: str) -> int | None:
        """None if the name was declared in a block that does not contain this place."""
        return self._slots.get(name)

    def enter(self) -> dict[str, int]:
        """Begins a block; variables declared in it are dropped when it ends."""
        outer, self._slots = self._slots, self._slots.copy()
        return outer

    def leave(self, outer: dict[str, int]) -> None:
        """Ends the block that `enter` gave `outer` for."""
        self._slots = outer


_WATCHABLE = (Field, Dot, Variable, Chain)


class TemplateSet:
    """What all templates of one text share."""

    def __init__(self, name: str, text: str, functions: Mapping[str, Function], *, watched: bool) -> None:
        self.functions = functions
        self.watched = watched
        """Whether a run replaces what actions print."""
        self._name, self._text = name, text

    def site(self, operand: Field | Dot | Variable | Chain) -> PrintedValue:
        return PrintedValue(place_of(self._name, self._text, operand.at), _written(operand))


class Expressions:
    """Compiles the pipelines inside the actions of one template."""

    def __init__(self, source: TemplateSet) -> None:
        self._source = source
        self.watched = source.watched
        self.scope = Scope()
        self.strict = False
        """Whether the dot is an item of a list or a map here: a null there is an error, not an absence."""

    def pipeline(self, pipeline: Pipeline, *, printed: bool = False) -> Evaluate:
        """The pipeline's value. Its new variables can be used in what follows."""
        if not pipeline.variables:
            return self._commands(pipeline.commands, watched=printed and self._source.watched)
        return self.binding(pipeline, printed=printed)[0]

    def printed(self, value: str, at: int) -> Evaluate:
        """What `{{.Name}}` or `{{$name}}` prints."""
        if value[0] == "$":
            return self._operand(Variable(value, (), at), watched=self._source.watched)
        return self._operand(Field((value[1:],), at), watched=self._source.watched)

    def binding(self, pipeline: Pipeline, *, printed: bool = False) -> tuple[Evaluate, list[int]]:
        """The pipeline's value, and the slots that it sets."""
        evaluate = self._commands(pipeline.commands, watched=printed and self._source.watched)
        if not pipeline.variables:
            return evaluate, []
        slots: list[int] = []
        for name in pipeline.variables:
            slot = self.scope.slot(name) if pipeline.assigns else self.scope.declare(name)
            if slot is None:
                return refusing(_unset(name, pipeline.at)), []
            slots.append(slot)
        return _setting(evaluate, slots), slots

    def _commands(self, commands: tuple[Command, ...], *, watched: bool) -> Evaluate:
        value = self._command(commands[0], None, watched=watched)
        for command in commands[1:]:
            value = self._command(command, value, watched=watched)
        return value

    def _command(self, command: Command, piped: Evaluate | None, *, watched: bool) -> Evaluate:
        first, *rest = command.operands
        if isinstance(first, Call):
            shielded = self._source.functions[first.name].shields
            return self.call(first, [self._operand(one, watched=watched, shielded=shielded) for one in rest], piped)
        if not rest and piped is None:
            if isinstance(first, Nil):
                return refusing(Refusal("nil is no command", first.at))
            return self._operand(first, watched=watched)
        if isinstance(first, Field | Chain) or (isinstance(first, Variable) and first.names):
            strict = self.strict and isinstance(first, Field)
            return field_with_arguments(self._holder(first), first, piped, strict=strict)
        return refusing(Refusal("this is no function, so it takes no arguments", first.at))

    def call(self, called: Call, arguments: list[Evaluate], piped: Evaluate | None) -> Evaluate:
        function = self._source.functions[called.name]
        if CHOICES.get(called.name) is function:
            return choice(called.name, arguments, piped, called.at)
        return Caller(called.name, function, called.at).evaluate(arguments, piped)

    def _operand(self, operand: Operand, *, watched: bool, shielded: bool = False) -> Evaluate:
        if isinstance(operand, Pipeline):
            return self.pipeline(operand, printed=watched)
        evaluate = self._plain(operand)
        if watched and not shielded and isinstance(operand, _WATCHABLE):
            return _watching(evaluate, self._source.site(operand))
        return evaluate

    def _plain(self, operand: Operand) -> Evaluate:
        """The operand's value, also where a run replaces values."""
        return _COMPILERS[type(operand)](self, operand)

    def constant(self, constant: Constant) -> Evaluate:
        if constant.refused is not None:
            return refusing(Refusal(constant.refused, constant.at))
        value = constant.value
        return lambda *_: value

    def field(self, field: Field) -> Evaluate:
        return field_of_dot(field.names, field.at, strict=self.strict)

    def variable(self, variable: Variable) -> Evaluate:
        holder = self._holder(variable)
        return field_of_value(holder, variable.names, variable.at, strict=False) if variable.names else holder

    def chain(self, chain: Chain) -> Evaluate:
        return field_of_value(self._holder(chain), chain.names, chain.at, strict=False)

    def _holder(self, operand: Field | Variable | Chain) -> Evaluate:
        """The value in which the operand's fields are looked up."""
        if isinstance(operand, Field):
            return _dot
        if isinstance(operand, Chain):
            return self._plain(operand.base)
        slot = self.scope.slot(operand.name)
        return refusing(_unset(operand.name, operand.at)) if slot is None else _slot(slot)


_COMPILERS: Mapping[type, Callable[[Expressions, Any], Evaluate]] = {
    Constant: Expressions.constant,
    Nil: lambda *_: _nil,
    Dot: lambda *_: _dot,
    Field: Expressions.field,
    Variable: Expressions.variable,
    Chain: Expressions.chain,
    Call: lambda expressions, called: expressions.call(called, [], None),
    Pipeline: Expressions.pipeline,
}


def _unset(name: str, at: int) -> Refusal:
    return Refusal(f"the variable {name} is not set here", at, f"set it before, in this block or around it: {name} :=")


def _nil(run: Run, dot: object) -> object:
    return None


def _dot(run: Run, dot: object) -> object:
    return dot


def _slot(slot: int) -> Evaluate:
    def evaluate(run: Run, dot: object) -> object:
        return run.variables[slot]

    return evaluate


def _setting(evaluate: Evaluate, slots: list[int]) -> Evaluate:
    def set_all(run: Run, dot: object) -> object:
        value = evaluate(run, dot)
        for slot in slots:
            run.variables[slot] = value
        return value

    return set_all


def _watching(evaluate: Evaluate, site: PrintedValue) -> Evaluate:
    def watch(run: Run, dot: object) -> object:
        value = evaluate(run, dot)
        return value if run.replace is None else run.replace(site, value)

    return watch


def _written(operand: Field | Dot | Variable | Chain) -> str:
    """How the operand is written, without a part in parentheses."""
    match operand:
        case Dot():
            return "."
        case Variable():
            return ".".join((operand.name, *operand.names))
        case Field():
            return "." + ".".join(operand.names)
        case Chain():
            return "(...)." + ".".join(operand.names)
