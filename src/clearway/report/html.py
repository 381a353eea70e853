"""The report as one HTML file: for a browser, for paper, and to be signed. Nothing is loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from clearway.report.document import ReportDocument

_ASSETS = "clearway.report.page.assets"


class HtmlReport:
    """Both languages in one file, if both are given. Facts need no script; a script sorts, copies and marks."""

    name = "html"
    file_name = "report.html"

    def render(self, document: ReportDocument, translations: Sequence[ReportDocument] = ()) -> str:
        from clearway.report.page.page import page  # late, as Jinja2: commands that need no page start without it

        style, script = _asset("report.css"), _asset("report.js")
        made: str = _template().render(
            page=page((document, *translations)),
            style=style,
            script=script,
            policy=_policy(style, script),
        )
        return made + "\n"


def _policy(style: str, script: str) -> str:
    """Only this style and this script run, and nothing may be asked for or sent: a name that gets through is text."""
    allowed = f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _asset(name: str) -> str:
    return files(_ASSETS).joinpath(name).read_text(encoding="utf-8")


@cache
def _template() -> Any:
    """Compiled once. Jinja2 is loaded here, so that commands that need no page start without it."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FunctionLoader(_asset), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["verbatim"] = Markup
    return environment.get_template("report.html")
