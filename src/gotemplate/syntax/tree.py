"""The parsed template. `at` is an offset in the template's text."""

from __future__ import annotations

from typing import NamedTuple


class Constant(NamedTuple):
    """A literal. A number that Go takes for too large is only refused when it is used."""

    value: bool | int | float | str
    at: int
    refused: str | None = None


class Nil(NamedTuple):
    at: int


class Dot(NamedTuple):
    at: int


class Field(NamedTuple):
    """`.a.b`"""

    names: tuple[str, ...]
    at: int


class Variable(NamedTuple):
    """`$x.a.b`; `name` is `$x`."""

    name: str
    names: tuple[str, ...]
    at: int


class Call(NamedTuple):
    """The name of a function: with arguments where it comes first in a command, alone where it is an operand."""

    name: str
    at: int


class Chain(NamedTuple):
    """`(pipeline).a.b`"""

    base: Operand
    names: tuple[str, ...]
    at: int


class Command(NamedTuple):
    """Operands in a row; at least one."""

    operands: tuple[Operand, ...]
    at: int


class Pipeline(NamedTuple):
    """Commands, each the last argument of the next, and the variables that get the result."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...]
    assigns: bool
    """`=`, not `:=`."""
    at: int


Operand = Constant | Nil | Dot | Field | Variable | Call | Chain | Pipeline


class Piece(NamedTuple):
    """Some text, and `{{.Name}}` or `{{$name}}` after it."""

    text: str
    begin: int
    """Where the text is."""
    value: str
    """`.Name`, `$name`; empty behind the last text."""
    at: int


class Passage(NamedTuple):
    """Text and values alternately. Most actions only print a value, so this is most of a template."""

    pieces: tuple[Piece, ...]


class Action(NamedTuple):
    """`{{pipeline}}`: printed, unless it sets a variable."""

    pipeline: Pipeline
    at: int


class Arm(NamedTuple):
    """One condition, and the block for it."""

    pipeline: Pipeline
    body: Block


class Branch(NamedTuple):
    """`if` or `with`; each `else if` is one more arm."""

    keyword: str
    arms: tuple[Arm, ...]
    otherwise: Block
    at: int


class Range(NamedTuple):
    pipeline: Pipeline
    body: Block
    otherwise: Block
    at: int


class Leave(NamedTuple):
    """`break` or `continue`."""

    keyword: str
    at: int


class Include(NamedTuple):
    """`{{template "name" pipeline}}`"""

    name: str
    pipeline: Pipeline | None
    at: int


Node = Passage | Action | Branch | Range | Leave | Include
Block = tuple[Node, ...]

_SPACE = " \t\n\v\f\r\x85\xa0"


def is_empty(block: Block) -> bool:
    """Nothing but white space: such a definition doesn't replace another."""
    return all(
        isinstance(node, Passage) and (not any(piece.value or piece.text.strip(_SPACE) for piece in node.pieces))
        for node in block
    )
