"""The namespaces of a test: made before its first step, removed after its last."""

from __future__ import annotations

import operator
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.cl2.config.model import NamespaceConfig
from clearway.kube.api import Access, Api, connect
from clearway.kube.errors import Exists, NotFound
from clearway.kube.objects import KubeObject, ObjectList
from clearway.kube.until import settle
from clearway.site.kubernetes.names import NAMESPACES, OURS
from clearway.site.parallel import at_once

_OF_TESTS = {**OURS, "clearway.dev/test-namespace": "true"}
_KIND = {"apiVersion": "v1", "kind": "Namespace"}
_MARK = "clearway.dev/test"
"""Tells one test's namespaces from another's."""


@dataclass(frozen=True)
class NamespaceDefaults:
    """What the command line says where a config says nothing."""

    delete_stale: bool = False
    delete_after: bool = True


def settled(wanted: NamespaceConfig, automanaged: int, defaults: NamespaceDefaults) -> NamespaceConfig:
    """The namespaces as they will be: every default in its place, a prefix made up where none is given."""
    stale, after = wanted.delete_stale_namespaces, wanted.delete_automanaged_namespaces
    return wanted.model_copy(
        update={
            "number": wanted.number or automanaged or 1,
            "prefix": wanted.prefix or f"test-{secrets.token_hex(3)}",
            "delete_stale_namespaces": defaults.delete_stale if stale is None else stale,
            "delete_automanaged_namespaces": defaults.delete_after if after is None else after,
        }
    )


def names_of(wanted: NamespaceConfig) -> tuple[str, ...]:
    return tuple(f"{wanted.prefix}-{index}" for index in range(1, wanted.number + 1))


@dataclass
class Namespaces:
    """Those of one test. Only what it made itself is ever removed, and all of that.

    What it made bears its mark: a request that was given up may have been granted all the same.
    """

    access: Access
    wanted: NamespaceConfig
    _mark: str = field(default_factory=lambda: secrets.token_hex(4))
    _begun: bool = False

    async def create(self) -> None:
        """Raises SiteError if one is there already and the config does not expect that."""
        async with connect(self.access) as api:
            if self.wanted.delete_stale_namespaces:
                await self._remove_stale(api)
            self._begun = True
            await at_once(self._create(api, name) for name in names_of(self.wanted))

    async def remove(self) -> None:
        """Take away those that `create` made. Raises SiteError naming what is still there after the timeout."""
        begun, self._begun = self._begun, False
        if not begun or not self.wanted.delete_automanaged_namespaces:
            return
        async with connect(self.access) as api:
            made = [name async for name in _labelled(api, {_MARK: self._mark})]
            await _remove(api, made, self.wanted.delete_namespace_timeout)

    async def _create(self, api: Api, name: str) -> None:
        labels = {**_OF_TESTS, _MARK: self._mark}
        try:
            await api.create(NAMESPACES, {**_KIND, "metadata": {"name": name, "labels": labels}})
        except Exists:
            if not self.wanted.enable_existing_namespaces:
                raise SiteError("door.namespace-exists", namespace=name) from None

    async def _remove_stale(self, api: Api) -> None:
        """Those of earlier tests, by the label that only ours bear."""
        own = set(names_of(self.wanted))
        stale = [name async for name in _labelled(api, _OF_TESTS) if name not in own]
        await _remove(api, stale, self.wanted.delete_namespace_timeout)


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
    return [name for name in names if await _is_there(api, name)]


async def _is_there(api: Api, name: str) -> bool:
    try:
        await api.get(f"{NAMESPACES}/{name}", KubeObject)
    except NotFound:
        return False
    return True
