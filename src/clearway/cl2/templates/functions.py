"""ClusterLoader2's functions, by the names that its configs use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256

from clearway.cl2.templates import arithmetic
from clearway.cl2.templates.arithmetic import to_float, to_int
from clearway.cl2.templates.chance import Random
from clearway.cl2.templates.quoting import yaml_quote
from gotemplate import Function, Functions, Int, Ints, Strings, function, unfit

MOST_ITEMS = 1_000_000
MOST_CHARACTERS = 4_000_000


def cl2_functions(random: Random, include: Callable[[object], str]) -> Functions:
    """All of them, and Go's; what is drawn comes from `random`, what is included from `include`."""
    including = function(include)
    return Functions({**_PLAIN, **_drawing(random), "IncludeFile": including, "IncludeEmbedFile": including})


def default_param(value: object, otherwise: object) -> object:
    return otherwise if value is None else value


def if_then_else(condition: object, then: object, otherwise: object) -> object:
    if not isinstance(condition, bool):
        raise unfit(condition, "is no condition")
    return then if condition else otherwise


def loop(size: object) -> Ints:
    """0, 1, 2, ..."""
    return Ints(map(Int, range(_count(size))))


def slice_of_zeros(size: object) -> Ints:
    return Ints([Int(0)] * _count(size))


def _count(size: object) -> int:
    count = to_int(to_float(size))
    if not 0 <= count <= MOST_ITEMS:
        raise ValueError(f"a list of {count} items can't be made; {MOST_ITEMS} is the most")
    return count


def string_split(text: str) -> Strings:
    return Strings(text.split(","))


def concat(*texts: str) -> str:
    return "".join(texts)


def lowercase(text: str) -> str:
    """Letter by letter, as in Go: no letter becomes two, and none depends on its neighbours."""
    return "".join(letter.lower()[0] for letter in text)


def structural_data(value: object) -> object:
    """The value as it is: it may bring structure into the YAML."""
    return value


def _length(size: object) -> int:
    length = to_int(to_float(size))
    if not 0 <= length <= MOST_CHARACTERS:
        raise ValueError(f"a text of {length} characters can't be made; {MOST_CHARACTERS} is the most")
    return length


def rand_data_with_seed(size: object, seed: object) -> str:
    length = _length(size)
    if length and not isinstance(seed, str):
        raise unfit(seed, "is no seed")
    digest = sha256(str(seed).encode("utf-8", "surrogateescape")).digest()
    return Random(int.from_bytes(digest[:8], "big", signed=True)).text(length) if length else ""


def _drawing(random: Random) -> Mapping[str, Function]:
    def rand_data(size: object) -> str:
        return random.text(_length(size))

    def rand_int(most: object) -> Int:
        return Int(random.below(to_int(to_float(most)) + 1))

    def rand_int_range(least: object, most: object) -> Int:
        low, high = to_int(to_float(least)), to_int(to_float(most))
        return low if low >= high else Int(low + random.below(high - low + 1))

    return {
        "RandData": function(rand_data),
        "RandInt": function(rand_int),
        "RandIntRange": function(rand_int_range),
    }


_PLAIN: Mapping[str, Function] = {
    "AddFloat": function(arithmetic.add_float),
    "AddInt": function(arithmetic.add_int),
    "Ceil": function(arithmetic.ceil),
    "Concat": function(concat),
    "DefaultParam": function(default_param),
    "DivideFloat": function(arithmetic.divide_float),
    "DivideInt": function(arithmetic.divide_int),
    "IfThenElse": function(if_then_else),
    "Loop": function(loop),
    "Lowercase": function(lowercase),
    "MaxFloat": function(arithmetic.max_float),
    "MaxInt": function(arithmetic.max_int),
    "MinFloat": function(arithmetic.min_float),
    "MinInt": function(arithmetic.min_int),
    "Mod": function(arithmetic.modulo),
    "MultiplyFloat": function(arithmetic.multiply_float),
    "MultiplyInt": function(arithmetic.multiply_int),
    "RandDataWithSeed": function(rand_data_with_seed),
    "Seq": function(slice_of_zeros),
    "SliceOfZeros": function(slice_of_zeros),
    "StringSplit": function(string_split),
    "StructuralData": function(structural_data, shields=True),
    "SubtractFloat": function(arithmetic.subtract_float),
    "SubtractInt": function(arithmetic.subtract_int),
    "YamlQuote": function(yaml_quote),
}
