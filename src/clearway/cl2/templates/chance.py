"""Go's math/rand, so that a seed gives the text that it gives in ClusterLoader2.

The generator adds numbers 607 and 273 places back. Its start values mix the seed with the state of the same generator
after 7.8e12 numbers; that state is a jump in a linear recurrence, so it is computed, not kept as a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

_LENGTH, _TAP = 607, 273
_JUMP = 7_800_000_000_000
"""Numbers that Go's generator is ahead of its seed when the first one is drawn (`math/rand`, rngCooked)."""
_WORD = 2**64 - 1
"""Go computes in 64 bits."""
_SLOT = 18
"""Bytes for a coefficient of a product: twice 64 bit, and room for 607 of them."""
_PRIME = 2**31 - 1
"""Of the generator that spreads a seed (`math/rand`, seedrand)."""
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Random:
    """One generator. What is drawn depends on the seed and on what was drawn before."""

    def __init__(self, seed: int) -> None:
        drawn = _seeds(seed % _PRIME or 89482311)
        self._state = [_mixed(drawn, 40, 20) ^ cooked for cooked in _cooked()]
        self._drawn = 0

    def keep(self) -> tuple[list[int], int]:
        """The state, for `go_back`."""
        return list(self._state), self._drawn

    def go_back(self, kept: tuple[list[int], int]) -> None:
        self._state, self._drawn = list(kept[0]), kept[1]

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1. Raises ValueError if there is none."""
        if limit <= 0:
            raise ValueError(f"there is no number below {limit}")
        bits = 31 if limit < 2**31 else 63
        if limit & (limit - 1) == 0:
            return self._bits(bits) & (limit - 1)
        fair = 2**bits - 2**bits % limit
        while (number := self._bits(bits)) >= fair:
            pass
        return number % limit

    def text(self, length: int) -> str:
        return "".join(_ALPHABET[self.below(len(_ALPHABET))] for _ in range(length))

    def _bits(self, count: int) -> int:
        self._drawn += 1
        tap = -self._drawn % _LENGTH
        feed = (_LENGTH - _TAP - self._drawn) % _LENGTH
        self._state[feed] = number = (self._state[feed] + self._state[tap]) & _WORD
        return (number & (2**63 - 1)) >> (63 - count)


def _seeds(start: int) -> Iterator[int]:
    """A small generator that fills the large one. As in Go, its first twenty numbers are dropped."""
    number = start
    for drawn in range(20 + 3 * _LENGTH):
        number = 48271 * number % _PRIME
        if drawn >= 20:
            yield number


def _mixed(drawn: Iterator[int], high: int, middle: int) -> int:
    first, second, third = next(drawn), next(drawn), next(drawn)
    return (first << high ^ second << middle ^ third) & _WORD


@cache
def _cooked() -> tuple[int, ...]:
    """The generator's state after so many numbers, from the seed 1."""
    drawn = _seeds(1)
    vector = [_mixed(drawn, 20, 10) for _ in range(_LENGTH)]
    # In the order of drawing: what is drawn next depends on the entries 607 and 273 before it.
    order = [(_LENGTH - _TAP + _LENGTH - 1 - place) % _LENGTH for place in range(_LENGTH)]
    history = [vector[place] for place in order]
    for place in range(_LENGTH):
        history.append((history[place] + history[place + _LENGTH - _TAP]) & _WORD)
    weights = _power(_JUMP)
    product = _product(weights[::-1], history)
    after = product[_LENGTH - 1 : 2 * _LENGTH - 1]
    state = [0] * _LENGTH
    for place, number in zip(order, after, strict=True):
        state[(place - _JUMP) % _LENGTH] = number
    return tuple(state)


def _power(exponent: int) -> list[int]:
    """The coefficients of t**exponent modulo t**607 - t**334 - 1."""
    result = [1] + [0] * (_LENGTH - 1)
    for bit in f"{exponent:b}":
        result = _reduced(_product(result, result))
        if bit == "1":
            result = _reduced([0, *result])
    return result


def _reduced(coefficients: list[int]) -> list[int]:
    for place in range(len(coefficients) - 1, _LENGTH - 1, -1):
        coefficients[place - _LENGTH] += coefficients[place]
        coefficients[place - _TAP] += coefficients[place]
    return [coefficient & _WORD for coefficient in coefficients[:_LENGTH]]


def _product(first: list[int], second: list[int]) -> list[int]:
    """Of two polynomials modulo 2**64: as one product of large numbers, which Python multiplies quickly."""
    large = _packed(first) * _packed(second)
    data = large.to_bytes(_SLOT * (len(first) + len(second)), "little")
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data) - _SLOT, _SLOT)]


def _packed(coefficients: list[int]) -> int:
    return int.from_bytes(b"".join(one.to_bytes(_SLOT, "little") for one in coefficients), "little")
