"""Every kind of quantity, with how its text is read, and values of all sizes."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from clearway.base import quantity_text, units
from clearway.base.units import Quantity

PARSERS: dict[type[Quantity], Callable[[str], Quantity]] = {
    units.Rate: quantity_text.parse_rate,
    units.Size: quantity_text.parse_size,
    units.Duration: quantity_text.parse_duration,
    units.Ratio: quantity_text.parse_ratio,
    units.Frequency: quantity_text.parse_frequency,
    units.Count: quantity_text.parse_count,
}
KINDS = st.sampled_from(sorted(PARSERS, key=lambda kind: kind.__name__))
SPREAD = st.builds(lambda digits, power: digits * 10.0**power, st.floats(1, 9.99), st.integers(-8, 13))
