"""A provider in plain words: which clusters it names, how their nodes are reached, what may be done with them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from clearway.report.language import Language
from clearway.report.wording import sentence
from clearway.shell.node_access import KEY_OVER_ALL
from clearway.shell.providers import ALIASES, PROVIDERS, Provider, Route, provider_named


def explain_provider(name: str, language: Language) -> str:
    """One provider, or a list of all. Raises UsageError for one that is not known."""
    return "\n".join(_lines(provider_named(name), language) if name else _list(language))


def _list(language: Language) -> Iterator[str]:
    for name, provider in PROVIDERS.items():
        yield f"{name:20} {sentence(provider.title, {}, language)}"
    for alias, name in ALIASES.items():
        yield f"{alias:20} = {name}"


def _lines(provider: Provider, language: Language) -> Iterator[str]:
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
