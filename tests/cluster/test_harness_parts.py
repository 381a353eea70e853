"""What the harness decides without a cluster."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from harness.cluster import GIVEN, Cluster
from harness.hollow import hollow_nodes
from harness.pause_image import PAUSE_IMAGE, write_image
from harness.programs import Programs
from harness.spec import ClusterSpec
from harness.versions import CACHE_KEY, KUBERNETES, SOURCES


def test_everything_that_kubernetes_keeps_in_its_tree_is_pinned_to_its_own_version() -> None:
    kubernetes = SOURCES[0].go_mod()
    assert f"require k8s.io/kubernetes v{KUBERNETES}" in kubernetes
    minor_and_patch = KUBERNETES.partition(".")[2]
    assert f"replace k8s.io/api => k8s.io/api v0.{minor_and_patch}" in kubernetes
    assert kubernetes.count("replace ") == 32


def test_the_cache_is_keyed_by_every_version() -> None:
    assert [source.version for source in SOURCES if source.version.removeprefix("v") not in source.cache_key] == []


def test_the_policy_engine_is_kept_apart_so_that_another_one_leaves_kubernetes_as_it_is(tmp_path: Path) -> None:
    programs = Programs(tmp_path)
    kept = [name for name in programs.missing() if programs.place(name).parent == tmp_path / CACHE_KEY]
    assert {name for name in programs.missing() if name not in kept} == {"kube-network-policies"}


def test_an_overlay_takes_its_bytes_off_the_pods_mtu_and_brings_the_device_that_it_goes_over() -> None:
    (plain,), (wrapped,) = ClusterSpec(nodes=1).resolved(), ClusterSpec(nodes=1, overlay="eth1").resolved()
    assert (plain.pod_mtu, wrapped.pod_mtu) == (1500, 1450)
    assert [fabric.device for fabric in plain.fabrics] == ["eth0"]
    assert [fabric.device for fabric in wrapped.fabrics] == ["eth0", "eth1"]


def test_the_pause_image_is_the_same_every_time_and_names_itself(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(b"static")
    for name in ("one", "two"):
        write_image(program, tmp_path / name, "x86_64")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with tarfile.open(tmp_path / "one") as archive:
        index = archive.extractfile("index.json")
        assert index is not None
        (manifest,) = json.load(index)["manifests"]
    assert manifest["annotations"] == {"io.containerd.image.name": PAUSE_IMAGE}


def test_hollow_nodes_take_zones_in_turn_and_no_pod_by_chance() -> None:
    nodes = hollow_nodes(3, ("a", "b"))
    assert [node["metadata"]["name"] for node in nodes] == ["hollow-1", "hollow-2", "hollow-3"]
    assert [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes] == ["a", "b", "a"]
    assert {taint["effect"] for node in nodes for taint in node["spec"]["taints"]} == {"NoSchedule"}


def test_a_given_cluster_has_an_api_and_no_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(GIVEN, "/somewhere/kubeconfig")
    given = Cluster.given()
    assert given is not None
    assert given.kubeconfig == Path("/somewhere/kubeconfig")
    given.load_image(Path("/nowhere"))
    with pytest.raises(pytest.skip.Exception, match=GIVEN):
        given.stop_kubelet("node-1")
    given.close()
