"""The glossary: complete, the same in both languages, and right about iperf's kilo."""

from __future__ import annotations

import pytest

from clearway.base.errors import UsageError
from clearway.probe.metrics import METRICS
from clearway.probe.records import Outcome
from clearway.report.explain import derivation, explain, topics
from clearway.report.wording import LANGUAGES, Language, describe_error
from clearway.verdict.model import PairState, State

# fmt: off
TERMS = (
    "goodput", "jitter", "rtt", "retransmit", "percentile", "baseline", "coverage", "void", "lateness",
    "host-loss", "zone", "CAT", "bandwidth", "background", "round", "pair", "worker", "evidence", "road", "mtu",
    "p99", "warm-up", "incast", "mesh", "share", "limit",
)
# fmt: on
STATISTICS = ("mean", "median", "min", "max", "total", "p95")
VERDICTS = ("accepted", "rejected", "inconclusive")
EXITS = ("0", "1", "2", "3", "4", "130")

every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_language
@pytest.mark.parametrize(
    "topic",
    [
        *METRICS,
        *STATISTICS,
        *(outcome.value for outcome in Outcome),
        *(state.value for state in State),
        *(standing.value for standing in PairState),
        *VERDICTS,
        *EXITS,
        *TERMS,
    ],
)
def test_every_word_of_a_report_is_explained(topic: str, language: Language) -> None:
    title, empty, text, *_ = explain(topic, language).splitlines()
    assert title
    assert not empty
    assert len(text) > 20


def test_both_languages_explain_the_same_topics_and_lead_to_the_same_others() -> None:
    english, korean = topics("en"), topics("ko")
    assert list(english) == list(korean)
    assert {name: topic.also for name, topic in english.items()} == {n: topic.also for n, topic in korean.items()}


@every_language
def test_what_one_may_also_read_is_there(language: Language) -> None:
    known = topics(language)
    assert {other for topic in known.values() for other in topic.also} <= known.keys()


@every_language
def test_no_word_leads_to_two_topics(language: Language) -> None:
    words = [alias for topic in topics(language).values() for alias in topic.aliases]
    assert len(words) == len(set(words))


def test_a_topic_is_found_in_any_spelling_and_by_its_korean_name() -> None:
    assert explain("Packet Loss", "en") == explain("loss", "en")
    assert explain("HOST_LOSS", "en") == explain("host-loss", "en")
    assert explain("지터", "ko") == explain("jitter", "ko")


def test_no_topic_lists_all() -> None:
    listed = explain("", "en").splitlines()
    assert len(listed) == len(topics("en"))
    assert listed[0].startswith("throughput ")


def test_an_unknown_topic_is_refused_with_what_was_probably_meant() -> None:
    with pytest.raises(UsageError) as refused:
        explain("jiter", "en")
    assert refused.value.values["choices"][0] == "jitter"
    assert "jitter" in describe_error(refused.value, "en")


def test_an_iperf_figure_is_derived_step_by_step() -> None:
    steps = "2,654,989 kbytes/sec x 1,024 byte = 2,718,708,736 byte/s = 2.72 GB/s = 21.75 Gbit/s"
    assert derivation(2_654_989) == steps
    assert explain("2654989 kbytes/sec", "en") == explain("2,654,989 KBytes/sec", "ko") == steps


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("line", "topic"),
    [
        ("Invalid YAML Template", "cl2-invalid-yaml-template"),
        ("Failed to receive response", "cl2-no-response"),
        ("E1124 10:00:00 net.go:274] Failed to receive response from 1 pods", "cl2-no-response"),
        ("TemplateToObjects error: replacing placeholders error: Invalid YAML Template", "cl2-invalid-yaml-template"),
        ("panic: runtime error: index out of range [1] with length 0", "cl2-index-out-of-range"),
        ("Metric value: 0", "cl2-no-response"),
    ],
)
def test_a_message_of_clusterloader2_is_explained_also_inside_a_line_of_its_log(
    line: str, topic: str, language: Language
) -> None:
    assert explain(line, language) == explain(topic, language)
