"""Connections are answered, and then nothing arrives: their first packets are small, those with data are not."""

from __future__ import annotations

from clearway.base.units import Size
from clearway.diagnose.causes.case import Case, sockets, typical
from clearway.probe.measurement import Tcp
from clearway.probe.readings import measured
from clearway.probe.records import Reason, Trial


def large_packets(case: Case) -> Reason | None:
    bulk = [trial for trial in case.through if trial.probe.parameters.kind == "tcp"]
    if not bulk or not all(map(_carried_nothing, bulk)) or any(map(_carried_nothing, case.elsewhere)):
        return None
    size = typical([one.path_mtu.si for one in sockets(bulk)])
    return Reason("cause.large-packets", {"size": None if size is None else Size(size)})


def _carried_nothing(trial: Trial) -> bool:
    receiver = measured(trial.serve, Tcp)
    return receiver is not None and bool(receiver.by_stream) and not any(size.si for size in receiver.by_stream or ())
