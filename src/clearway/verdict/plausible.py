"""Numbers that contradict each other, or the link: no road makes them, so the attempt proves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from clearway.base.units import Count, Quantity, Rate, Size
from clearway.probe.histogram import Histogram
from clearway.probe.measurement import Http, RoundTrip, Tcp, Udp
from clearway.probe.metrics import THROUGHPUT
from clearway.probe.readings import measured
from clearway.probe.records import Outcome, Reason, Trial
from clearway.verdict import doubts
from clearway.verdict.attempt import outcome
from clearway.verdict.doubts import Doubt
from clearway.verdict.thresholds import ABOVE_LINK, ABOVE_SENT


def contradictions(trial: Trial, link: Rate | None) -> Iterator[Doubt]:
    """What both halves say together that can't be true."""
    if outcome(trial) is Outcome.MEASURED:
        found = (*_above_link(trial, link), *_above_sent(trial), *_histograms(trial))
        yield from (Doubt(doubts.CONTRADICTED, reason) for reason in found)


def _above_link(trial: Trial, link: Rate | None) -> Iterator[Reason]:
    mean = THROUGHPUT.value(trial, "mean")
    if mean is not None and link is not None and mean > link.si * ABOVE_LINK.value:
        yield Reason("verdict.above-link", {"found": Rate(mean), "link": link})


def _above_sent(trial: Trial) -> Iterator[Reason]:
    sender, receiver, client = measured(trial.send, Udp), measured(trial.serve, Udp), measured(trial.send, RoundTrip)
    if client is not None:
        yield from _more(Count(client.received), Count(client.sent))
    yield from _stream_above_sent(trial)
    if sender is None or receiver is None:
        return
    copies = receiver.duplicates or 0
    if sender.sent is not None and receiver.received is not None and receiver.lost_by_sequence is not None:
        yield from _more(Count(receiver.received - copies), Count(sender.sent))
    if sender.sent_rate is not None and sender.sending_time is not None and receiver.series and not copies:
        sent, carried = sender.sent_rate.times(sender.sending_time), sum(size.si for size in receiver.series)
        yield from _more(Size(carried), sent)


def _stream_above_sent(trial: Trial) -> Iterator[Reason]:
    sender, receiver = measured(trial.send, Tcp), measured(trial.serve, Tcp)
    if sender is not None and receiver is not None and sender.sent is not None and receiver.series:
        yield from _more(Size(sum(size.si for size in receiver.series)), sender.sent)


def _more(received: Quantity, sent: Quantity) -> Iterator[Reason]:
    if received.si > sent.si * ABOVE_SENT.value:
        yield Reason("verdict.more-than-sent", {"received": received, "sent": sent})


def _histograms(trial: Trial) -> Iterator[Reason]:
    client, exchange = measured(trial.send, Http), measured(trial.send, RoundTrip)
    found: tuple[Histogram, ...] = () if client is None else (client.latency, *(client.blocks or ()))
    for histogram in (*found, *(() if exchange is None else (exchange.round_trip,))):
        counted = sum(histogram.buckets.values())
        if counted != histogram.count:
            yield Reason("verdict.counts-differ", {"count": histogram.count, "counted": counted})
            return
