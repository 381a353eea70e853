"""The grammar inside an action: pipelines, commands, operands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from gotemplate.errors import Refusal
from gotemplate.syntax.literals import character, number, unquoted
from gotemplate.syntax.tokens import Token
from gotemplate.syntax.tree import Call, Chain, Command, Constant, Dot, Field, Nil, Operand, Passage, Pipeline, Variable

_OPERANDS = frozenset(("word", "field", "dot", "variable", "literal", "number", "string", "character", "("))
_NO_STAGE = (Constant, Dot, Nil)


class Reader:
    """Reads tokens in order, and whole pipelines."""

    def __init__(self, tokens: Sequence[Token], functions: Collection[str], nesting: int) -> None:
        self._tokens = tokens
        self._functions = functions
        self._position = 0
        self._nesting = nesting
        self.next = tokens[0]
        self.depth = 0
        self.variables = ["$"]
        """Variables that may be used here. As in Go, one of a branch can also be used in the other branches."""

    def take(self) -> Token:
        """Returns the current token and moves on. The last one, `end`, stays current."""
        token = self.next
        if token.kind != "end":
            self._position += 1
            self.next = self._tokens[self._position]
        return token

    def expect(self, kind: str, context: str) -> Token:
        if self.next.kind != kind:
            raise unexpected(self.next, context)
        return self.take()

    def take_keyword(self, *keywords: str) -> str | None:
        token = self.next
        if token.kind == "keyword" and token.text in keywords:
            self.take()
            return token.text
        return None

    def enter(self, at: int) -> None:
        """One level deeper. Raises Refusal if that is too deep."""
        self.depth += 1
        if self.depth > self._nesting:
            raise Refusal(f"blocks and parentheses are nested more than {self._nesting} deep", at)

    def pipeline(self, context: str, end: str = "close") -> Pipeline:
        at = self.next.at
        names, assigns = self._declared(context) if self.next.kind == "variable" else ([], False)
        commands: list[Command] = []
        while (token := self.next).kind != end:
            if token.kind not in _OPERANDS:
                raise unexpected(token, context)
            commands.append(self._command())
        self.take()
        if not commands:
            raise Refusal(f"a value is missing in {context}", at)
        for stage in commands[1:]:
            if isinstance(stage.operands[0], _NO_STAGE):
                raise Refusal("a value can't be piped into a value", stage.at, "a function is wanted after |")
        return Pipeline(tuple(commands), tuple(names), assigns, at)

    def passage(self, token: Token) -> Passage:
        for piece in token.pieces:
            if piece.value[:1] == "$":
                self._known(piece.value, piece.at)
        return Passage(token.pieces)

    def _declared(self, context: str) -> tuple[list[str], bool]:
        """`$x :=`, `$x =`, and in a range `$i, $x :=`."""
        names: list[str] = []
        while self.next.kind == "variable":
            sign = self._tokens[self._position + 1]
            if sign.kind not in ("declare", "=", ","):
                break
            names.append(self.take().text)
            self.variables.append(names[-1])
            self.take()
            if sign.kind != ",":
                return names, sign.kind == "="
            if context != "range" or len(names) > 1:
                raise Refusal(f"too many variables in {context}", sign.at)
            if self.next.kind not in ("variable", "close", ")"):
                raise Refusal("a second variable is wanted after the comma", self.next.at)
        return names, False

    def _command(self) -> Command:
        at = self.next.at
        operands: list[Operand] = []
        while (operand := self._operand()) is not None:
            operands.append(operand)
            if not self.next.spaced:
                break
        token = self.next
        if token.kind == "|":
            self.take()
        elif token.kind not in ("close", ")"):
            raise unexpected(token, "operand")
        return Command(tuple(operands), at)

    def _operand(self) -> Operand | None:
        token = self.next
        if token.kind not in _OPERANDS:
            return None
        start, node = token.at, self._term(self.take())
        if self.next.kind != "field" or self.next.spaced:
            return node
        names = []
        while self.next.kind == "field" and not self.next.spaced:
            names.append(self.take().text[1:])
        if isinstance(node, Field):
            return Field((*node.names, *names), start)
        if isinstance(node, Variable):
            return Variable(node.name, tuple(names), start)
        if isinstance(node, _NO_STAGE):
            raise Refusal("this has no fields", start)
        return Chain(node, tuple(names), start)

    def _term(self, token: Token) -> Operand:
        if token.kind == "(":
            return self._parenthesised(token)
        if token.kind == "variable":
            return self._variable(token)
        if token.kind == "word" and token.text not in self._functions:
            raise Refusal(f"there is no function {token.text}", token.at, _closest(token.text, self._functions))
        return _PLAIN[token.kind](token.text, token.at)

    def _parenthesised(self, token: Token) -> Pipeline:
        self.enter(token.at)
        pipeline = self.pipeline("parentheses", ")")
        self.depth -= 1
        return pipeline

    def _variable(self, token: Token) -> Variable:
        self._known(token.text, token.at)
        return Variable(token.text, (), token.at)

    def _known(self, variable: str, at: int) -> None:
        if variable not in self.variables:
            raise Refusal(f"the variable {variable} is not set here", at, _closest(variable, self.variables))


def unexpected(token: Token, context: str) -> Refusal:
    names = {"close": "}}", "end": "the end of the file", "open": "{{", "passage": "text"}
    return Refusal(f"{names.get(token.kind, token.text)} is not expected in {context}", token.at)


_PLAIN: Mapping[str, Callable[[str, int], Operand]] = {
    "literal": lambda text, at: Nil(at) if text == "nil" else Constant(text == "true", at),
    "word": Call,
    "dot": lambda _, at: Dot(at),
    "field": lambda text, at: Field((text[1:],), at),
    "string": lambda text, at: Constant(unquoted(text, at), at),
    "number": number,
    "character": character,
}


def _closest(word: str, known: Collection[str]) -> str | None:
    # Only errors need it.
    import difflib

    matches = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {matches[0]}?" if matches else None
