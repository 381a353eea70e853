"""The built-in profiles and the starter ask for what they can prove."""

from __future__ import annotations

import re

import pytest

from clearway.base.units import Duration, Frequency
from clearway.probe.distribution import PERCENTILE, percent
from clearway.spec.criteria import Criterion
from clearway.spec.load import dump_spec, load_profile, profile_names, profile_text, read_spec
from clearway.spec.model import Spec, Test
from clearway.spec.starter import init_text

UDP_INTERVAL = Duration(0.01)
JUDGED = [
    pytest.param(test, criterion, id=f"{name}: {criterion.text}")
    for name in profile_names()
    for test in load_profile(name).tests
    for criterion in test.accept
]


def samples(test: Test) -> float:
    """How many values one trial will have: requests, or intervals."""
    return test.duration.si * test.rate.si if isinstance(test.rate, Frequency) else test.duration.over(UDP_INTERVAL)


@pytest.mark.parametrize(("test", "criterion"), JUDGED)
def test_a_percentile_has_the_samples_it_needs(test: Test, criterion: Criterion) -> None:
    if PERCENTILE.fullmatch(criterion.statistic):
        assert samples(test) >= 10 / (1 - percent(criterion.statistic) / 100)


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_says_in_words_what_it_is_for(name: str) -> None:
    assert profile_text(name).startswith("# ")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_judges_bandwidth_latency_and_loss(name: str) -> None:
    judged = {criterion.metric.name for test in load_profile(name).tests for criterion in test.accept}
    assert {"throughput", "latency", "loss", "jitter"} <= judged


@pytest.mark.parametrize("name", profile_names())
def test_latency_is_judged_at_maximum_load(name: str) -> None:
    (test,) = [test for test in load_profile(name).tests if test.protocol == "http"]
    assert test.background is not None
    assert isinstance(test.rate, Frequency)


def test_the_starter_is_the_standard_profile() -> None:
    assert read_spec(init_text()) == load_profile("standard")


def test_every_line_of_the_starter_that_is_commented_out_can_be_made_real() -> None:
    real = read_spec(re.sub(r"^( *)#([a-z-]+: )", r"\1\2", init_text(), flags=re.MULTILINE))
    assert real.tests[0].congestion == "cubic"
    assert real.link is not None


def test_the_starter_shows_true_defaults() -> None:
    """Made real, a default changes nothing: only fields that have none differ from the profile."""
    real = read_spec(re.sub(r"^( *)#([a-z-]+: )", r"\1\2", init_text(), flags=re.MULTILINE))
    without = {"seed": None, "link": None, "max_rate": None, "machine_label": None, "chaos": None}
    optional = ("engine", "path", "ladder", "family", "pairs", "congestion", "buffer", "datagram")
    profile = load_profile("standard")
    plain = tuple(
        test.model_copy(update={field: getattr(given, field) for field in optional})
        for test, given in zip(real.tests, profile.tests, strict=True)
    )
    assert real.model_copy(update={**without, "tests": plain}) == profile


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_written_down_loads_back_equal(name: str) -> None:
    spec: Spec = load_profile(name)
    assert read_spec(dump_spec(spec)) == spec
