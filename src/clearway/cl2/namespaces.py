"""The namespaces of a test: created before its first step, removed after its last."""

from __future__ import annotations

import operator
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.cl2.config.model import NamespaceConfig
from clearway.kube.access import Access
from clearway.kube.api import Api, connect
from clearway.kube.errors import Exists, NotFound
from clearway.kube.objects import KubeObject, ObjectList
from clearway.kube.until import settle
from clearway.site.base import at_once
from clearway.site.kubernetes.names import NAMESPACES, OURS

_OF_TESTS = {**OURS, "clearway.dev/test-namespace": "true"}
_KIND = {"apiVersion": "v1", "kind": "Namespace"}
_MARK = "clearway.dev/test"
"""Label that is different for each test."""


@dataclass(frozen=True)
class NamespaceDefaults:
    """The command line's values for fields that a config leaves out."""

    delete_stale: bool = False
    delete_after: bool = True


def settled(config: NamespaceConfig, automanaged: int, defaults: NamespaceDefaults) -> NamespaceConfig:
    """The namespaces with every default filled in, and with a random prefix if none is given."""
    stale, after = config.delete_stale_namespaces, config.delete_automanaged_namespaces
    return config.model_copy(
        update={
            "number": config.number or automanaged or 1,
            "prefix": config.prefix or f"test-{secrets.token_hex(3)}",
            "delete_stale_namespaces": defaults.delete_stale if stale is None else stale,
            "delete_automanaged_namespaces": defaults.delete_after if after is None else after,
        }
    )


def names_of(config: NamespaceConfig) -> tuple[str, ...]:
    return tuple(f"{config.prefix}-{index}" for index in range(1, config.number + 1))


@dataclass
class Namespaces:
    """The namespaces of one test. It removes all that it created, and nothing else.

    They are found by a label of the test: the server may have carried out a request that was given up.
    """

    access: Access
    config: NamespaceConfig
    _mark: str = field(default_factory=lambda: secrets.token_hex(4))
    _created: bool = False

    async def create(self) -> None:
        """Raises SiteError if one exists already and the config does not allow that."""
        async with connect(self.access) as api:
            if self.config.delete_stale_namespaces:
                await self._remove_stale(api)
            self._created = True
            await at_once(self._create(api, name) for name in names_of(self.config))

    async def remove(self) -> None:
        """Remove those that `create` created. Raises SiteError naming what still exists after the timeout."""
        created, self._created = self._created, False
        if not created or not self.config.delete_automanaged_namespaces:
            return
        async with connect(self.access) as api:
            made = [name async for name in _labelled(api, {_MARK: self._mark})]
            await _remove(api, made, self.config.delete_namespace_timeout)

    async def _create(self, api: Api, name: str) -> None:
        labels = {**_OF_TESTS, _MARK: self._mark}
        try:
            await api.create(NAMESPACES, {**_KIND, "metadata": {"name": name, "labels": labels}})
        except Exists:
            if not self.config.enable_existing_namespaces:
                raise SiteError("door.namespace-exists", namespace=name) from None

    async def _remove_stale(self, api: Api) -> None:
        """Those of earlier tests, found by clearway's label."""
        own = set(names_of(self.config))
        stale = [name async for name in _labelled(api, _OF_TESTS) if name not in own]
        await _remove(api, stale, self.config.delete_namespace_timeout)


async def _labelled(api: Api, labels: Mapping[str, str]) -> AsyncIterator[str]:
    query = {"labelSelector": ",".join(f"{name}={value}" for name, value in labels.items())}
    async for page in api.pages(NAMESPACES, ObjectList[KubeObject], **query):
        for item in page.items:
            yield item.metadata.name


async def _remove(api: Api, names: list[str], within: Duration) -> None:
    for name in names:
        with suppress(NotFound):
            await api.delete(f"{NAMESPACES}/{name}")
    if left := await settle(lambda: _still_there(api, names), operator.not_, within):
        raise SiteError("door.namespaces-left", namespaces=tuple(left), within=within)


async def _still_there(api: Api, names: list[str]) -> list[str]:
    found = []
    for name in names:
        with suppress(NotFound):
            await api.get(f"{NAMESPACES}/{name}", KubeObject)
            found.append(name)
    return found
