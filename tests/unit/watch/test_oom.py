"""The OOM tracker tells what happened since the start by the servers' clocks, and names who could not look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api_objects import Json
from api_server import ApiServer, Fault, api_server
from clearway.base.clock import Clock
from clearway.base.errors import LedgerError
from clearway.kube.access import Access
from clearway.probe.records import Observation, Reason
from clearway.shell.base import Answer, CommandOutput, NotRun, ShellCommand
from clearway.site.base import WatchContext
from clearway.watch.oom.records import killed
from clearway.watch.oom.tracker import OomTracker

PODS, EVENTS = "/api/v1/pods", "/api/v1/events"
OWN_PODS, OWN_EVENTS = "/api/v1/namespaces/mine/pods", "/api/v1/namespaces/default/events"
NODES = frozenset({"node-1", "node-2"})


def utc(shift: float = 0.0) -> str:
    return datetime.fromtimestamp(Clock().now() + shift, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(name: str, finished: str | None = None) -> Json:
    """A pod as a real API server holds it, cut to what matters; `finished`: killed then, and running again."""
    over = {"exitCode": 137, "reason": "OOMKilled", "startedAt": "2026-11-25T01:00:00Z", "finishedAt": finished}
    status = {
        "name": "eater",
        "ready": True,
        "restartCount": 1,
        "state": {"running": {"startedAt": "2026-11-25T01:49:50Z"}},
        "lastState": {"terminated": over} if finished else {},
    }
    container = {"name": "eater", "image": "pause", "resources": {"limits": {"memory": "32Mi"}}}
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": "node-2", "containers": [container]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }


def event(name: str, reason: str, message: str, at: str) -> Json:
    return {
        "metadata": {"name": name, "namespace": "default"},
        "involvedObject": {"kind": "Node", "name": "node-1"},
        "reason": reason,
        "message": message,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "eventTime": None,
        "count": 1,
    }


@dataclass
class Seen:
    """What a context was told."""

    observations: list[Observation] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def context(self) -> WatchContext:
        return WatchContext(NODES, Clock(), self.take, lambda reason: pytest.fail(f"stopped: {reason.code}"))

    def take(self, observation: Observation) -> None:
        self.observations.append(observation)
        self.news.set()

    def of(self, kind: str) -> list[tuple[str, Mapping[str, object]]]:
        return [(one.subject, one.values) for one in self.observations if one.kind == kind]

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not enough():
                self.news.clear()
                await self.news.wait()


@pytest.fixture
def seen() -> Seen:
    return Seen()


Tracking = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture
def tracking(tmp_path: Path, seen: Seen) -> Tracking:
    def begin(server: ApiServer, shell: FakeNodes | None = None) -> AbstractAsyncContextManager[None]:
        return OomTracker(Access(server.kubeconfig(tmp_path)), "mine", shell).watching(seen.context)

    return begin


async def test_a_container_killed_for_memory_is_reported_with_pod_node_time_and_limit(
    seen: Seen, tracking: Tracking
) -> None:
    with api_server() as server:
        server.put(PODS, pod("eater"))
        async with tracking(server):
            server.put(PODS, pod("eater", finished=utc()))
            await seen.until(lambda: bool(seen.of("oom")))
            server.put(PODS, pod("eater", finished=utc(5)))
            await seen.until(lambda: len(seen.of("oom")) == 2)
    subject, values = seen.of("oom")[0]
    assert subject == "shop/eater"
    assert (values["node"], values["container"], values["limit"]) == ("node-2", "eater", "32Mi")
    assert abs(float(str(values["time"])) - Clock().now()) < 60


async def test_an_older_kill_is_not_reported_whenever_it_comes_to_light(seen: Seen, tracking: Tracking) -> None:
    """Neither one that is there at the start, nor one whose status was written late: by the servers' clocks."""
    with api_server() as server:
        server.put(PODS, pod("early", finished=utc(-5)))
        async with tracking(server):
            server.put(PODS, pod("late-status", finished=utc(-60)))
            server.put(PODS, pod("early", finished=utc(-5)) | {"spec": {"nodeName": "node-1"}})
            server.put(PODS, pod("eater", finished=utc()))
            await seen.until(lambda: bool(seen.of("oom")))
    assert [subject for subject, _ in seen.of("oom")] == ["shop/eater"]


async def test_a_kill_is_reported_once_though_watches_expire(seen: Seen, tracking: Tracking) -> None:
    with api_server() as server:
        async with tracking(server):
            server.put(PODS, pod("eater", finished=utc()))
            await seen.until(lambda: len(seen.of("oom")) == 1)
            server.expire()
            server.put(PODS, pod("other", finished=utc()))
            await seen.until(lambda: len(seen.of("oom")) == 2)
    assert [subject for subject, _ in seen.of("oom")] == ["shop/eater", "shop/other"]


async def test_of_very_many_pods_all_are_looked_at_page_by_page(
    seen: Seen, tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.kube.api._PAGE", 2)
    with api_server() as server:
        for number in range(5):
            server.put(PODS, pod(f"old-{number}", finished=utc()))
        async with tracking(server):
            server.expire()
            server.put(PODS, pod("eater", finished=utc()))
            await seen.until(lambda: bool(seen.of("oom")))
        pages = [path for verb, path in server.requests if path.startswith(PODS) and "limit=2" in path]
    assert [subject for subject, _ in seen.of("oom")] == ["shop/eater"]
    assert len(pages) >= 6


async def test_events_of_nodes_name_the_process(seen: Seen, tracking: Tracking) -> None:
    with api_server() as server:
        async with tracking(server):
            words = "System OOM encountered, victim process: stress, pid: 4711"
            server.put(EVENTS, event("a", "SystemOOM", words, utc()))
            await seen.until(lambda: bool(seen.of("oom")))
    (subject, values), *_ = seen.of("oom")
    assert (subject, values["process"], values["pid"], values["source"]) == ("node-1", "stress", "4711", "events")


async def test_who_may_not_look_everywhere_looks_where_it_may_and_says_so(seen: Seen, tracking: Tracking) -> None:
    with api_server() as server:
        server.faults.append(Fault(lambda asked: asked.path in (PODS, EVENTS), 1_000, 403, message="may not list"))
        async with tracking(server):
            server.put(OWN_PODS, pod("eater", finished=utc()))
            await seen.until(lambda: bool(seen.of("oom")))
    assert ("containers", {"scope": "mine"}) in seen.of("oom-observer")
    assert ("containers", {"scope": "cluster", "cause": "may not list"}) in seen.of("oom-not-observed")


async def test_an_api_that_answers_nothing_is_not_observed_and_no_error(seen: Seen, tracking: Tracking) -> None:
    with api_server() as server:
        server.faults.append(Fault(lambda asked: True, 1_000, 403, message="who are you"))
        async with tracking(server):
            pass
    assert {subject for subject, _ in seen.of("oom-not-observed")} == {"containers", "events"}
    assert seen.of("oom-observer") == []


@dataclass
class FakeNodes:
    """Answers of nodes, in order; a real one's words."""

    answers: dict[str, list[Answer]]
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def run(self, node: str, command: ShellCommand) -> Answer:
        self.asked.append(command.argv)
        return self.answers[node].pop(0)

    async def close(self) -> None: ...


OLD = "[  100.000000] Memory cgroup out of memory: Killed process 7 (old) total-vm:1kB, anon-rss:1kB"
NEW = (
    "[  204.500000] Memory cgroup out of memory: Killed process 4711 (python3) total-vm:94208kB, anon-rss:65536kB, "
    "file-rss:4096kB, shmem-rss:0kB, UID:65534 pgtables:220kB oom_score_adj:990"
)


async def test_a_kernel_log_shows_what_came_after_its_last_line_of_the_start(seen: Seen) -> None:
    before = CommandOutput(0, f"now 1000 200.00\n[  150.000000] eth0: up\n{OLD}\n")
    after = CommandOutput(0, f"now 1010 210.00\n{NEW}\n{OLD}\n{NEW}\n")
    shell = FakeNodes({"node-1": [before, after], "node-2": [NotRun(Reason("shell.no-road"))]})
    async with OomTracker(None, shell=shell).watching(seen.context):
        assert seen.of("oom") == []
    ((subject, values),) = seen.of("oom")
    assert (subject, values["process"], values["pid"], values["memory"]) == ("node-1", "python3", "4711", "94208kB")
    assert values["time"] == pytest.approx(1004.5)
    assert seen.of("oom-observer") == [("kernel-log", {"scope": "node-1"})]
    assert seen.of("oom-not-observed") == [("kernel-log", {"scope": "node-2", "cause": "shell.no-road"})]


async def test_a_node_that_was_booted_meanwhile_shows_all_of_its_new_log(seen: Seen) -> None:
    before = CommandOutput(0, "now 1000 5000.00\n[ 4990.000000] eth0: up\n")
    after = CommandOutput(0, f"now 1300 210.00\n{NEW}\n{NEW}\n")
    shell = FakeNodes({node: [before, after] for node in NODES})
    shell.answers["node-2"] = [CommandOutput(1, "", "dmesg: read kernel buffer failed: Operation not permitted")]
    async with OomTracker(None, shell=shell).watching(seen.context):
        pass
    assert [subject for subject, _ in seen.of("oom")] == ["node-1"]
    assert "not permitted" in str(seen.of("oom-not-observed")[0][1]["cause"])


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (
            "Memory cgroup out of memory: Killed process 1012 (stress) total-vm:8kB, anon-rss:4kB, file-rss:0kB",
            {"pid": "1012", "process": "stress", "memory": "8kB"},
        ),
        ("System OOM encountered, victim process: tini, pid: 7", {"pid": "7", "process": "tini"}),
        ("Killed process 9 (a (b)), UID 0, total-vm:8kB", {"pid": "9", "process": "a (b)", "memory": "8kB"}),
        ("something else", {}),
    ],
)
def test_the_victim_is_read_from_a_kernels_or_a_kubelets_words(message: str, named: dict[str, str]) -> None:
    assert killed(message) == named


async def test_a_source_that_fails_in_the_middle_is_reported_as_not_observed(seen: Seen, tracking: Tracking) -> None:
    with api_server() as server:
        async with tracking(server):
            await seen.until(lambda: "containers" in {source for source, _ in seen.of("oom-observer")})
            server.put(PODS, pod("eater") | {"status": 7})
            await seen.until(lambda: bool(seen.of("oom-not-observed")))
    assert seen.of("oom-not-observed")[0][0] == "containers"


async def test_kills_that_can_not_be_written_down_end_the_run(seen: Seen, tmp_path: Path) -> None:
    def full(observation: Observation) -> None:
        seen.news.set()
        raise LedgerError("ledger.cannot-write", path="observations.jsonl", error="no space left")

    async def track(server: ApiServer) -> None:
        context = WatchContext(NODES, Clock(), full, lambda reason: None)
        async with OomTracker(Access(server.kubeconfig(tmp_path)), "mine").watching(context):
            await seen.news.wait()

    with api_server() as server, pytest.raises(LedgerError):
        await track(server)
