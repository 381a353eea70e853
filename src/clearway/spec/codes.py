"""Every code that a person's file or command line can earn here, with the values its sentence may use.

A Problem also has `place`, `key`, `found`, `allowed` and `suggestion`; what is listed are its `values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    values: tuple[str, ...]
    meaning: str


def _code(meaning: str, *values: str) -> Code:
    return Code(values, meaning)


_UNITS: Mapping[str, Code] = {
    "unit.ambiguous": _code("two readings are possible; allowed: the ways to say each", "text"),
    "unit.not-a-rate": _code("no data rate; allowed: examples, or the same with its unit put right", "text"),
    "unit.not-a-size": _code("no amount of data; allowed as above", "text"),
    "unit.not-a-duration": _code("no span of time; allowed as above", "text"),
    "unit.not-a-ratio": _code("no share in per cent; allowed as above", "text"),
    "unit.not-a-frequency": _code("no number of events a second; allowed as above", "text"),
    "unit.not-a-count": _code("no plain number; allowed as above", "text"),
    "unit.not-a-load": _code("neither rate, requests a second nor `NN % of link`; allowed: examples", "text"),
}
_CRITERIA: Mapping[str, Code] = {
    "criterion.syntax": _code("not of the form `<metric> [statistic] (<=|>=) <limit> [for ...]`", "text"),
    "criterion.unknown-metric": _code("allowed: all metrics; suggestion: the one probably meant", "metric"),
    "criterion.unknown-relation": _code(
        "`<`, `=` and the like; phrase: the line to use", "metric", "relation", "better", "phrase"
    ),
    "criterion.wrong-way": _code(
        "a limit on the side where it protects nothing; better: `higher` or `lower`; phrase: the line to use",
        *("metric", "relation", "better", "phrase"),
    ),
    "criterion.statistic-needed": _code(
        "the metric has no usual statistic; phrases: lines to use", "metric", "phrases"
    ),
    "criterion.statistic-not-allowed": _code("allowed: the metric's statistics", "metric", "statistic"),
    "criterion.percentile-of-higher": _code(
        "a percentile inside a pair of a metric where more is better; phrase: the line over pairs that is meant",
        *("metric", "statistic", "phrase"),
    ),
    "criterion.wrong-unit": _code("a limit of another kind of quantity; allowed: examples", "metric", "limit"),
    "criterion.unknown-scope": _code("after the limit: neither `for NN % of pairs`, `in total`, `per node`", "text"),
    "criterion.share-out-of-range": _code("share of pairs not above 0 % and up to 100 %", "text"),
    "criterion.link-share-out-of-range": _code("share of the link not above 0 % and up to 100 %", "text"),
    "criterion.link-share-needs-throughput": _code("`NN % of link` for what is no data rate", "metric", "limit"),
    "criterion.link-share-in-total": _code("one link's share as the limit of a sum over all pairs", "metric", "limit"),
    "criterion.not-summable": _code("a sum over pairs means nothing; allowed: metrics that add up", "metric", "over"),
    "criterion.always-holds": _code("a limit that nothing can miss", "metric", "limit"),
    "criterion.never-holds": _code("a limit that nothing can meet", "metric", "limit"),
    "criterion.not-measured": _code(
        "the test's protocol doesn't carry the metric; allowed: what it carries", "metric", "protocol"
    ),
}
_FIELDS: Mapping[str, Code] = {
    "spec.unknown-key": _code("no such field here; allowed: fields; suggestion: the one probably meant"),
    "spec.missing-key": _code("a field that must be there", "name"),
    "spec.empty-value": _code("a key with nothing after it"),
    "spec.not-one-of": _code("allowed: the words; suggestion: the one probably meant"),
    "spec.not-a-switch": _code("allowed: true, false"),
    "spec.not-a-whole-number": _code("text, or a fraction, where a whole number belongs"),
    "spec.not-a-number": _code("text where a number belongs"),
    "spec.not-text": _code("a list or mapping where text belongs"),
    "spec.not-a-list": _code("one value where a list belongs"),
    "spec.not-a-mapping": _code("a value or list where `key: value` lines belong"),
    "spec.wrong-value": _code("anything else that doesn't fit"),
    "spec.too-small": _code("one of: above (exclusive), at_least", "above", "at_least"),
    "spec.too-big": _code("one of: below (exclusive), at_most", "below", "at_most"),
    "spec.too-few": _code("a list or text too short", "at_least"),
    "spec.too-many": _code("a list or text too long", "at_most"),
    "spec.bad-name": _code("signs that a name can't have", "pattern"),
}
_CONTRADICTIONS: Mapping[str, Code] = {
    "spec.not-applicable": _code(
        "field means something only where selector is one of only_for, here it is selected",
        *("field", "selector", "selected", "only_for"),
    ),
    "spec.needs-key": _code("a test whose selector is selected needs field", "field", "selector", "selected"),
    "spec.duplicate-name": _code("two tests of one name; first: dotted path of the first", "first"),
    "spec.same-node-needs-workers": _code("scope same-node with one worker a node has no pairs"),
    "spec.engine-without-ipv6": _code("the tool of this protocol speaks no IPv6"),
    "spec.engine-without-protocol": _code("allowed: engines that can", "protocol"),
    "spec.rate-of-wrong-kind": _code("udp wants a data rate, http requests a second; allowed: examples", "protocol"),
    "spec.repeats-out-of-order": _code("max below min", "min", "max"),
    "spec.when-needs-chaos": _code("a test that waits for broken nodes in a spec without `chaos`", "when"),
    "spec.recovered-before-failing": _code("nothing was broken before a test `when: recovered`"),
}
_FILES: Mapping[str, Code] = {
    "spec.invalid": _code("the SpecError itself: heads the list of its problems", "count", "source"),
    "spec.file-missing": _code("no such file", "detail"),
    "spec.file-is-folder": _code("a folder where a file belongs", "detail"),
    "spec.file-forbidden": _code("no permission to read", "detail"),
    "spec.file-unreadable": _code("anything else the system says; detail: its words", "detail"),
    "spec.not-utf8": _code("bytes that are no UTF-8 text"),
    "spec.empty-file": _code("nothing in it but comments"),
    "spec.unknown-profile": _code("allowed: the profiles; suggestion: the one probably meant"),
    "yaml.syntax": _code("no YAML; detail: the parser's words, English", "detail"),
    "yaml.duplicate-key": _code("the same key again in one mapping; first: line of the first", "first"),
    "yaml.key-not-text": _code("a list or mapping used as a key"),
    "yaml.tag": _code("`!something` before a value; found: the tag"),
    "yaml.too-deep": _code("nested deeper than any spec", "deepest"),
    "yaml.too-many-values": _code("more values than any spec: aliases of aliases", "most"),
    "yaml.endless-alias": _code("an anchor that contains itself"),
    "set.no-equals": _code("`--set` without `=`"),
    "set.no-such-item": _code("no list item of that index or name; allowed: what there is"),
    "set.nothing-below": _code("the path goes on below a plain value", "part"),
}
CODES: Mapping[str, Code] = {**_UNITS, **_CRITERIA, **_FIELDS, **_CONTRADICTIONS, **_FILES}
