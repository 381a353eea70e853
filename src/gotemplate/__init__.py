"""Go's text/template in Python: what Go renders, byte for byte, for the values that YAML and JSON give.

    Template("{{range .names}}{{.}} {{end}}", name="greeting").render({"names": ["a", "b"]})

No dependencies. A hostile template ends too: see `Limits`.
"""

from gotemplate.errors import Place, TemplateError
from gotemplate.functions import Function, function
from gotemplate.library import Functions
from gotemplate.limits import Limits
from gotemplate.machine.state import Site
from gotemplate.syntax.literals import parse_float
from gotemplate.template import Template
from gotemplate.values import Int, Ints, Strings, type_name, unfit

__all__ = [
    "Function",
    "Functions",
    "Int",
    "Ints",
    "Limits",
    "Place",
    "Site",
    "Strings",
    "Template",
    "TemplateError",
    "function",
    "parse_float",
    "type_name",
    "unfit",
]
