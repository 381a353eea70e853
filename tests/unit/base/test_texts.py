"""What is taken out of text from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.texts import cleaned, is_clean
from clearway.probe import wire
from clearway.probe.codec import Codec
from clearway.probe.records import Observation, Slot, Worker


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain, 한국어, tab\tand\nnewline", "plain, 한국어, tab\tand\nnewline"),
        ("\x1b[31mred\x1b[0m", "\ufffdred\ufffd"),
        ("bell\x07, C1 \x9b, NUL \x00, \r", "bell\ufffd, C1 \ufffd, NUL \ufffd, \ufffd"),
        ("\u202eevil\u2066", "\ufffdevil\ufffd"),
        ("half a pair \ud800", "half a pair \ufffd"),
    ],
)
def test_what_could_steer_a_terminal_or_the_eye_is_replaced(text: str, safe: str) -> None:
    assert cleaned(text) == safe
    assert is_clean(text) == (text == safe)


@given(st.text(st.characters(codec=None)))
def test_cleaned_text_stays_clean_and_can_be_written(text: str) -> None:
    once = cleaned(text)
    assert cleaned(once) == once
    once.encode()


BAD = "\x1b[2J\u202e\ud800"


def test_no_word_of_a_worker_comes_in_unclean() -> None:
    worker = Worker(Slot(BAD), ("10.0.0.1",), 1500, (1,), facts={BAD: BAD}, network=BAD)
    seen = Observation(BAD, BAD, 0.0, {BAD: (BAD, BAD)})
    sent: tuple[tuple[Codec[Any], object], ...] = ((wire.WORKER, worker), (wire.OBSERVATION, seen))
    for codec, record in sent:
        read = codec.decode(json.loads(json.dumps(codec.encode(record))))
        assert is_clean(repr(read).replace("\\n", ""))
        assert "\\x1b" not in repr(read)
