"""Floats as Go writes them."""

from __future__ import annotations

import math

from gotemplate.formatting.directive import Directive

VERBS = frozenset("vbgGxXfFeE")
_FIXED = frozenset("fFeE")
_FRACTION_DIGITS = 13
"""Hexadecimal digits of a float's fraction."""


def general(value: float) -> str:
    """The shortest text that reads back as the same float: Go's default form."""
    if value.is_integer() and 1 <= abs(value) < 1e6:
        # Whole numbers are the most common by far.
        return str(int(value))
    if not math.isfinite(value):
        return _sign(value, "+") + _named(value) if math.isinf(value) else _named(value)
    return _sign(value) + _general(abs(value))


def formatted_float(value: float, directive: Directive) -> str:
    plain = "+" if directive.plus else " " if directive.space else ""
    if not math.isfinite(value):
        sign = plain or ("+" if math.isinf(value) else "")
        return directive.padded(_sign(value, sign) + _named(value), zeros=False)
    sign, body = _sign(value, plain), _body(abs(value), directive)
    if directive.zero and not directive.minus:
        return sign + body.rjust((directive.width or 0) - len(sign), "0")
    return directive.padded(sign + body)


def _sign(value: float, plain: str = "") -> str:
    return "-" if math.copysign(1, value) < 0 and not math.isnan(value) else plain


def _named(value: float) -> str:
    return "NaN" if math.isnan(value) else "Inf"


def _body(value: float, directive: Directive) -> str:
    verb = {"v": "g", "F": "f"}.get(directive.verb, directive.verb)
    precision = directive.precision
    if precision is None and verb in _FIXED:
        precision = 6
    body = _written(value, verb, precision)
    return _sharp(body, verb, precision) if directive.sharp and verb != "b" else body


def _written(value: float, verb: str, precision: int | None) -> str:
    if verb == "b":
        return _binary(value)
    if verb in "xX":
        text = _hexadecimal(value, precision)
        return text.upper() if verb == "X" else text
    if precision is None:
        text = _general(value)
        return text.upper() if verb == "G" else text
    return f"{value:.{precision}{verb}}"


def _general(value: float) -> str:
    digits, exponent = _shortest(value)
    if -4 <= exponent < 6:
        return _positional(digits, exponent)
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{exponent:+03d}"


def _shortest(value: float) -> tuple[str, int]:
    """The significant digits, and the exponent of the first."""
    mantissa, _, power = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = len(digits) - len(fraction) - 1 + int(power or 0)
    return (digits.rstrip("0"), exponent) if digits else ("0", 0)


def _positional(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def _binary(value: float) -> str:
    fraction, exponent = math.frexp(value)
    exponent = max(exponent - 53, -1074) if value else -1074
    return f"{int(math.ldexp(fraction, math.frexp(value)[1] - exponent))}p{exponent:+d}"


def _hexadecimal(value: float, precision: int | None) -> str:
    fraction, exponent = math.frexp(value)
    mantissa, exponent = int(fraction * 2**53), exponent - 1 if value else 0
    digits = _FRACTION_DIGITS
    if precision is not None and precision < digits:
        mantissa, exponent = _rounded(mantissa, 4 * (digits - precision), exponent)
        digits = precision
    whole, rest = divmod(mantissa, 16**digits)
    tail = f"{rest:0{digits}x}" if digits else ""
    tail = tail.rstrip("0") if precision is None else tail.ljust(precision, "0")
    return f"0x{whole}{'.' if tail else ''}{tail}p{exponent:+03d}"


def _rounded(mantissa: int, shift: int, exponent: int) -> tuple[int, int]:
    """Rounds half to even; a mantissa that becomes 2 is 1 with the next exponent."""
    kept, lost = divmod(mantissa, 1 << shift)
    kept += lost * 2 + (kept & 1) > 1 << shift
    if kept >> (53 - shift):
        return kept >> 1, exponent + 1
    return kept, exponent


def _sharp(body: str, verb: str, precision: int | None) -> str:
    """`%#g`: always a point, and zeros up to the precision."""
    wanted = (6 if precision is None else precision) if verb in "gGx" else 0
    marks = "pP" if verb in "xX" else "eE"
    cut = next((position for position, sign in enumerate(body) if sign in marks), len(body))
    number, tail = body[:cut], body[cut:]
    missing = wanted - len(number.replace(".", "").lstrip("0"))
    if "." not in number:
        missing -= number == "0"
        number += "."
    return number + "0" * max(missing, 0) + tail
