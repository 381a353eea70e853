"""A test from its namespaces to its last removal: in order, at once within a step, and cleaned up in any case."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api_server import ApiServer, Fault
from clearway.base.errors import SiteError
from clearway.cl2.config.model import NamespaceConfig
from clearway.cl2.executor import Executor
from clearway.cl2.measurements.base import Critical
from clearway.cl2.namespaces import NamespaceDefaults, Namespaces, settled
from clearway.cl2.outcome import CallOutcome, TestResult, exit_code
from clearway.cl2.prepare import Prepared
from clearway.kube.access import Access
from clearway.site.kubernetes import names
from clearway.verdict.model import State
from unit.cl2.doubles import Script, context, steps


class NoNamespaces(Namespaces):
    """For tests that are about something else."""

    def __init__(self, done: list[str]) -> None:
        super().__init__(Access(), NamespaceConfig())
        self._done = done

    async def create(self) -> None:
        self._done.append("namespaces made")

    async def remove(self) -> None:
        self._done.append("namespaces removed")


async def ran(script: Script, test: Prepared, folder: Path) -> TestResult:
    executor = Executor(context(folder), script.table, NoNamespaces(script.done), lambda step: None)
    return await executor.run(test)


def raising(error: Exception) -> Any:
    def act() -> Any:
        raise error

    return act


async def test_steps_come_in_order_and_are_disposed_of_in_reverse(tmp_path: Path) -> None:
    script = Script()
    result = await ran(script, steps("a", "b"), tmp_path)
    assert script.done == [
        "namespaces made",
        *("a begins", "a ends", "b begins", "b ends"),
        *("b disposed of", "a disposed of"),
        "namespaces removed",
    ]
    assert (result.state, exit_code([result])) == (State.MEASURED, 0)


async def test_the_calls_of_a_step_are_made_at_once(tmp_path: Path) -> None:
    met = asyncio.Barrier(3)

    async def meet() -> CallOutcome:
        await met.wait()
        return CallOutcome()

    script = Script(dict.fromkeys("abc", meet))
    async with asyncio.timeout(5):
        assert (await ran(script, steps("a+b+c"), tmp_path)).all_errors == ()


async def test_an_error_is_kept_and_the_steps_after_it_still_come(tmp_path: Path) -> None:
    script = Script({"a": raising(SiteError("door.no-data", count=1, pairs=1))})
    result = await ran(script, steps("a+b", "c"), tmp_path)
    assert [error.code for error in result.all_errors] == ["door.no-data"]
    assert "c ends" in script.done
    assert (result.state, exit_code([result])) == (State.INCONCLUSIVE, 3)


async def test_after_a_critical_error_only_cleaning_up_is_left(tmp_path: Path) -> None:
    script = Script({"a": raising(Critical("door.pods-not-running"))})
    await ran(script, steps("a", "b"), tmp_path)
    assert script.done == ["namespaces made", "a begins", "a disposed of", "namespaces removed"]


async def test_a_bug_in_a_measurement_is_ours_and_does_not_stop_the_cleaning(tmp_path: Path) -> None:
    script = Script({"a": raising(ZeroDivisionError())}, disposal=SiteError("door.interrupted"))
    result = await ran(script, steps("a"), tmp_path)
    assert [error.code for error in result.all_errors] == ["door.interrupted", "internal.bug"]
    assert script.done[-1] == "namespaces removed"
    assert exit_code([result]) == 4


async def test_an_interrupted_test_cleans_up_and_keeps_what_it_has(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def wait() -> CallOutcome:
        begun.set()
        await asyncio.Event().wait()
        return CallOutcome()

    script = Script({"b": wait})
    running = asyncio.create_task(ran(script, steps("a", "b", "c"), tmp_path))
    await begun.wait()
    running.cancel()
    result = await running
    assert [step.name for step in result.steps] == ["[step: 01] a", "[step: 02] b"]
    assert script.done[-3:] == ["b disposed of", "a disposed of", "namespaces removed"]
    assert exit_code([result]) == 130


async def test_a_missed_threshold_is_a_rejection(tmp_path: Path) -> None:
    script = Script({"a": lambda: CallOutcome(state=State.FAIL), "b": lambda: CallOutcome(state=State.PASS)})
    assert exit_code([await ran(script, steps("a", "b"), tmp_path)]) == 1


def wanted(**how: Any) -> NamespaceConfig:
    return settled(NamespaceConfig(prefix="mine", number=2, **how), 0, NamespaceDefaults())


def existing(server: ApiServer) -> set[str]:
    return {item["metadata"]["name"] for item in server.all(names.NAMESPACES)} - {"clearway", "kube-system"}


async def test_namespaces_are_made_and_removed(server: ApiServer, kubeconfig: Path) -> None:
    namespaces = Namespaces(Access(kubeconfig), wanted())
    await namespaces.create()
    assert existing(server) == {"mine-1", "mine-2"}
    await namespaces.remove()
    assert existing(server) == set()


async def test_namespaces_stay_where_the_config_says_so(server: ApiServer, kubeconfig: Path) -> None:
    namespaces = Namespaces(Access(kubeconfig), wanted(delete_automanaged_namespaces=False))
    await namespaces.create()
    await namespaces.remove()
    assert existing(server) == {"mine-1", "mine-2"}


async def test_a_foreign_namespace_is_an_error_and_is_never_removed(server: ApiServer, kubeconfig: Path) -> None:
    server.put(names.NAMESPACES, {"metadata": {"name": "mine-2"}})
    namespaces = Namespaces(Access(kubeconfig), wanted())
    with pytest.raises(SiteError) as caught:
        await namespaces.create()
    assert caught.value.values == {"namespace": "mine-2"}
    await namespaces.remove()
    assert existing(server) == {"mine-2"}


async def test_a_namespace_whose_making_was_given_up_is_removed_all_the_same(
    server: ApiServer, kubeconfig: Path
) -> None:
    """The request was granted, but its answer never came."""
    server.faults.append(Fault(lambda asked: asked.method == "POST", 1, after=True, hangs=True))
    namespaces = Namespaces(Access(kubeconfig), wanted())
    making = asyncio.ensure_future(namespaces.create())
    async with asyncio.timeout(30):
        while existing(server) != {"mine-1", "mine-2"}:  # noqa: ASYNC110 - the server is no object of this loop
            await asyncio.sleep(0.01)
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    await namespaces.remove()
    assert existing(server) == set()


async def test_a_namespace_may_be_there_where_the_config_expects_it(server: ApiServer, kubeconfig: Path) -> None:
    server.put(names.NAMESPACES, {"metadata": {"name": "mine-2"}})
    namespaces = Namespaces(Access(kubeconfig), wanted(enable_existing_namespaces=True))
    await namespaces.create()
    await namespaces.remove()
    assert existing(server) == {"mine-2"}


async def test_stale_namespaces_are_those_that_bear_our_label(server: ApiServer, kubeconfig: Path) -> None:
    server.put(names.NAMESPACES, {"metadata": {"name": "test-abcdef-1"}})
    await Namespaces(Access(kubeconfig), settled(NamespaceConfig(prefix="old"), 0, NamespaceDefaults())).create()
    await Namespaces(Access(kubeconfig), wanted(delete_stale_namespaces=True)).create()
    assert existing(server) == {"test-abcdef-1", "mine-1", "mine-2"}


def test_a_config_that_says_nothing_gets_one_namespace_of_a_made_up_name() -> None:
    one, other = (
        settled(NamespaceConfig(), 0, NamespaceDefaults(delete_stale=True, delete_after=False)) for _ in range(2)
    )
    assert (one.number, one.delete_stale_namespaces, one.delete_automanaged_namespaces) == (1, True, False)
    assert one.prefix != other.prefix
