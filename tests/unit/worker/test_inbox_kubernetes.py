"""The mailbox in the API: nothing handed in is lost, nothing stale lands, whatever the API server goes through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api_server import ApiServer, Fault, api_server
from clearway.base.units import Duration, Size
from clearway.probe.measurement import Evidence, Tcp
from clearway.probe.records import Half, Outcome, Request, Result
from clearway.probe.wire import REQUEST, RESULT
from clearway.worker.api import RightMissing
from clearway.worker.inbox import Mailbox
from clearway.worker.inbox_kubernetes import RESULT_LIMIT, KubernetesInbox
from kubelets import MAILBOXES, announcement, inbox
from making import request

NAME = "clearway-abc-0"
Boxes = Callable[..., KubernetesInbox]


def result(of: Request) -> Result:
    measurement = Tcp(interval=Duration(0.5), series=(Size(1), Size(2)))
    return of.result(Outcome.MEASURED, measurement=measurement)


def hold(server: ApiServer, *requests: Request, **spec: Any) -> None:
    wanted = {"requests": [REQUEST.encode(one) for one in requests], **spec}
    if requests:
        wanted["round"] = requests[0].round
    known = next(iter(server.all(MAILBOXES)), {"metadata": {"name": NAME}})
    server.put(MAILBOXES, {**known, "spec": {**known.get("spec", {}), **wanted}})


def status(server: ApiServer) -> dict[str, Any]:
    found: dict[str, Any] = server.all(MAILBOXES)[0]["status"]
    return found


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as running:
        running.put(MAILBOXES, {"metadata": {"name": NAME}, "spec": {"requests": []}})
        yield running


@pytest.fixture
def boxes(server: ApiServer, tmp_path: Path) -> Iterator[Boxes]:
    made: list[KubernetesInbox] = []

    def box(node: str = "node-1") -> KubernetesInbox:
        made.append(inbox(server, tmp_path, NAME, node))
        return made[-1]

    yield box
    for one in made:
        one.close()


def patches(request_: Any) -> bool:
    return bool(request_.method == "PATCH")


def watches(request_: Any) -> bool:
    return "watch" in request_.query


def test_an_announcement_makes_the_worker_ready(server: ApiServer, boxes: Boxes) -> None:
    boxes("node-7").announce(announcement("node-7"))
    assert (status(server)["phase"], status(server)["node"]) == ("Ready", "node-7")
    assert status(server)["worker"]["addresses"] == ["10.0.0.1"]


def test_a_worker_waits_for_an_object_that_is_not_there_yet(server: ApiServer, boxes: Boxes) -> None:
    server.remove(MAILBOXES, NAME)
    announcing = threading.Thread(target=boxes().announce, args=(announcement("node-1"),))
    announcing.start()
    while not any(method == "PATCH" for method, _ in server.requests):
        pass
    hold(server)
    announcing.join(10)
    assert status(server)["phase"] == "Ready"


def test_results_of_a_round_stand_side_by_side_and_the_last_one_makes_it_done(server: ApiServer, boxes: Boxes) -> None:
    wanted = request(), request(Half.SERVE)
    hold(server, *wanted)
    box = boxes()
    rounds = box.mailboxes()
    assert next(rounds) == Mailbox("r1", wanted)
    box.put(result(wanted[0]))
    assert status(server)["phase"] == "Measuring"
    box.put(result(wanted[1]))
    assert (status(server)["phase"], status(server)["result"]) == ("Done", "2 measured")
    assert [RESULT.decode(one) for one in status(server)["results"].values()] == [result(one) for one in wanted]


def wait_for(server: ApiServer, phase: str) -> None:
    deadline = time.monotonic() + 20
    while status(server)["phase"] != phase:
        assert time.monotonic() < deadline, status(server)
        time.sleep(0.01)


def after_first_round(server: ApiServer, box: KubernetesInbox) -> Iterator[Mailbox]:
    """The rounds that come once a worker has answered its first one."""
    rounds = box.mailboxes()
    hold(server, request(round="r1"))
    next(rounds)
    box.put(result(request(round="r1")))
    return rounds


def test_a_round_that_has_begun_is_measuring_and_has_no_result_yet(server: ApiServer, boxes: Boxes) -> None:
    box = boxes()
    rounds = after_first_round(server, box)
    hold(server, request(round="r2"))
    next(rounds)
    assert (status(server)["phase"], status(server)["result"]) == ("Done", "1 measured")
    begun = len([path for verb, path in server.requests if verb == "PATCH"])
    waiting = threading.Thread(target=next, args=(rounds, None))
    waiting.start()
    wait_for(server, "Measuring")
    assert (status(server)["round"], status(server)["result"]) == ("r1", ""), "the controller may not have read them"
    assert len(status(server)["results"]) == 1
    assert len([path for verb, path in server.requests if verb == "PATCH"]) == begun + 1
    box.put(result(request(round="r2")))
    assert (status(server)["phase"], status(server)["result"]) == ("Done", "1 measured")
    server.remove(MAILBOXES, NAME)
    waiting.join(10)


def test_a_round_that_is_over_already_is_not_shown_as_measuring(server: ApiServer, boxes: Boxes) -> None:
    box = boxes()
    rounds = after_first_round(server, box)
    server.remove(MAILBOXES, NAME)
    assert list(rounds) == []
    assert len([path for verb, path in server.requests if verb == "PATCH"]) == 1


def test_an_api_server_that_does_not_take_the_phase_holds_no_round_up(server: ApiServer, boxes: Boxes) -> None:
    box = boxes()
    rounds = box.mailboxes()
    hold(server, request(round="r1"))
    next(rounds)
    server.faults.append(Fault(patches, 1, 503))
    hold(server, request(round="r2"))
    assert next(rounds).round == "r2"
    assert server.faults[0].times == 0
    box.put(result(request(round="r2")))
    assert status(server)["phase"] == "Done"


def test_a_new_round_replaces_the_results_of_the_old_one(server: ApiServer, boxes: Boxes) -> None:
    box = boxes()
    rounds = box.mailboxes()
    for name in ("r1", "r2"):
        hold(server, request(round=name))
        next(rounds)
        box.put(result(request(round=name)))
    assert status(server)["round"] == "r2"
    assert len(status(server)["results"]) == 1


def test_a_late_result_of_an_old_round_does_not_land(server: ApiServer, boxes: Boxes) -> None:
    box = boxes()
    hold(server, request(round="r1"))
    rounds = box.mailboxes()
    next(rounds)
    hold(server, request(round="r2"))
    box.put(result(request(round="r1")))
    assert status(server)["results"] == {}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(patches, 3),
        Fault(patches, 2, 429),
        Fault(patches, 2, 503),
        Fault(patches, 1, 401),
        Fault(patches, 1, 409),
        Fault(patches, 1, None, after=True),
        Fault(patches, 1, 500, after=True),
    ],
    ids=["reset", "throttled", "unavailable", "token-renewed", "conflict", "answer-lost", "answer-garbled"],
)
def test_a_result_is_delivered_once_in_spite_of_failures(server: ApiServer, boxes: Boxes, fault: Fault) -> None:
    hold(server, request(), request(Half.SERVE))
    box = boxes()
    rounds = box.mailboxes()
    next(rounds)
    server.faults.append(fault)
    box.put(result(request()))
    box.put(result(request(Half.SERVE)))
    assert len(status(server)["results"]) == 2
    assert status(server)["phase"] == "Done"


@pytest.mark.parametrize("fault", [Fault(watches, 2), Fault(watches, 2, 503), Fault(watches, 1, 404)])
def test_a_watch_that_fails_begins_again(server: ApiServer, boxes: Boxes, fault: Fault) -> None:
    server.faults.append(fault)
    hold(server, request())
    assert next(boxes().mailboxes()).round == "r1"


@pytest.mark.parametrize("ending", [ApiServer.end_watches, ApiServer.expire])
def test_a_watch_that_ends_shows_nothing_twice(server: ApiServer, boxes: Boxes, ending: Any) -> None:
    rounds = boxes().mailboxes()
    hold(server, request(round="r1"))
    assert next(rounds).round == "r1"
    ending(server)
    hold(server, request(round="r2"))
    assert next(rounds).round == "r2"


def test_an_emptied_mailbox_cancels(server: ApiServer, boxes: Boxes) -> None:
    rounds = boxes().mailboxes()
    hold(server, request(round="r1"))
    next(rounds)
    hold(server, round=None)
    assert next(rounds) == Mailbox(None, ())


def test_a_deleted_mailbox_ends_the_work(server: ApiServer, boxes: Boxes) -> None:
    rounds = boxes().mailboxes()
    hold(server, request(round="r1"))
    next(rounds)
    server.remove(MAILBOXES, NAME)
    assert list(rounds) == []


def test_clock_questions_are_answered_while_a_round_goes_on(server: ApiServer, boxes: Boxes) -> None:
    rounds = boxes().mailboxes()
    hold(server, request(round="r1"), ping=3)
    assert next(rounds).round == "r1"
    assert status(server)["clock"]["ping"] == 3
    hold(server, ping=4)
    hold(server, request(round="r2"))
    assert next(rounds).round == "r2"
    assert status(server)["clock"]["ping"] == 4


def test_a_missing_right_is_reported_before_any_traffic(
    server: ApiServer, boxes: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.worker.retrying._RIGHTS_PATIENCE", 0.2)
    server.faults.append(Fault(patches, 1_000, 403, "may not patch"))
    with pytest.raises(RightMissing) as refused:
        boxes().announce(announcement("node-1"))
    assert refused.value.message == "may not patch"


def test_a_right_that_comes_a_moment_later_is_waited_for(server: ApiServer, boxes: Boxes) -> None:
    server.faults.append(Fault(patches, 2, 403))
    boxes().announce(announcement("node-1"))
    assert status(server)["phase"] == "Ready"


def test_an_api_server_that_comes_back_may_first_refuse_all_clients(
    server: ApiServer, boxes: Boxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it was away: patience with refusals begins anew with the first refusal after it."""
    monkeypatch.setattr("clearway.worker.retrying._RIGHTS_PATIENCE", 0.25)
    server.faults += [Fault(patches, 1, 403), Fault(patches, 2, 503), Fault(patches, 1, 403)]
    boxes().announce(announcement("node-1"))
    assert status(server)["phase"] == "Ready"


def test_a_large_result_goes_without_its_evidence(server: ApiServer, boxes: Boxes) -> None:
    hold(server, request())
    box = boxes()
    rounds = box.mailboxes()
    next(rounds)
    box.put(replace(result(request()), evidence=Evidence(("iperf",), stdout="x" * RESULT_LIMIT)))
    (kept,) = status(server)["results"].values()
    assert RESULT.decode(kept) == result(request())


@pytest.mark.slow
def test_a_result_that_is_too_large_is_void_and_says_so(server: ApiServer, boxes: Boxes) -> None:
    hold(server, request())
    box = boxes()
    rounds = box.mailboxes()
    next(rounds)
    box.put(replace(result(request()), measurement=Tcp(series=tuple(Size(n) for n in range(RESULT_LIMIT)))))
    (kept,) = (RESULT.decode(one) for one in status(server)["results"].values())
    assert (kept.outcome, kept.reason and kept.reason.code) == (Outcome.UNPARSABLE, "worker.result-too-large")


def test_a_result_that_the_api_refuses_is_reported_as_one_that_it_takes(server: ApiServer, boxes: Boxes) -> None:
    hold(server, request())
    box = boxes()
    rounds = box.mailboxes()
    next(rounds)
    server.faults.append(Fault(patches, 1, 422, "unknown field"))
    box.put(result(request()))
    (kept,) = (RESULT.decode(one) for one in status(server)["results"].values())
    assert (kept.outcome, kept.reason and kept.reason.code) == (Outcome.UNPARSABLE, "worker.result-refused")
