"""Quantities as Kubernetes writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clearway.kube.errors import Undecodable
from clearway.kube.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("1k", "1000"),
        ("15k", "15000"),
        ("1500m", "1.5"),
        ("4Gi", "4294967296"),
        ("2E", "2000000000000000000"),
        ("1e3", "1000"),
        ("1.5E2", "150"),
        ("-3", "-3"),
        (".5", "0.5"),
    ],
)
def test_every_form_is_read(text: str, value: str) -> None:
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "k", "1kk", "1 k", "a", "1e", "1e9999", "9" * 40, "NaN"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Undecodable):
        parse_quantity(text)
