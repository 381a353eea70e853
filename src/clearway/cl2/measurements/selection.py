"""Which objects a measurement means: namespace, labels, fields."""

from __future__ import annotations

from clearway.base.units import Duration
from clearway.cl2.config.model import Part
from clearway.cl2.config.types import GoDuration


class Selection(Part):
    """Everything, where nothing is said."""

    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""

    @property
    def query(self) -> dict[str, str | int]:
        given = {"labelSelector": self.label_selector, "fieldSelector": self.field_selector}
        return {name: text for name, text in given.items() if text}

    def collection(self, prefix: str, plural: str) -> str:
        """The path of the objects of a kind: of the namespace, or of all."""
        place = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{prefix}{place}/{plural}"


class Patience(Selection):
    """How long they are waited for."""

    timeout: GoDuration = Duration(60)
    refresh_interval: GoDuration = Duration(5)
