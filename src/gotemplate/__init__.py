"""Go's text/template in Python: what Go renders, byte for byte, for the values that YAML and JSON give.

    Template("{{range .names}}{{.}} {{end}}", name="greeting").render({"names": ["a", "b"]})

No dependencies. A hostile template ends too: see `Limits`.
"""

from gotemplate.errors import Position, TemplateError
from gotemplate.functions import Function, function
from gotemplate.library import Functions
from gotemplate.limits import Limits
from gotemplate.machine.state import PrintedValue
from gotemplate.syntax.literals import parse_float
from gotemplate.template import Template
from gotemplate.values import Int, Ints, Strings, type_name, unfit

__all__ = [
    "Function",
    "Functions",
    "Int",
    "Ints",
    "Limits",
    "Position",
    "PrintedValue",
    "Strings",
    "Template",
    "TemplateError",
    "function",
    "parse_float",
    "type_name",
    "unfit",
]
