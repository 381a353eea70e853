"""Imports between siblings go one way, in every folder of the source."""

from __future__ import annotations

import grimp

from meta.tree import PACKAGES

GRAPH = grimp.build_graph(*(package.name for package in PACKAGES), cache_dir=None)


def circle_among(parent: str) -> dict[str, set[str]]:
    """The modules and folders directly in a folder that a circle keeps from being put in order, with their imports."""
    children = sorted(GRAPH.find_children(parent))
    imports = {
        one: {
            other
            for other in children
            if other != one and GRAPH.direct_import_exists(importer=one, imported=other, as_packages=True)
        }
        for one in children
    }
    while lowest := [one for one, imported in imports.items() if not imported & imports.keys()]:
        for one in lowest:
            del imports[one]
    return {one: imported & imports.keys() for one, imported in imports.items()}


def test_no_two_siblings_import_each_other_in_a_circle() -> None:
    parents = sorted(module for module in GRAPH.modules if GRAPH.find_children(module))
    assert len(parents) > len(PACKAGES)
    assert {parent: circle for parent in parents if (circle := circle_among(parent))} == {}
