"""Texts that are nearly right: seeds, changed in a few places.

Ours rather than hypothesis': that makes a thousand inputs a second of such texts, this makes tens of thousands, and ten
million inputs are the aim. The same seed of the random numbers makes the same inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

Change = Callable[[bytes, Random, Sequence[bytes]], bytes]
_NUMBERS = (
    *(b"-1", b"0", b"1e308", b"-1e308", b"5e-324", b"9223372036854775807", b"1e400", b"1e4000000", b"-inf", b"NaN"),
    *(b"9" * 20, b"9" * 400, b"9" * 5000, b"0x" + b"f" * 300),
)
_PIECES = (
    *(b"", b"\0", b"\x02", b"\xff\xfe", b"\xc3\x28", b"\x1b[31m", b"\xe2\x80\xae", b"\n", b"\r\n", b"\t", b" "),
    *_NUMBERS,
    *(b"\xd9\xa3", b"null", b"true", b"{}", b"[]", b'"', b"'", b"{{", b"}}", b":", b"- ", b"&a ", b"*a"),
    *(b"!!python/object ", b"[" * 2000, b"{" * 2000, b"(" * 300, b"%1000000d", b"{{range 1000000000}}", b"1_000"),
    *(b"\\ud800", b"[" * 600 + b"]" * 600, b'{"a":' * 450 + b"1" + b"}" * 450),
)


def mutated(seeds: Sequence[bytes], random: Random) -> bytes:
    """One of the seeds with one to eight changes."""
    content = random.choice(seeds)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        content = random.choice(_CHANGES)(content, random, seeds)
    return content


def _span(content: bytes, random: Random) -> tuple[int, int]:
    begin = random.randint(0, len(content))
    return begin, min(len(content), begin + random.choice((0, 1, 1, 2, 4, 16, 64)))


def _put(content: bytes, random: Random, seeds: Sequence[bytes]) -> bytes:
    begin, end = _span(content, random)
    return content[:begin] + random.choice(_PIECES) + content[end:]


def _flip(content: bytes, random: Random, seeds: Sequence[bytes]) -> bytes:
    if not content:
        return content
    at = random.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << random.randrange(8))]) + content[at + 1 :]


def _cut(content: bytes, random: Random, seeds: Sequence[bytes]) -> bytes:
    begin, end = _span(content, random)
    return content[:begin] if random.random() < 0.2 else content[:begin] + content[end:]


def _again(content: bytes, random: Random, seeds: Sequence[bytes]) -> bytes:
    begin, end = _span(content, random)
    return content[:begin] + content[begin:end] * random.choice((2, 3, 50)) + content[end:]


def _spliced(content: bytes, random: Random, seeds: Sequence[bytes]) -> bytes:
    other = random.choice(seeds)
    return content[: random.randint(0, len(content))] + other[random.randint(0, len(other)) :]


def _number(content: bytes, random: Random, seeds: Sequence[bytes]) -> bytes:
    """A number, or one digit of it, becomes something that looks like a number."""
    begin = random.randint(0, max(0, len(content) - 1))
    found = _NUMERAL.search(content, begin) or _NUMERAL.search(content)
    if found is None:
        return content
    end = found.end() if random.random() < 0.7 else found.start() + 1
    return content[: found.start()] + random.choice(_NUMBERS) + content[end:]


_NUMERAL = re.compile(rb"-?[0-9][0-9.]*")
_CHANGES: tuple[Change, ...] = (_put, _put, _flip, _cut, _again, _spliced, _number)
