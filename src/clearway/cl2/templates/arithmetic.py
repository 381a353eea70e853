"""ClusterLoader2's arithmetic: all operations use floats; functions with Int in their name return an int."""

from __future__ import annotations

import math
from functools import reduce

from gotemplate import Int, parse_float, unfit

_LOWEST = -(2**63)
"""Of Go's int64."""


def to_float(value: object) -> float:
    """Numbers, and text that is one. Raises ValueError for anything else."""
    if isinstance(value, str):
        number = parse_float(value)
        if number is None:
            raise ValueError(f'"{value}" is no number')
        return number
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unfit(value, "is no number")
    return float(value)


def to_int(value: float) -> Int:
    """Truncated, not rounded. A value outside int64 becomes the lowest int64, as Go does on amd64."""
    whole = int(value) if math.isfinite(value) else _LOWEST
    return Int(whole if _LOWEST <= whole < -_LOWEST else _LOWEST)


def add_float(*numbers: object) -> float:
    return reduce(lambda total, number: total + to_float(number), numbers, 0.0)


def subtract_float(first: object, second: object) -> float:
    return to_float(first) - to_float(second)


def multiply_float(*numbers: object) -> float:
    return reduce(lambda product, number: product * to_float(number), numbers, 1.0)


def divide_float(first: object, second: object) -> float:
    dividend, divisor = to_float(first), to_float(second)
    if divisor == 0:
        raise ValueError("it would divide by zero")
    return dividend / divisor


def max_float(*numbers: object) -> float:
    return _outermost(numbers, 1)


def min_float(*numbers: object) -> float:
    return _outermost(numbers, -1)


def _outermost(numbers: tuple[object, ...], direction: int) -> float:
    if not numbers:
        raise ValueError("there are no numbers to choose from")
    values = [to_float(number) for number in numbers]
    if any(map(math.isnan, values)) and math.inf * direction not in values:
        return math.nan
    return max(values, key=lambda value: (direction * value, direction * math.copysign(1, value)))


def ceil(number: object) -> float:
    value = to_float(number)
    return float(math.copysign(math.ceil(value), value)) if math.isfinite(value) else value


def modulo(first: object, second: object) -> Int:
    """With the sign of the first, as Go has it."""
    dividend, divisor = to_int(to_float(first)), to_int(to_float(second))
    if divisor == 0:
        raise ValueError("it would divide by zero")
    return Int(int(math.copysign(1, dividend)) * (abs(dividend) % abs(divisor)))


def add_int(*numbers: object) -> Int:
    return to_int(add_float(*numbers))


def subtract_int(first: object, second: object) -> Int:
    return to_int(subtract_float(first, second))


def multiply_int(*numbers: object) -> Int:
    return to_int(multiply_float(*numbers))


def divide_int(first: object, second: object) -> Int:
    return to_int(divide_float(first, second))


def max_int(*numbers: object) -> Int:
    return to_int(max_float(*numbers))


def min_int(*numbers: object) -> Int:
    return to_int(min_float(*numbers))
