"""The grammar of blocks: from tokens to the trees of all templates that a text defines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from gotemplate.errors import Refusal
from gotemplate.syntax.literals import unquoted
from gotemplate.syntax.pipelines import Reader, unexpected
from gotemplate.syntax.tokens import Token, tokens
from gotemplate.syntax.tree import Action, Arm, Block, Branch, Include, Leave, Node, Range, is_empty


def parse(text: str, name: str, functions: Collection[str], nesting: int) -> dict[str, Block]:
    """The templates in `text` by name; the text itself is the one called `name`. Raises Refusal."""
    parser = _Parser(Reader(tokens(text), functions, nesting))
    body = parser.main()
    parser.add(name, body, 0)
    return parser.templates


class _Parser:
    def __init__(self, reader: Reader) -> None:
        self.templates: dict[str, Block] = {}
        self._reader = reader
        self._loops = 0
        """Loops around the current node, in the current template."""

    def main(self) -> Block:
        nodes: list[Node] = []
        while self._reader.next.kind != "end":
            token = self._reader.take()
            if token.kind == "open" and self._reader.take_keyword("define"):
                self._definition(token)
            else:
                nodes.append(self._node(token))
        return tuple(nodes)

    def add(self, name: str, body: Block, at: int) -> None:
        old = self.templates.get(name)
        if old is None or is_empty(old):
            self.templates[name] = body
        elif not is_empty(body):
            raise Refusal(f'the template "{name}" is defined twice', at)

    def _definition(self, opening: Token) -> None:
        name = self._name("define")
        self._reader.expect("close", "define")
        self._template(name, opening)

    def _template(self, name: str, opening: Token) -> None:
        """The body of a separate template: no variable and no loop from outside is valid in it."""
        variables, loops = self._reader.variables, self._loops
        self._reader.variables, self._loops = ["$"], 0
        self.add(name, self._body(opening, ("end",))[0], opening.at)
        self._reader.variables, self._loops = variables, loops

    def _body(self, opening: Token, ends: tuple[str, ...]) -> tuple[Block, str]:
        """Nodes up to one of `ends`, which is returned."""
        reader = self._reader
        reader.enter(opening.at)
        nodes: list[Node] = []
        while (token := reader.take()).kind != "end":
            if token.kind == "open" and (keyword := reader.take_keyword(*ends)):
                reader.depth -= 1
                if keyword == "end":
                    reader.expect("close", "end")
                return tuple(nodes), keyword
            nodes.append(self._node(token))
        raise Refusal("this block is not closed", opening.at, "it ends in {{end}}")

    def _node(self, token: Token) -> Node:
        reader = self._reader
        if token.kind == "passage":
            return reader.passage(token)
        word = reader.next
        if word.kind != "keyword":
            return Action(reader.pipeline("action"), word.at)
        reader.take()
        read = _BLOCKS.get(word.text)
        if read is None:
            raise unexpected(word, "a template")
        return read(self, word)

    def branch(self, word: Token) -> Node:
        """`if` or `with`. An `else if` does not count as deeper, so all are read in one loop."""
        reader, known = self._reader, len(self._reader.variables)
        arms = []
        while True:
            pipeline = reader.pipeline(word.text)
            body, ending = self._body(word, ("end", "else"))
            arms.append(Arm(pipeline, body))
            if ending == "end" or reader.take_keyword(word.text) is None:
                break
        otherwise = self._else(word, ending)
        del reader.variables[known:]
        return Branch(word.text, tuple(arms), otherwise, word.at)

    def range(self, word: Token) -> Node:
        known = len(self._reader.variables)
        pipeline = self._reader.pipeline("range")
        self._loops += 1
        body, ending = self._body(word, ("end", "else"))
        self._loops -= 1
        otherwise = self._else(word, ending)
        del self._reader.variables[known:]
        return Range(pipeline, body, otherwise, word.at)

    def _else(self, word: Token, ending: str) -> Block:
        if ending == "end":
            return ()
        self._reader.expect("close", "else")
        return self._body(word, ("end",))[0]

    def include(self, word: Token) -> Node:
        name, reader = self._name("template"), self._reader
        if reader.next.kind == "close":
            reader.take()
            return Include(name, None, word.at)
        return Include(name, reader.pipeline("template"), word.at)

    def block(self, word: Token) -> Node:
        name = self._name("block")
        pipeline = self._reader.pipeline("block")
        self._template(name, word)
        return Include(name, pipeline, word.at)

    def leave(self, word: Token) -> Node:
        self._reader.expect("close", word.text)
        if not self._loops:
            raise Refusal(f"{word.text} stands outside of any range", word.at)
        return Leave(word.text, word.at)

    def _name(self, context: str) -> str:
        token = self._reader.expect("string", context)
        return unquoted(token.text, token.at)


_BLOCKS: Mapping[str, Callable[[_Parser, Token], Node]] = {
    "if": _Parser.branch,
    "with": _Parser.branch,
    "range": _Parser.range,
    "template": _Parser.include,
    "block": _Parser.block,
    "break": _Parser.leave,
    "continue": _Parser.leave,
}
