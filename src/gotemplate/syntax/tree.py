"""The parsed template. `at` is an offset in the template's text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal. A number that Go takes for too large is only refused when it is used."""

    value: bool | int | float | str
    at: int
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Nil:
    at: int


@dataclass(frozen=True, slots=True)
class Dot:
    at: int


@dataclass(frozen=True, slots=True)
class Field:
    """`.a.b`"""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x.a.b`; `name` is `$x`."""

    name: str
    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """The name of a function: with arguments where it comes first in a command, alone where it is an operand."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Chain:
    """`(pipeline).a.b`"""

    base: Operand
    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Command:
    """Operands side by side; at least one."""

    operands: tuple[Operand, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each the last argument of the next, and the variables that get the result."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...]
    assigns: bool
    """`=`, not `:=`."""
    at: int


Operand = Constant | Nil | Dot | Field | Variable | Call | Chain | Pipeline


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Action:
    """`{{pipeline}}`: printed, unless it sets a variable."""

    pipeline: Pipeline
    at: int


@dataclass(frozen=True, slots=True)
class Arm:
    """One condition, and what it leads to."""

    pipeline: Pipeline
    body: Block


@dataclass(frozen=True, slots=True)
class Branch:
    """`if` or `with`; each `else if` is one more arm."""

    keyword: str
    arms: tuple[Arm, ...]
    otherwise: Block
    at: int


@dataclass(frozen=True, slots=True)
class Range:
    pipeline: Pipeline
    body: Block
    otherwise: Block
    at: int


@dataclass(frozen=True, slots=True)
class Leave:
    """`break` or `continue`."""

    keyword: str
    at: int


@dataclass(frozen=True, slots=True)
class Include:
    """`{{template "name" pipeline}}`"""

    name: str
    pipeline: Pipeline | None
    at: int


Node = Text | Action | Branch | Range | Leave | Include
Block = tuple[Node, ...]

_SPACE = " \t\n\v\f\r\x85\xa0"


def is_empty(block: Block) -> bool:
    """Nothing but white space: such a definition doesn't replace another."""
    return all(isinstance(node, Text) and not node.text.strip(_SPACE) for node in block)
