"""The written reference is the models' own words, and leaves nothing out."""

from __future__ import annotations

import pytest

from clearway.engine.table import ENGINES
from clearway.probe.metrics import METRICS
from clearway.spec.fields import APPLIES, NEEDED, Model, literals_in, written_fields
from clearway.spec.model import Background, Repeats, Spec, Test
from scripts.pages.spec import reference_markdown

MODELS: list[Model] = [Spec, Test, Repeats, Background]


@pytest.mark.parametrize("model", MODELS)
def test_every_field_has_a_description(model: Model) -> None:
    assert all(info.description for info in written_fields(model).values())


def test_every_metric_and_field_is_in_the_reference() -> None:
    text = reference_markdown()
    names = [*METRICS, *(name for model in MODELS for name in written_fields(model))]
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_the_table_of_what_applies_speaks_of_real_fields_and_words() -> None:
    fields = written_fields(Test)
    for name, rule in APPLIES.items():
        assert name in fields
        assert set(rule.values) <= set(literals_in(fields[rule.selector].annotation))
    for (selector, word), name in NEEDED.items():
        assert word in literals_in(fields[selector].annotation)
        assert name in fields


def test_an_engine_can_be_asked_for_by_its_row_alone() -> None:
    assert literals_in(written_fields(Test)["engine"].annotation) == tuple(ENGINES)
