"""Which objects a measurement means, and whether the cluster says that they are ready."""

from __future__ import annotations

from clearway.base.units import Duration
from clearway.cl2.config.model import Part
from clearway.cl2.config.types import GoDuration
from clearway.kube.api import Api, ApiObject

SHOWN = 5
"""Objects that an error names; more would hide the sentence."""
_SHORTEST_PAUSE = Duration(0.2)
"""Between two looks, also where a test asks for less: a list of all pods is work for an API server."""


class Selection(Part):
    """By namespace, labels and fields; everything, where none of them is given."""

    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""

    async def objects(self, api: Api, prefix: str, plural: str, *, namespaced: bool = True) -> list[ApiObject]:
        """The objects of a kind that are selected, as they are now. Raises KubeError."""
        namespace = f"/namespaces/{self.namespace}" if namespaced and self.namespace else ""
        given = {"labelSelector": self.label_selector, "fieldSelector": self.field_selector}
        query = {name: text for name, text in given.items() if text}
        pages = [page async for page in api.pages(f"{prefix}{namespace}/{plural}", dict, **query)]
        return [item for page in pages for item in page["items"]]


class PolledSelection(Selection):
    """With the time to wait for them."""

    timeout: GoDuration = Duration(60)
    refresh_interval: GoDuration = Duration(5)

    @property
    def every(self) -> Duration:
        return max(_SHORTEST_PAUSE, self.refresh_interval)


def name_of(item: ApiObject) -> str:
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


def is_ready(item: ApiObject) -> bool:
    """Whether the object's `Ready` condition is true."""
    conditions = item.get("status", {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
