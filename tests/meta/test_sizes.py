"""Files and functions stay small enough to be read at one go."""

from __future__ import annotations

from statistics import median

from meta.tree import ROOT, all_sources, functions, length


def test_no_file_has_400_lines() -> None:
    sizes = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path, _ in all_sources()}
    assert {path: size for path, size in sizes.items() if size >= 400} == {}


def test_no_function_has_more_than_50_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{function.name}": length(function)
        for path, module in all_sources()
        for function in functions(module)
        if length(function) > 50
    }
    assert long == {}


def test_half_of_the_functions_have_fewer_than_10_lines() -> None:
    assert median(length(function) for _, module in all_sources() for function in functions(module)) < 10
