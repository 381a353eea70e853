"""The time bomb, by the shell of a real machine: it ticks before anything breaks, and puts back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.base.units import Duration
from clearway.chaos import bomb
from clearway.chaos.kinds import Failure, Sign, failures
from clearway.shell.providers import Services
from unit.chaos.machine import Machine, becomes, machine

pytestmark = pytest.mark.slow  # it waits for clocks

LONG = Duration(300)
AGENTS = "clearway-test-of-a-frozen-agent"


@pytest.fixture
def node() -> Iterator[Machine]:
    with machine() as running:
        yield running


@pytest.fixture
def failure(tmp_path: Path) -> Failure:
    mark = tmp_path / "broken"
    return Failure(break_script=f"touch '{mark}'", restore_script=f"rm '{mark}'", sign=Sign.NOT_READY, needs=("touch",))


def test_it_ticks_until_it_is_disarmed_and_leaves_nothing(node: Machine, failure: Failure) -> None:
    said = node.run(bomb.arm("one", LONG, failure))
    assert (said.exit, said.stdout.split()) == (0, [bomb.ARMED])
    pid = node.shell(f"cat {bomb.FOLDER}/one").stdout.strip()
    assert Path(f"/proc/{pid}").exists()
    assert node.run(bomb.disarm("one")).exit == 0
    assert becomes(lambda: not Path(f"/proc/{pid}").exists())
    assert node.shell(f"test -e {bomb.FOLDER}").exit != 0


def test_it_is_no_child_of_the_session_that_brought_it(node: Machine, failure: Failure) -> None:
    node.run(bomb.arm("one", LONG, failure))
    pid = node.shell(f"cat {bomb.FOLDER}/one").stdout.strip()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    assert fields[3] == pid  # the leader of a session: no terminal's end ends it
    node.run(bomb.disarm("one"))


def test_it_restore_script_when_its_time_has_come(node: Machine, failure: Failure, tmp_path: Path) -> None:
    node.run(bomb.arm("one", Duration(2), failure))
    assert node.run(bomb.break_node("one", failure)).exit == 0
    assert becomes(lambda: not (tmp_path / "broken").exists())
    assert becomes(lambda: node.bombs() == [])


def test_it_tries_again_what_does_not_work_at_first(node: Machine, failure: Failure, tmp_path: Path) -> None:
    stubborn = replace(
        failure, restore_script=f"mkdir {tmp_path}/tried 2>/dev/null && exit 1; {failure.restore_script}"
    )
    node.run(bomb.arm("one", Duration(1), stubborn))
    node.run(bomb.break_node("one", stubborn))
    assert becomes(lambda: not (tmp_path / "broken").exists())
    assert (tmp_path / "tried").exists()


def test_a_node_without_what_it_needs_is_not_armed(node: Machine, failure: Failure) -> None:
    said = node.run(bomb.arm("one", LONG, replace(failure, needs=("touch", "no-such-program"))))
    assert said.exit != 0
    assert "no-such-program" in said.stderr
    assert node.bombs() == []


def test_a_node_that_can_not_hold_it_is_not_armed(node: Machine, failure: Failure) -> None:
    node.shell("mount -o remount,ro /run")
    said = node.run(bomb.arm("one", LONG, failure))
    assert said.exit != 0
    assert bomb.ARMED not in said.stdout


@pytest.mark.parametrize("cuts", [False, True])
def test_nothing_is_broken_without_its_bomb(node: Machine, failure: Failure, tmp_path: Path, *, cuts: bool) -> None:
    """A strike that comes late, after everything was put back, must not hit."""
    late = replace(failure, cuts_access=cuts)
    node.run(bomb.arm("one", LONG, late))
    if cuts:
        assert node.run(bomb.break_node("one", late)).exit == 0
        node.run(bomb.disarm("one"))
        node.shell("sleep 2")
    else:
        node.run(bomb.disarm("one"))
        assert node.run(bomb.break_node("one", late)).exit != 0
    assert not (tmp_path / "broken").exists()


def test_a_strike_that_cuts_the_road_is_answered_before_it_comes(
    node: Machine, failure: Failure, tmp_path: Path
) -> None:
    cutting = replace(failure, cuts_access=True)
    node.run(bomb.arm("one", LONG, cutting))
    assert node.run(bomb.break_node("one", cutting)).exit == 0
    assert becomes((tmp_path / "broken").exists)
    node.run(bomb.disarm("one"))


def test_a_frozen_agent_is_seen_so_and_goes_on(node: Machine) -> None:
    frozen = failures(agents=AGENTS)["agent"]
    assert node.run(bomb.check(frozen)).exit != 0
    node.shell(f"sh -c 'while :; do sleep 0.1; done' {AGENTS} >/dev/null 2>&1 & echo $!")
    try:
        assert becomes(lambda: node.run(bomb.break_node("one", replace(frozen, ends_by_itself=True))).exit == 0)
        assert becomes(lambda: node.run(bomb.check(frozen)).exit == 0)
        assert node.run(bomb.restore(frozen)).exit == 0
        assert node.run(bomb.check(frozen)).exit != 0
    finally:
        node.shell(
            f"for p in /proc/[0-9]*; do grep -qs {AGENTS[:-1]}[{AGENTS[-1]}] $p/cmdline && kill -9 ${{p#/proc/}}; done"
        )


def test_the_runtime_comes_back_before_the_kubelet_that_needs_it() -> None:
    crio = Services(stop_runtime=("rc-service", "crio", "stop"), start_runtime=("rc-service", "crio", "start"))
    made = failures(crio)["kubelet-and-runtime"]
    assert made.break_script == "systemctl stop kubelet && rc-service crio stop"
    assert made.restore_script == "rc-service crio start && systemctl start kubelet"
    assert made.needs == ("systemctl", "rc-service")
