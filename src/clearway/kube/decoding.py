"""Objects of the API from JSON. An API server writes null for a list, a map or a text that is empty: here it is absent.

Go writes null for every empty list without `omitempty`: `names` of an image without a name, `items` of an empty list.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Decoder(Generic[T]):
    """Reads objects of one kind, as far as it asks. Raises msgspec.DecodeError."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(kind)

    def decode(self, text: bytes | str | msgspec.Raw) -> T:
        try:
            return self._decode(text)
        except RecursionError:
            raise msgspec.DecodeError("it is nested deeper than any object of an API server") from None

    def _decode(self, text: bytes | str | msgspec.Raw) -> T:
        try:
            return self._decoder.decode(text)
        except msgspec.ValidationError:
            # Only then: a second pass over every list of a large cluster would take most of the time.
            return self._decoder.decode(msgspec.json.encode(without_nulls(msgspec.json.decode(text))))


def without_nulls(data: Any) -> Any:
    """The same without members that are null. Elements of lists stay: each has its place."""
    if isinstance(data, dict):
        return {key: without_nulls(value) for key, value in data.items() if value is not None}
    return [without_nulls(value) for value in data] if isinstance(data, list) else data
