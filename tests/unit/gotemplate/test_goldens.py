"""Every template of the corpus is rendered as Go rendered it, or refused as Go refused it."""

from __future__ import annotations

import pytest

from golden.templates import data, outputs, templates
from gotemplate import Template, TemplateError


def rendered(template: str) -> bytes | None:
    try:
        return Template(template).render(data()).encode("utf-8", "surrogateescape")
    except TemplateError:
        return None


@pytest.mark.parametrize(("template", "output"), list(zip(templates(), outputs(), strict=True)))
def test_it_is_rendered_as_go_renders_it(template: str, output: bytes | None) -> None:
    assert rendered(template) == output
