"""The cluster-scoped objects of a run: found, or created for the run and removed after it."""

from __future__ import annotations

import operator
from contextlib import suppress
from dataclasses import dataclass, field

from clearway.base.errors import SiteError
from clearway.base.units import Duration
from clearway.kube.api import Api, ApiObject
from clearway.kube.errors import Exists, Forbidden, KubeError, NotFound
from clearway.kube.objects import KubeObject, ObjectList
from clearway.kube.until import settle, settle_in_service
from clearway.probe.records import Finding, Severity
from clearway.site.base import FindingLog
from clearway.site.kubernetes import names
from clearway.site.kubernetes.cluster_scope import OUR_SCOPE, Scoped, namespace_object

_BY_RUN = "run"
_SERVED_WITHIN = Duration(20)
"""An API server serves a new kind about a second after it is created; a busy one of several servers takes longer."""
GONE_WITHIN = Duration(30)
"""Workers end within 5 s, and garbage collection runs a few seconds after its owner is deleted; the rest is reserve."""
_OLD_ONE_GONE_WITHIN = Duration(90)
"""A cluster takes so long for a namespace with a pod on a node that does not answer."""


@dataclass
class Installation:
    """Cluster-scoped objects that this run or another one created: the last run that uses them removes them."""

    api: Api
    namespace: str
    log: FindingLog
    scope: Scoped = OUR_SCOPE
    _kept_by_runs: list[str] = field(default_factory=list)
    """Paths, in the order of creation."""

    async def ensure(self) -> None:
        """Make sure that the kind is served and the namespace exists. Raises SiteError that says what to do."""
        for path in (f"{names.NAMESPACES}/{self.namespace}", self._crd):
            await self._await_deletion(path)
        await self._ensure_namespace()
        if not await self.is_served():
            await self._install()
        elif await self._is_kept_by_runs(self._crd):
            rules = (f"{collection}/{make(_BY_RUN)['metadata']['name']}" for collection, make in self.scope.rules)
            self._kept_by_runs += [self._crd, *rules]
        await self.await_served()

    async def remove(self) -> None:
        """Remove what runs created for themselves, unless another run still needs it."""
        kept, self._kept_by_runs = self._kept_by_runs, []
        going = [path for path in kept if not await self._is_in_use(path)]
        for path in reversed(going):
            with suppress(NotFound, Forbidden):
                await self.api.delete(path)
        for path in reversed(going):
            await self._await_gone(path)

    @property
    def _crd(self) -> str:
        return f"{names.CRDS}/{self.scope.kind.crd}"

    async def _await_deletion(self, path: str) -> None:
        """Wait for an object of an earlier run that is still being deleted: nothing new can be created in it."""
        try:
            found = await self.api.get(path, KubeObject)
        except (NotFound, Forbidden):
            return
        if found.metadata.deletion_timestamp is not None:
            self.log(Finding("kubernetes.going", Severity.INFO, path.rpartition("/")[2]))
            await self._await_gone(path, _OLD_ONE_GONE_WITHIN)

    async def _ensure_namespace(self) -> None:
        path = f"{names.NAMESPACES}/{self.namespace}"
        try:
            if await self._is_kept_by_runs(path):
                self._kept_by_runs.append(path)
        except NotFound:
            await self._create(names.NAMESPACES, namespace_object(self.namespace, _BY_RUN, self.scope.pod_security))
            self.log(Finding("kubernetes.namespace-made", Severity.INFO, self.namespace))

    async def _is_kept_by_runs(self, path: str) -> bool:
        """Raises NotFound. False without the right to read it: a run can still use the object, and keeps it."""
        try:
            found = await self.api.get(path, KubeObject)
        except Forbidden:
            return False
        return found.metadata.annotations.get(names.KEEPER) == _BY_RUN

    async def is_served(self) -> bool:
        """Whether the kind exists in our version. Raises SiteError for another version."""
        try:
            found = await self.api.get(self._crd, KubeObject)
        except NotFound:
            return False
        except Forbidden:
            return await self._is_discovered()
        self._check_version(found)
        return True

    async def _is_discovered(self) -> bool:
        try:
            await self.api.get(self.scope.kind.api, dict)
        except NotFound:
            return False
        return True

    def _check_version(self, found: KubeObject) -> None:
        there = found.metadata.annotations.get(names.SCHEMA)
        wanted = self.scope.crd(_BY_RUN)["metadata"]["annotations"][names.SCHEMA]
        if there != wanted:
            raise SiteError("kubernetes.other-version", kind=self.scope.kind.crd, found=there, wanted=wanted)

    async def _install(self) -> None:
        self.log(Finding("kubernetes.installing", Severity.WARNING, self.scope.kind.crd))
        try:
            await self._create(names.CRDS, self.scope.crd(_BY_RUN))
        except Forbidden as error:
            raise SiteError(
                "kubernetes.not-installed", kind=self.scope.kind.crd, message=error.values["message"]
            ) from error
        try:
            for collection, make in self.scope.rules:
                await self._create(collection, make(_BY_RUN))
        except (Forbidden, NotFound) as error:
            self.log(Finding("kubernetes.no-policy", Severity.WARNING, names.POLICY, {"message": error.reason}))

    async def _create(self, collection: str, manifest: ApiObject) -> None:
        """Also where another run was quicker: whichever ends last removes it."""
        path = f"{collection}/{manifest['metadata']['name']}"
        try:
            await self.api.create(collection, manifest)
        except Exists:
            if not await self._is_kept_by_runs(path):
                return
        self._kept_by_runs.append(path)

    async def await_served(self) -> None:
        """Wait: a new kind is accepted first and served a moment later."""
        collection = self.scope.kind.within(self.namespace)
        if not await settle(lambda: self._answers(collection), bool, _SERVED_WITHIN):
            raise SiteError("kubernetes.kind-not-served", kind=self.scope.kind.crd, within=_SERVED_WITHIN)

    async def _answers(self, path: str) -> bool:
        try:
            await self.api.get(path, dict, limit=1)
        except NotFound:
            return False
        return True

    async def _is_in_use(self, path: str) -> bool:
        """Whether another run has a Job in the namespace or, for a CRD, any mailbox, which would be deleted with it."""
        is_namespace = path.startswith(names.NAMESPACES)
        query = names.Paths(self.namespace).jobs if is_namespace else self.scope.kind.everywhere
        try:
            used = bool((await self.api.get(query, ObjectList[KubeObject], limit=1, **names.selector())).items)
        except KubeError:
            used = True
        if used and (is_namespace or path.startswith(names.CRDS)):
            code = "kubernetes.namespace-in-use" if is_namespace else "kubernetes.kind-in-use"
            self.log(Finding(code, Severity.INFO, path.rpartition("/")[2]))
        return used

    async def _await_gone(self, path: str, within: Duration = GONE_WITHIN) -> None:
        """Report what is still there after this time, with what blocks its removal; its deletion goes on."""
        left = await settle_in_service(self.api.presence, lambda: self._found(path), operator.not_, within)
        if left is not None:
            values = {"within": within, "blocking": _true_conditions(left)}
            self.log(Finding("kubernetes.not-gone", Severity.WARNING, path, values))

    async def _found(self, path: str) -> KubeObject | None:
        try:
            return await self.api.get(path, KubeObject)
        except NotFound:
            return None


def _true_conditions(found: KubeObject) -> tuple[str, ...]:
    """Messages of the API server about an object that is being deleted."""
    return tuple(one.message for one in found.status.conditions if one.status == "True" and one.message)
