"""A template, parsed once and rendered any number of times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from gotemplate.errors import Refusal, located
from gotemplate.functions import Function
from gotemplate.library import Functions
from gotemplate.limits import DEFAULT_LIMITS, Limits
from gotemplate.machine.compile import Program, compiled, run_program
from gotemplate.machine.operands import TemplateSet
from gotemplate.machine.state import Run, ValueReplacer
from gotemplate.syntax.parser import parse

T = TypeVar("T")

_TOO_DEEP = "it is nested too deeply"


class Template:
    """Go's text/template, with `missingkey=default`: a key that is not there prints `<no value>`.

    `functions` are added to Go's own. Every error is a TemplateError, with the place in the text.
    """

    def __init__(
        self,
        text: str,
        *,
        name: str = "template",
        functions: Mapping[str, Callable[..., object] | Function] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.text = text
        self.name = name
        self.limits = limits
        self._functions = functions if isinstance(functions, Functions) else Functions(functions)
        self._programs: dict[bool, dict[str, Program]] = {}
        self._trees = self._guarded(lambda: parse(text, name, self._functions, limits.nesting))

    def render(self, data: object) -> str:
        """The template's text for these data."""
        return self._rendered(data, None)

    def render_replaced(self, data: object, replace: ValueReplacer) -> str:
        """The same, but each value that an action prints or computes with becomes what `replace` makes of it.

        Not replaced: values that control the flow (`if`, `range`, `with`, a template's argument) or set a variable.
        """
        return self._rendered(data, replace)

    def _rendered(self, data: object, replace: ValueReplacer | None) -> str:
        watched = replace is not None
        if watched not in self._programs:
            source = TemplateSet(self.name, self.text, self._functions, watched=watched)
            self._programs[watched] = self._guarded(lambda: compiled(self._trees, source))
        program, run = self._programs[watched][self.name], Run(self.limits, replace)
        self._guarded(lambda: run_program(program, run, data))
        return "".join(run.out)

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Refusal as refusal:
            raise located(refusal, self.name, self.text) from refusal.__cause__
        except RecursionError:
            raise located(Refusal(_TOO_DEEP), self.name, self.text) from None
