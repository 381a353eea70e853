"""Templates at random: we render what Go renders and refuse what Go refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings

from gotemplate import Template, TemplateError
from oracle.program import Oracle, built, plain_sources
from properties import examples
from unit.gotemplate.guesses import DATA, broken_templates, whole_templates

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_NOT_OURS = re.compile(r"%[^a-zA-Z%]*p|[0-9]i\b")
"""Addresses, and imaginary numbers."""
_MANY = settings(max_examples=examples(1000), suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle(built(plain_sources())) as running:
        yield running


def rendered(template: str, data: object) -> bytes | None:
    try:
        return Template(template).render(data).encode("utf-8", "surrogateescape")
    except TemplateError:
        return None


def compare(oracle: Oracle, template: str, data: object) -> None:
    assume(_NOT_OURS.search(template) is None)
    plain = json.loads(json.dumps(data))
    assert rendered(template, plain) == oracle.render(template, plain)


@_MANY
@given(template=whole_templates(), data=DATA)
def test_a_template_that_is_well_made(oracle: Oracle, template: str, data: object) -> None:
    compare(oracle, template, data)


@_MANY
@given(template=broken_templates(), data=DATA)
def test_a_template_that_is_broken(oracle: Oracle, template: str, data: object) -> None:
    compare(oracle, template, data)
