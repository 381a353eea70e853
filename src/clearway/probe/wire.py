"""The codec of every record that is written or sent: one table, used by both ends."""

from __future__ import annotations

from clearway.probe.codec import of
from clearway.probe.measurement import Measurement
from clearway.probe.parameters import Parameters
from clearway.probe.records import Finding, Inventory, Observation, Reason, Request, Result, Round, Slot, Worker

SLOT = of(Slot)
PARAMETERS = of(Parameters)
MEASUREMENT = of(Measurement)
REASON = of(Reason)
INVENTORY = of(Inventory)
WORKER = of(Worker)
ROUND = of(Round)
REQUEST = of(Request)
RESULT = of(Result)
OBSERVATION = of(Observation)
FINDING = of(Finding)
