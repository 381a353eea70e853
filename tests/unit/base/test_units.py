"""Quantities read what people write, refuse what is ambiguous, and write what reads back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.errors import UnitError
from clearway.base.quantity_text import (
    exact_text,
    parse_count,
    parse_duration,
    parse_frequency,
    parse_rate,
    parse_ratio,
    parse_size,
)
from clearway.base.units import Count, Duration, Frequency, Quantity, Rate, Ratio, Size
from unit.base.quantities import KINDS, PARSERS, SPREAD


def refusal(parse: Callable[[str], Quantity], text: str) -> UnitError | None:
    try:
        parse(text)
    except UnitError as error:
        return error
    return None


@given(KINDS, SPREAD)
def test_what_is_shown_reads_back_to_three_digits(kind: type[Quantity], si: float) -> None:
    shown = str(kind(si))
    assert PARSERS[kind](shown).si == pytest.approx(si, rel=0.0051), shown


@given(KINDS, st.one_of(st.just(0.0), SPREAD))
def test_what_is_written_exactly_reads_back_the_very_same(kind: type[Quantity], si: float) -> None:
    assert PARSERS[kind](exact_text(kind(si))) == kind(si)


@given(KINDS, st.text())
def test_any_other_text_is_refused_as_a_unit_error_with_choices(kind: type[Quantity], text: str) -> None:
    if (error := refusal(PARSERS[kind], text)) is not None:
        assert error.values["choices"]
        assert error.values["text"] == text


ENDLESS = ["1e400", "1e4000000", "9" * 30, "9" * 500, "9" * 5000, "1" + "0" * 400 + "." + "0" * 400]


@pytest.mark.parametrize("number", ENDLESS, ids=lambda number: number[:9])
@pytest.mark.parametrize("kind", PARSERS, ids=lambda kind: kind.__name__)
def test_a_number_without_bound_is_refused_and_never_infinite(kind: type[Quantity], number: str) -> None:
    unit = exact_text(kind(1.0)).lstrip("1")
    error = refusal(PARSERS[kind], number + unit)
    assert error is not None
    assert error.exit_code == 2


@pytest.mark.parametrize("text", ["\u0663 s", "\u0661\u0660ms", "1\u0663 s"])
def test_digits_of_other_scripts_are_no_number(text: str) -> None:
    assert refusal(parse_duration, text) is not None


@given(KINDS, st.from_regex(r"[0-9]{1,4} ?[kKMGT]?(b|B|bit|bits|ib|iB)?(/s|/sec)?", fullmatch=True))
def test_every_choice_that_a_refusal_offers_can_be_read(kind: type[Quantity], text: str) -> None:
    if (error := refusal(PARSERS[kind], text)) is not None:
        for choice in error.values["choices"]:
            PARSERS[kind](choice)


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("5Gbit/s", 5e9),
        ("5 Gbps", 5e9),
        ("5 Gbits/sec", 5e9),
        ("625 MB/s", 5e9),
        ("1 MiB/s", 8 * 1024**2),
        ("100kbit/s", 1e5),
        ("1e3 bit/s", 1e3),
    ],
)
def test_rates_as_people_write_them(text: str, bits: float) -> None:
    assert parse_rate(text) == Rate(bits)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10.0),
        ("1m30s", 90.0),
        ("1 min 30 s", 90.0),
        ("2h", 7200.0),
        ("250 ms", 0.25),
        ("15us", 15e-6),
        ("15 µs", 15e-6),
        ("0.3 ms", 0.3e-3),
    ],
)
def test_durations_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == Duration(seconds)


def test_sizes_shares_and_numbers_as_people_write_them() -> None:
    assert parse_size("64 KB") == Size(64_000)
    assert parse_size("16MiB") == Size(16 * 1024**2)
    assert parse_ratio("0.1%") == Ratio(0.001)
    assert parse_ratio("0") == Ratio(0)
    assert parse_frequency("2k/s") == parse_frequency("2000 /s") == Frequency(2000)
    assert parse_count("1,000") == parse_count("1000") == Count(1000)


@pytest.mark.parametrize(
    ("parse", "text", "choices"),
    [
        (parse_rate, "5G", ("5 Gbit/s", "5 GB/s")),
        (parse_rate, "5 Gb", ("5 Gbit/s", "5 GB/s")),
        (parse_rate, "5 mb/s", ("5 Mbit/s", "5 MB/s")),
        (parse_rate, "2654989 kbytes/sec", ("2654989 kB/s", "2654989 KiB/s")),
        (parse_size, "64K", ("64 KB", "64 KiB")),
        (parse_ratio, "0.1", ("0.1 %", "10 %")),
    ],
)
def test_the_ambiguous_is_refused_with_its_readings(
    parse: Callable[[str], Quantity], text: str, choices: tuple[str, ...]
) -> None:
    with pytest.raises(UnitError) as refused:
        parse(text)
    assert refused.value.code == "unit.ambiguous"
    assert refused.value.values["choices"] == choices


@pytest.mark.parametrize(
    ("parse", "text", "code", "choices"),
    [
        (parse_rate, "5 gbit/s", "unit.not-a-rate", ("5 Gbit/s",)),
        (parse_rate, "fast", "unit.not-a-rate", ("5 Gbit/s", "625 MB/s")),
        (parse_duration, "10", "unit.not-a-duration", ("10 s", "10 ms", "10 min")),
        (parse_duration, "-5 s", "unit.not-a-duration", ("10 s", "1m30s", "250 ms")),
        (parse_duration, "1 0 s", "unit.not-a-duration", ("10 s", "1m30s", "250 ms")),
        (parse_size, "1500", "unit.not-a-size", ("1500 B", "1500 KiB")),
        (parse_frequency, "500", "unit.not-a-frequency", ("500/s",)),
        (parse_count, "3 %", "unit.not-a-count", ("0", "16")),
    ],
)
def test_a_refusal_offers_what_was_probably_meant(
    parse: Callable[[str], Quantity], text: str, code: str, choices: tuple[str, ...]
) -> None:
    with pytest.raises(UnitError) as refused:
        parse(text)
    assert (refused.value.code, refused.value.values["choices"]) == (code, choices)


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [
        (Rate(21_749_669_888), "21.75 Gbit/s"),
        (Rate(1500), "1.5 kbit/s"),
        (Duration(119.7), "2 min"),
        (Duration(90), "90 s"),
        (Duration(-0.005), "-5 ms"),
        (Duration(0.0000004), "400 ns"),
        (Ratio(0.00001), "0.001 %"),
        (Ratio(0.9), "90 %"),
        (Frequency(500), "500/s"),
        (Frequency(20_000), "20 k/s"),
        (Count(12_345), "12,345"),
    ],
)
def test_quantities_are_shown_in_the_unit_that_fits(quantity: Quantity, shown: str) -> None:
    assert str(quantity) == shown


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Size(1024), "1 KiB"),
        (Size(1500), "1500 B"),
        (Rate(5e9), "5 Gbit/s"),
        (Duration(0.5), "500 ms"),
        (Duration(90), "90 s"),
        (Frequency(500), "500/s"),
    ],
)
def test_exact_text_is_the_shortest_that_people_would_write(quantity: Quantity, text: str) -> None:
    assert exact_text(quantity) == text


def test_iperf2_kilobytes_are_1024_bytes() -> None:
    """2,654,989 of them a second are 21.75 Gbit/s or 2.72 GB/s, not 21.2 and 2.65."""
    rate = parse_rate("2654989 KiB/s")
    assert rate == Rate(2_718_708_736 * 8)
    assert (str(rate), rate.in_bytes()) == ("21.75 Gbit/s", "2.72 GB/s")


def test_kinds_do_not_mix() -> None:
    rate: Quantity = Rate(1)
    with pytest.raises(TypeError):
        rate + Size(1)
    with pytest.raises(TypeError):
        rate.over(Ratio(1))


def test_arithmetic_keeps_the_kind() -> None:
    assert Rate(1e9).times(Duration(2)) == Size(250_000_000)
    assert Size(250_000_000).per(Duration(2)) == Rate(1e9)
    assert Duration(3) - Duration(1) == Duration(1) * 2
    assert Rate(9e8).over(Rate(1e9)) == 0.9
