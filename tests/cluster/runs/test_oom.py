"""Out-of-memory kills on a real cluster while a run goes on."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from cluster.eater import LIMIT, await_killed, eater, feed
from cluster.harness.cluster import Cluster
from cluster.runs.commands import Commands


def test_a_pod_that_eats_its_limit_during_a_run_is_told_and_an_older_kill_is_not(
    equipped: Cluster, commands: Commands, namespace: str
) -> None:
    feed(equipped, namespace, eater("early", "node-1"))
    await_killed(equipped, namespace, "early")
    with commands.begin(duration="8s") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("round 1"):
                break
        feed(equipped, namespace, eater("late", "node-2"))
        out, err = process.communicate(timeout=150)
    assert process.returncode == 0, err
    kills = [one for one in observations(commands) if one["kind"] == "oom"]
    assert [one["subject"] for one in kills] == [f"{namespace}/late"]
    assert (kills[0]["values"]["node"], kills[0]["values"]["limit"]) == ("node-2", LIMIT)
    junit = " ".join(ET.parse(commands.report_dir / "junit.xml").getroot().itertext())
    for text in (out, junit):
        told = " ".join(text.split())
        assert f"container tools of pod {namespace}/late on node-2 was killed" in told
        assert "early" not in told


def observations(commands: Commands) -> list[dict[str, Any]]:
    lines = (commands.report_dir / "observations.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
