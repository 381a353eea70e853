"""The command line of ClusterLoader2's worker: what it asks for is done, or the pod does not come to run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.base.units import Rate, Size
from clearway.worker.clusterloader2.flags import Load, NotUnderstood, load_of

USUAL = (
    "--log_file=/var/log/cl2-netperf-worker.log",
    "--logtostderr=false",
    "--v=4",
    "--udpClientExtraArguments=-b 750M",
)
"""As its Deployment has them."""


def test_the_usual_command_line_asks_for_udp_at_750_of_iperfs_megabits() -> None:
    assert load_of(USUAL) == Load(streams=1, rate=Rate(750 * 1024 * 1024))


def test_without_a_word_the_load_is_iperfs_own() -> None:
    assert load_of(()) == Load(1, Rate(1_048_576), None)


@pytest.mark.parametrize(
    "argv",
    [
        ("--tcpClientExtraArguments=-P 4",),
        ("-tcpClientExtraArguments", "-P 4"),
        ("--logtostderr", "--tcpClientExtraArguments", "-P 4", "-v", "2"),
    ],
)
def test_flags_are_read_as_go_reads_them(argv: tuple[str, ...]) -> None:
    assert load_of(argv).streams == 4


def test_the_datagrams_size_can_be_asked_for() -> None:
    assert load_of(["--udpClientExtraArguments=-b 10m -l 512"]) == Load(1, Rate(10e6), Size(512))


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (("--kubeconfig=x",), "--kubeconfig=x"),
        (("serve",), "serve"),
        (("--v",), "--v"),
        (("--udpClientExtraArguments=-b",), "-b"),
        (("--udpClientExtraArguments=-b fast",), "-b fast"),
        (("--udpClientExtraArguments=-b 0",), "-b 0"),
        (("--tcpClientExtraArguments=-w 1M",), "-w 1M"),
        (("--tcpClientExtraArguments=-P 0",), "-P 0"),
        (("--tcpServerExtraArguments=-w 1M",), "-w 1M"),
        (("--httpClientExtraArguments=-c 10",), "-c 10"),
    ],
)
def test_a_load_that_is_not_understood_is_not_measured(argv: tuple[str, ...], word: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        load_of(argv)
    assert caught.value.word == word


@given(st.integers(1, 10_000), st.sampled_from(["k", "m", "g"]))
def test_a_capital_letter_is_more_than_a_small_one(number: int, letter: str) -> None:
    small, capital = (load_of([f"--udpClientExtraArguments=-b {number}{one}"]).rate for one in (letter, letter.upper()))
    assert capital.over(small) == pytest.approx(1.024 ** ("kmg".index(letter) + 1))
