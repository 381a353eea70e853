"""ClusterLoader2's functions give what they give there."""

from __future__ import annotations

import pytest

from clearway.cl2.templates.chance import Random
from clearway.cl2.templates.functions import cl2_functions, quoted
from gotemplate import Template, TemplateError

DATA = {"n": 3.0, "i": 5, "s": "text", "number": "2.5", "nul": None, "t": True, "f": False, "csv": "a,b,,c"}


def rendered(action: str, seed: int = 1) -> str:
    functions = cl2_functions(Random(seed), lambda name: f"<{name}>")
    return Template(f"{{{{{action}}}}}", functions=functions).render(DATA)


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("AddInt 1 2.9 .n .number", "9"),
        ("AddInt", "0"),
        ("AddFloat 1 .number", "3.5"),
        ("SubtractInt 1 2.5", "-1"),
        ("SubtractFloat 1 2.5", "-1.5"),
        ("MultiplyInt 2.5 .n", "7"),
        ("MultiplyFloat", "1"),
        ("DivideInt 7 2", "3"),
        ("DivideFloat 7 2", "3.5"),
        ("MaxInt 1 .n 2.9", "3"),
        ("MinFloat 1.5 .n", "1.5"),
        ("Ceil 1.2", "2"),
        ("Ceil -0.5", "-0"),
        ("Mod -7 3", "-1"),
        ("Mod 7 -3", "1"),
        ("MultiplyInt 1e10 1e10", "-9223372036854775808"),
        ("MultiplyFloat 1000 1000", "1e+06"),
        ('DefaultParam .nul "x"', "x"),
        ("DefaultParam .missing 5", "5"),
        ("DefaultParam .f 5", "false"),
        ('IfThenElse .t "a" "b"', "a"),
        ('IfThenElse (eq .i 5) "a" "b"', "a"),
        ("Loop 3", "[0 1 2]"),
        ("SliceOfZeros .n", "[0 0 0]"),
        ("Seq 2", "[0 0]"),
        ("len (StringSplit .csv)", "4"),
        ('Lowercase "AÉΣİ"', "aéσi"),
        ('Concat "a" .s', "atext"),
        ('IncludeFile "f.yaml"', "<f.yaml>"),
        ('IncludeEmbedFile "f.yaml"', "<f.yaml>"),
        ("StructuralData .s", "text"),
        ("YamlQuote .s 2", "text\n    "),
        ('RandDataWithSeed 1 "test-1"', "n"),
        ('RandDataWithSeed 20 "test"', "HlXm60Fjrvvp0pE3RK7l"),
        ("RandDataWithSeed 0 5", ""),
        ("RandIntRange 5 5", "5"),
        ('printf "%T %T %T" (AddInt 1) (AddFloat 1) (Loop 1)', "int float64 []int"),
    ],
)
def test_a_call_gives(action: str, text: str) -> None:
    assert rendered(action) == text


@pytest.mark.parametrize(
    ("action", "cause"),
    [
        ("AddInt .s", 'AddInt: "text" is no number'),
        ("AddInt .t", "AddInt: a value of type bool is no number"),
        ("AddInt .nul", "no number"),
        ("DivideInt 1 0", "divide by zero"),
        ("Mod 1 0.5", "divide by zero"),
        ("MaxInt", "no numbers to choose from"),
        ('IfThenElse 1 "a" "b"', "no condition"),
        ("Concat .s 5", "has to be text"),
        ("StringSplit .n", "has to be text"),
        ("Loop 1e9", "1000000 is the most"),
        ("Loop -1", "can't be made"),
        ("RandData 1e9", "can't be made"),
        ("RandInt -5", "no number below"),
        ('YamlQuote "a" .i', "write the number into the template"),
        ('YamlQuote "a" .n', "write the number into the template"),
        ("YamlQuote 5 2", "is no text"),
        ("RandDataWithSeed 5 .i", "no seed"),
    ],
)
def test_a_call_is_refused(action: str, cause: str) -> None:
    with pytest.raises(TemplateError, match=cause):
        rendered(action)


def test_a_seed_decides_what_is_drawn() -> None:
    drawn = 'RandData 5 | printf "%s %d %d %d" (RandData 3) (RandInt 9) (RandIntRange 5 6)'
    assert rendered(drawn, seed=1) == rendered(drawn, seed=1)
    assert rendered(drawn, seed=1) != rendered(drawn, seed=2)


def test_numbers_come_as_go_draws_them() -> None:
    random = Random(1)
    assert [random.below(100) for _ in range(8)] == [81, 87, 47, 59, 81, 18, 25, 40]
    assert random.below(2**40) < 2**40
    assert random.below(64) < 64


@pytest.mark.parametrize(
    ("text", "scalar"),
    [
        ("plain", "plain\n"),
        ("", '""\n'),
        ("true", '"true"\n'),
        ("0x1F", '"0x1F"\n'),
        ("1_000", '"1_000"\n'),
        ("12:30:45", '"12:30:45"\n'),
        ("2001-01-01", '"2001-01-01"\n'),
        ("2001-13-01", "2001-13-01\n"),
        ("~", '"~"\n'),
        ("a: b", "'a: b'\n"),
        ("a\nb\n", "|\n  a\n  b\n"),
        ("a\nb", "|-\n  a\n  b\n"),
        ("tab\t", '"tab\\t"\n'),
        ("日本", "日本\n"),
        ("\udcff", "!!binary /w==\n"),
    ],
)
def test_a_text_is_quoted_as_go_quotes_it(text: str, scalar: str) -> None:
    assert quoted(text) == scalar
