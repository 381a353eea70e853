"""Every record survives the wire, and nothing else does."""

from __future__ import annotations

import json
import math
from contextlib import nullcontext
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from clearway.base.units import Duration, Rate
from clearway.probe import records, wire
from clearway.probe.clock_offset import ClockOffset
from clearway.probe.codec import CodecError, of
from clearway.probe.histogram import Histogram
from clearway.probe.json_values import INTEGER, INTERVAL, NUMBER, VALUE, Codec, parsed
from clearway.probe.measurement import Counters, Http, Measurement
from clearway.probe.parameters import Parameters, UdpParameters
from unit.probe.guesses import VALUES, any_of

KINDS: list[Any] = [
    records.Slot,
    Parameters,
    Measurement,
    Histogram,
    records.Reason,
    records.Inventory,
    ClockOffset,
    records.Worker,
    records.Probe,
    records.Round,
    records.Request,
    Counters,
    records.Result,
    records.Observation,
    records.Finding,
]
EVERY_KIND = pytest.mark.parametrize("kind", KINDS, ids=str)


@cache
def by_schema(kind: Any) -> Draft202012Validator:
    return Draft202012Validator(of(kind).schema())


@EVERY_KIND
@given(data=st.data())
def test_a_record_comes_back_equal_and_is_what_its_schema_describes(kind: Any, data: st.DataObject) -> None:
    codec, record = of(kind), data.draw(any_of(kind))
    text = json.dumps(codec.encode(record), allow_nan=False)
    assert codec.decode(json.loads(text)) == record
    by_schema(kind).validate(json.loads(text))


@EVERY_KIND
def test_a_schema_is_a_schema(kind: Any) -> None:
    Draft202012Validator.check_schema(of(kind).schema())


@EVERY_KIND
@given(data=st.data(), junk=st.sampled_from([None, 7, "", "x", [], [1], True]))
def test_junk_is_refused_by_its_code(kind: Any, data: st.DataObject, junk: Any) -> None:
    with pytest.raises(CodecError):
        of(kind).decode(junk)


@given(any_of(records.Result))
def test_an_unknown_key_is_refused_by_codec_and_schema(result: records.Result) -> None:
    data = {**wire.RESULT.encode(result), "throughput": 0}
    with pytest.raises(CodecError) as caught:
        wire.RESULT.decode(data)
    assert (caught.value.code, caught.value.values["key"]) == ("codec.unknown-key", "throughput")
    assert not by_schema(records.Result).is_valid(data)


@given(any_of(records.Request), st.data())
def test_a_missing_key_is_refused(request: records.Request, data: st.DataObject) -> None:
    encoded = wire.REQUEST.encode(request)
    key = data.draw(st.sampled_from(sorted(wire.REQUEST.schema()["required"])))
    del encoded[key]
    with pytest.raises(CodecError) as caught:
        wire.REQUEST.decode(encoded)
    assert caught.value.values["key"] == key


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_neither_sent_nor_read(bad: float) -> None:
    with pytest.raises(CodecError):
        NUMBER.encode(bad)
    with pytest.raises(CodecError):
        of(Duration).encode(Duration(bad))
    with pytest.raises(CodecError):
        VALUE.encode(Rate(bad))
    for codec in (NUMBER, of(Duration), VALUE):
        with pytest.raises(CodecError):
            codec.decode(bad)


@given(VALUES)
def test_the_values_of_a_sentence_keep_their_kind(value: Any) -> None:
    back = VALUE.decode(json.loads(json.dumps(VALUE.encode(value))))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("junk", [{}, {"bit/s": 1, "s": 2}, {"mile": 1}])
def test_a_quantity_of_no_known_unit_is_refused(junk: Any) -> None:
    with pytest.raises(CodecError):
        VALUE.decode(junk)


def test_absent_is_an_absent_key_and_a_unit_is_in_the_key() -> None:
    assert wire.PARAMETERS.encode(UdpParameters(Rate(1e8))) == {
        "kind": "udp",
        "rate_bps": 1e8,
        "buffer_bytes": 4_000_000,
    }


def test_true_is_not_a_number() -> None:
    for codec in (INTEGER, NUMBER, of(Rate)):
        with pytest.raises(CodecError):
            codec.decode(True)


@pytest.mark.parametrize("key", ["", "x", "--1", "1.5", "1e3", "9" * 5000])
def test_a_histogram_with_a_senseless_bucket_is_refused(key: str) -> None:
    data = wire.MEASUREMENT.encode(Http(Histogram.of([0.001]), {}, Duration(1)))
    data["latency_s"]["buckets"] = {key: 1}
    with pytest.raises(CodecError):
        wire.MEASUREMENT.decode(data)


@pytest.mark.parametrize(
    "flow",
    [
        {"kind": "tcp", "retransmits": -1},
        {"kind": "tcp", "retransmits": 10**400},
        {"kind": "tcp", "interval_s": 1, "series_bytes": [-1]},
        {"kind": "tcp", "interval_s": 1, "series_bytes": []},
        {"kind": "tcp", "interval_s": 0, "series_bytes": [1]},
        {"kind": "udp", "received": -1},
    ],
)
def test_what_no_tool_can_count_is_refused(flow: dict[str, Any]) -> None:
    with pytest.raises(CodecError):
        wire.MEASUREMENT.decode(flow)


def test_a_bucket_beyond_every_number_is_read_as_the_largest_one() -> None:
    assert Histogram({10**15: 1}, 1, 1.0, 1.0, 1.0).percentile(99) == 1.0


@pytest.mark.parametrize(
    "text", ["", "node-1", "/0", "node-1/", "node-1/x", "node-1/-1", "node-1/²", "n/" + "9" * 5000]
)
def test_what_is_no_slot_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        wire.SLOT.decode(text)


@pytest.mark.parametrize("kind", [complex, tuple[int, int], int | str, set[int]], ids=str)
def test_a_type_without_a_form_in_json_has_no_codec(kind: Any) -> None:
    with pytest.raises(TypeError):
        of(kind)


@pytest.mark.parametrize("number", [10**400, 1e308, -1e308, 10**31])
@pytest.mark.parametrize("codec", [NUMBER, of(Duration), of(Rate)])
def test_a_number_beyond_all_that_is_measured_is_refused(codec: Codec[Any], number: float) -> None:
    with pytest.raises(CodecError):
        codec.decode(number)


def test_an_interval_is_something_to_divide_by() -> None:
    for seconds in (0, 5e-324, -1):
        with pytest.raises(CodecError):
            INTERVAL.decode(seconds)
    assert INTERVAL.decode(1e-9) == Duration(1e-9)


def test_an_error_keeps_little_of_what_was_found() -> None:
    with pytest.raises(CodecError) as caught:
        of(records.Half).decode("x" * 5000)
    assert len(caught.value.values["found"]) <= 80


@pytest.mark.parametrize("inner", ["[%s]", '{"code":"a","values":{"b":%s}}'])
def test_values_within_values_are_bounded(inner: str) -> None:
    """Deeper ones end the program where they are read, written or shown."""
    for depth, refused in ((10, False), (100, True), (300, True)):
        value = "1"
        for _ in range(depth):
            value = inner % value
        text = f'{{"kind":"k","subject":"s","at":0,"values":{{"v":{value}}}}}'
        with pytest.raises(CodecError, match=r"codec\.too-large") if refused else nullcontext():
            seen = wire.OBSERVATION.decode(parsed(text))
            assert wire.OBSERVATION.decode(wire.OBSERVATION.encode(seen)) == seen
