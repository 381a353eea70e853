"""What the API writes as null is absent, in every record that reads the API."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clearway.kube
import clearway.site.kubernetes
from clearway.kube.decoding import Decoder
from clearway.kube.objects import ContainerImage, KubeNode, ObjectList


def _modules() -> Iterator[str]:
    for package in (clearway.kube, clearway.site.kubernetes):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield module.name


def _records(of: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    kind: type[msgspec.Struct]
    for kind in of.__subclasses__():
        if (
            kind.__module__.startswith("clearway.")
            and not kind.__module__.endswith(".kubeconfig")
            and kind.__struct_fields__
        ):
            yield kind
        yield from _records(kind)


for _module in _modules():
    importlib.import_module(_module)
RECORDS = tuple(sorted(set(_records(msgspec.Struct)), key=lambda kind: kind.__qualname__))
EVERY = pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)


def _fields(kind: type) -> tuple[Any, ...]:
    return msgspec.structs.fields(kind)


@EVERY
def test_null_is_as_good_as_absent_in_every_field_that_may_be_absent(kind: type) -> None:
    decoder: Decoder[Any] = Decoder(kind)
    needed = {one.encode_name: _least(one.type) for one in _fields(kind) if one.required}
    for one in _fields(kind):
        if not one.required and one.type is not msgspec.Raw:  # raw text is read when it is used
            with_null = msgspec.json.encode({**needed, one.encode_name: None})
            assert decoder.decode(with_null) == decoder.decode(msgspec.json.encode(needed)), one.name


@EVERY
def test_lists_maps_and_records_may_be_absent_wherever_an_api_server_leaves_them_out(kind: type) -> None:
    """Only what an object is nothing without is needed: its name and its metadata, the answer to a question."""
    containers = {one.name for one in _fields(kind) if one.required and not isinstance(_least(one.type), str | int)}
    assert containers <= {"metadata", "spec", "status", "object"}


def _least(kind: Any) -> Any:
    """The smallest JSON of a type."""
    if kind in (str, int, bool):
        return kind()
    if kind is msgspec.Raw:
        return {}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {one.encode_name: _least(one.type) for one in _fields(kind) if one.required}
    return []


texts = st.none() | st.text(max_size=3)
names = st.none() | st.lists(st.text(max_size=3), max_size=2)
labels = st.none() | st.dictionaries(st.text(max_size=3), texts, max_size=2)
conditions = st.none() | st.lists(st.fixed_dictionaries({}, optional={"type": texts, "status": texts}), max_size=2)
images = st.none() | st.lists(st.fixed_dictionaries({}, optional={"names": names}), max_size=3)
nodes = st.fixed_dictionaries(
    {"metadata": st.fixed_dictionaries({"name": st.just("n")}, optional={"labels": labels, "annotations": labels})},
    optional={
        "spec": st.none() | st.fixed_dictionaries({}, optional={"taints": st.none(), "unschedulable": st.none()}),
        "status": st.none() | st.fixed_dictionaries({}, optional={"conditions": conditions, "images": images}),
    },
)


@given(nodes)
def test_a_node_reads_the_same_with_its_nulls_and_without(node: dict[str, Any]) -> None:
    decoder = Decoder(KubeNode)
    assert decoder.decode(msgspec.json.encode(node)) == decoder.decode(msgspec.json.encode(_bare(node)))


def _bare(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _bare(value) for key, value in data.items() if value is not None}
    return [_bare(value) for value in data] if isinstance(data, list) else data


def test_an_image_without_a_name_costs_no_node_and_no_other_image() -> None:
    page = {"items": [{"metadata": {"name": "n"}, "status": {"images": [{"names": None}, {"names": ["a"]}]}}]}
    (node,) = Decoder(ObjectList[KubeNode]).decode(msgspec.json.encode(page)).items
    assert node.status.images == (ContainerImage(), ContainerImage(("a",)))


def test_what_is_wrong_otherwise_is_still_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        Decoder(KubeNode).decode(b'{"metadata": {"name": "n"}, "status": {"images": [null, {"names": 5}]}}')


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b'{"metadata": ' * 100_000, b'{"metadata": {"name": null}, "x": ' * 9_000]
)
def test_what_is_nested_without_end_is_a_declared_error(text: bytes) -> None:
    """Also where the part that is too deep is none that is read, and where nulls have to be taken out."""
    for kind in (ObjectList[KubeNode], dict[str, Any]):
        with pytest.raises(msgspec.DecodeError):
            Decoder(kind).decode(text)
