"""What a term of a report or a provider means, and how a rate in iperf's kbytes/sec is converted."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from clearway.base.errors import UsageError
from clearway.base.units import Rate
from clearway.report.wording import Language, sentence
from clearway.report.wording.sentences import read_toml
from clearway.shell.node_access import KEY_OVER_ALL
from clearway.shell.providers import ALIASES, PROVIDERS, Provider, Route, provider_named

_KBYTE = 1024
"""Bytes in what iperf calls a kbyte."""
_KBYTES = re.compile(r"([\d,]+(?:\.\d+)?)\s*k(?:ilo)?bytes?/s(?:ec)?", re.IGNORECASE)
_CHOICES = 5
"""Topics offered for a word that is none: as many as a reader compares."""


@dataclass(frozen=True, slots=True)
class Topic:
    title: str
    text: str
    also: tuple[str, ...] = ()
    """Related topics."""
    aliases: tuple[str, ...] = ()
    """Other words for it."""


def explain(topic: str, language: Language) -> str:
    """The explanation of a topic, or the derivation of a rate in iperf's kbytes/sec; without a topic, a list of all.

    Raises UsageError, with the topics that were probably meant, if there is nothing about it.
    """
    if not topic.strip():
        return "\n".join(f"{name:20} {known.title}" for name, known in topics(language).items())
    word, _, rest = topic.strip().partition(" ")
    if word.casefold() == "provider":
        return explain_provider(rest.strip(), language)
    if number := _KBYTES.fullmatch(topic.strip()):
        return derivation(float(number[1].replace(",", "")))
    return "\n".join(_lines(topics(language)[_name(topic, language)], language))


def derivation(kbytes_per_s: float) -> str:
    """Every step from iperf's kbytes/sec, whose K is 1,024, to GB/s and Gbit/s, whose G is 10^9."""
    rate = Rate(kbytes_per_s * _KBYTE * 8)
    steps = (
        f"{kbytes_per_s:,.{0 if kbytes_per_s % 1 == 0 else 3}f} kbytes/sec x {_KBYTE:,} byte",
        f"{rate.si / 8:,.0f} byte/s",
        rate.in_bytes(),
        str(rate),
    )
    return " = ".join(steps)


@cache
def topics(language: Language) -> Mapping[str, Topic]:
    """All topics by name, in the glossary's order."""
    return {
        name: Topic(said["title"], said["text"], tuple(said.get("also", ())), tuple(said.get("aliases", ())))
        for name, said in read_toml(f"explain.{language}.toml").items()
    }


def _lines(topic: Topic, language: Language) -> Iterator[str]:
    yield topic.title
    yield ""
    yield topic.text
    if topic.also:
        yield ""
        yield sentence("explain.see-also", {"topics": topic.also}, language)


def _name(word: str, language: Language) -> str:
    """The topic of a word, in any language, case or spelling with dashes."""
    names = _names(language)
    plain = _plain(word)
    if plain in names:
        return names[plain]
    # A line of a log holds the message that it is about, and more.
    if held := [known for known in names if " " in known and known in plain]:
        return names[max(held, key=len)]
    near = difflib.get_close_matches(plain, names, n=_CHOICES, cutoff=0.5)
    choices = tuple(dict.fromkeys(names[match] for match in near)) or tuple(topics(language))
    raise UsageError("explain.unknown-topic", topic=word, choices=choices)


@cache
def _names(language: Language) -> Mapping[str, str]:
    known = topics(language)
    aliases = {_plain(alias): name for name, topic in known.items() for alias in topic.aliases}
    return {**aliases, **{_plain(name): name for name in known}}


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word.strip().casefold())


def explain_provider(name: str, language: Language) -> str:
    """One provider, or a list of all. Raises UsageError for one that is not known."""
    return "\n".join(_provider_lines(provider_named(name), language) if name else _providers(language))


def _providers(language: Language) -> Iterator[str]:
    for name, provider in PROVIDERS.items():
        yield f"{name:20} {sentence(provider.title, {}, language)}"
    for alias, name in ALIASES.items():
        yield f"{alias:20} = {name}"


def _provider_lines(provider: Provider, language: Language) -> Iterator[str]:
    yield f"{provider.name}: {sentence(provider.title, {}, language)}"
    yield ""
    for code, values in (*_way(provider, language), *_features(provider, language), _load_balancer(provider)):
        yield f"- {sentence(code, values, language)}"
    yield ""
    yield sentence("provider.see-also", {}, language)


_Said = tuple[str, dict[str, object]]


def _way(provider: Provider, language: Language) -> Iterator[_Said]:
    if provider.route is None:
        yield "provider.no-way", {}
        yield provider.without, {"provider": provider.name}
        return
    yield "provider.way", {"route": sentence(f"route.{provider.route}", {}, language)}
    yield "provider.addresses", {"addresses": tuple(kind.value for kind in provider.addresses)}
    if provider.route is not Route.DOCKER:
        if provider.route is Route.SSH:
            yield "provider.user", {"user": provider.user}
        code = "provider.key" if provider.route is Route.SSH else "provider.gcloud-key"
        yield code, {"variables": (KEY_OVER_ALL, *provider.key_variables), "file": provider.key_file}
    services = vars(provider.services)
    yield "provider.services", {name: shlex.join(argv) for name, argv in services.items()}


def _features(provider: Provider, language: Language) -> Iterator[_Said]:
    if not provider.features:
        yield "provider.no-features", {}
        return
    words = (sentence(f"feature.{feature}", {}, language) for feature in sorted(provider.features))
    yield "provider.features", {"features": tuple(words)}


def _load_balancer(provider: Provider) -> _Said:
    limits = provider.load_balancer
    if limits is None:
        return "provider.no-load-balancer", {}
    return "provider.load-balancer", {"internal": limits.internal, "external": limits.external}
