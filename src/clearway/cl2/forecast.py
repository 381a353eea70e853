"""The text of a dry run: what would be created, measured and removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clearway.base.units import Duration
from clearway.cl2.config.methods import MethodCall
from clearway.cl2.measurements.network import NetworkStartParameters
from clearway.cl2.measurements.network.request import load_of
from clearway.cl2.namespaces import names_of
from clearway.cl2.prepare import Prepared
from clearway.cl2.settings import SETTINGS, SettingsName
from clearway.report.wording import Language, sentence, shown


def forecast(test: Prepared, settings: SettingsName, language: Language) -> str:
    """A paragraph for the test, with one line per call."""
    return "\n".join(_lines(test, settings, language))


def _lines(test: Prepared, settings: SettingsName, language: Language) -> Iterator[str]:
    def say(code: str, **values: Any) -> str:
        return sentence(code, values, language)

    removed = bool(test.namespaces.delete_automanaged_namespaces)
    names = names_of(test.namespaces)
    code = "door.would-make-namespaces" if removed else "door.would-keep-namespaces"
    yield say("door.would-run", test=test.name, config=test.config)
    yield f"  {say(code, namespaces=names, count=len(names))}"
    for call in test.first:
        yield f"  {_call(call, settings, language)}"
    for number, step in enumerate(test.compiled.steps, start=1):
        yield f"  {say('door.would-step', number=number, step=step.name or None)}"
        for call in step.calls:
            yield f"    {_call(call, settings, language)}"


def _call(call: MethodCall, settings: SettingsName, language: Language) -> str:
    if isinstance(call.params, NetworkStartParameters):
        return _network(call.params, settings, language)
    written = ", ".join(f"{name}: {shown(value)}" for name, value in call.params)
    values = {"method": call.method, "identifier": call.identifier, "action": call.action, "parameters": written}
    return sentence("door.would-call", values, language)


def _network(params: NetworkStartParameters, settings: SettingsName, language: Language) -> str:
    settings = params.settings or settings
    chosen, load = SETTINGS[settings], load_of(params, settings)
    values = {
        "ratio": params.ratio,
        "protocol": params.protocol,
        "duration": params.duration,
        "clients": params.number_of_clients,
        "servers": params.number_of_servers,
        "warm_up": chosen.warm_up if chosen.warm_up > Duration(0) else None,
        "load": ", ".join(f"{name}: {shown(value)}" for name, value in load.items()),
        "settings": settings,
        "cpu": chosen.cpu,
        "thresholds": tuple(criterion.text for criterion in params.thresholds),
    }
    return sentence("door.would-measure", values, language)
