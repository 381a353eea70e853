"""Every number that decides a verdict by itself, with its reason and its source. docs/verdict.md shows this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threshold:
    value: float
    shown: str
    """The number as the table writes it."""
    decides: str
    reason: str
    source: str
    values: tuple[float, ...] = ()
    """All of them, where it is more than one number."""


CONFIDENCE = Threshold(
    0.95,
    "95 %",
    "how surely a verdict is right, over all looks at it",
    "The usual level: one verdict in twenty on a network that lies right at its limit may be wrong, and far fewer on "
    "one that does not.",
    "own choice; the usual level since Fisher, Statistical Methods for Research Workers (1925)",
)
LOOKS = Threshold(
    6,
    "1, 2, 7, 5, 4, 4",
    "how the error is shared by the looks after 1, 2, ... repeats (from the sixth on alike)",
    "After one or two repeats the noise is hardly known, so a look there would cost much and decide little; after "
    "three most of what can be decided is. Chosen by simulation for few repeats on average.",
    "own choice; Lan and DeMets, Discrete Sequential Boundaries for Clinical Trials, Biometrika 70 (1983)",
    (1.0, 2.0, 7.0, 5.0, 4.0, 4.0),
)
TWO_DEGREES = Threshold(
    2,
    "2 / (f + 2)",
    "which part of its share a look loses whose noise has f degrees of freedom",
    "With one pair, early looks know the noise from one or two differences, and their quantiles of Student's t are so "
    "large that they decide nearly nothing; later looks make better use of the error.",
    "own choice, by simulation",
)
OVERLAP = Threshold(
    0.4,
    "K^(p^0.4)",
    "how far the levels of K looks may add up above the error p",
    "Looks share their data. For looks of equal size at 5 % the published factors are 1.22 for 2 looks and 1.83 for 6; "
    "for 0.5 % they are 1.11 and 1.49. This stays below them but for 2 looks at 5 %, where it is 1.23.",
    "own formula, by simulation; Pocock, Group Sequential Methods, Biometrika 64 (1977)",
)
LONE_NOISE = Threshold(
    0.05,
    "5 %",
    "noise that one repeat of a lone pair is assumed to have",
    "One repeat cannot show how much the next one will differ: blocks inside it show only a part. Repeats of bulk TCP "
    "on a quiet network differ by less. Where they differ by more, only repeats can show it.",
    "own choice",
)
LEAST_NOISE = Threshold(
    0.0025,
    "0.25 %",
    "noise of one repeat that is always assumed",
    "Two or three values may be alike by chance, and timers, whole packets and the ends of intervals alone move a "
    "value by this much.",
    "own choice",
)
APART = Threshold(
    0.001,
    "0.1 %",
    "chance, on either side, of a scatter from which on a pair is judged by its own, not by that of all",
    "A pair that flaps would be called steady by its calm neighbours, and would make them look unsteady. With equal "
    "noise two pairs of 1,000 scatter so much after two repeats, and fewer later.",
    "own choice; Cochran's test for a variance that lies apart (1941)",
)
ZONE = Threshold(
    0.02,
    "2 %",
    "distance from the limit inside of which a pair that stays undecided is too close to decide",
    "Nothing that uses the network feels the difference, and to find it takes many repeats: their number grows "
    "with the square of noise / distance.",
    "own choice; Schuirmann, two one-sided tests, J. Pharmacokinet. Biopharm. 15 (1987)",
)
BLOCK = Threshold(
    0.5,
    "0.5 s",
    "length of the blocks that samples inside a probe are gathered in",
    "Samples that lie close together share a queue or a burst and are no separate evidence. Half a second is far "
    "longer than a queue lives, and leaves 20 blocks in 10 s.",
    "own choice; Kish, Survey Sampling (1965)",
)
WIDEST = Threshold(
    0.9,
    "90 %",
    "widest margin of a mean, as a share of the true one",
    "Values that scatter more than this say nothing of their mean, and the upper end of the interval would be "
    "infinite.",
    "own choice",
)
UNKNOWN_BLOCKS = Threshold(
    4,
    "4 / sample",
    "samples that count as one where a record has no blocks",
    "Records of earlier versions, and of round trips, have no times of their samples. A queue that makes one request "
    "late makes its neighbours late too: a few at the rates of the profiles.",
    "own choice",
)
LOSSY_BLOCKS = Threshold(
    6,
    "6",
    "blocks with a loss, at least, that the size of bursts is taken to be known from",
    "A block without a loss does not show how large a burst is, so the blocks with one count. With fewer than six, two "
    "single losses that fell into one block by chance would leave a good network undecided.",
    "own choice, by simulation",
    (6.0,),
)
BEYOND_PERCENTILE = Threshold(
    10,
    "10 / (1 - p)",
    "samples that a percentile p needs",
    "About 10 samples then lie beyond the percentile, and their number varies by a third (1 / sqrt 10); with fewer, a "
    "single slow request moves the percentile.",
    "own choice; the variation is that of a Poisson count",
)
RULE_OF_THREE = Threshold(
    3,
    "3 / limit",
    "samples that a limit on a share needs",
    "No loss in n datagrams shows, at 95 %, a loss below 3 / n: (1 - 3 / n)^n is about 5 %.",
    'Hanley and Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?", JAMA 249 (1983)',
)
CLIENT_BUSY = Threshold(
    0.95,
    "95 %",
    "share of its cores from which an HTTP client measures itself",
    "Waiting before a server that is busy for a share u grows with 1 / (1 - u): 20 service times at 95 %. What is left "
    "to 100 % covers the coarse clock of CPU time.",
    "own choice; Kleinrock, Queueing Systems 1 (1975), M/M/1",
)
SENT = Threshold(
    0.98,
    "98 %",
    "share of the asked rate that a sender has to reach",
    "A sender paces by timers and sends whole datagrams or requests, so it misses the rate slightly. A loss or a "
    "latency under 2 % less load is still that of the asked load.",
    "own choice",
)
RAN = Threshold(
    0.95,
    "95 %",
    "share of the asked time that a sender has to run",
    "Connecting and the last interval take part of the time. Of a 10 s test half a second may be missing.",
    "own choice",
)
LOAD = Threshold(
    0.8,
    "80 %",
    "share of a full road that a background load has to carry: of the median of all pairs' own TCP throughput in the "
    "run, or of the pair's link where that is less",
    "The measured probe takes part of the path, and TCP throughput differs from one measurement to the next. Under "
    "80 % the queues on the path are not full all the time. A pair's own throughput would call its own crawl full.",
    "own choice",
)
SENT_AGAIN = Threshold(
    0.05,
    "5 %",
    "share of a bulk flow's segments that were sent again from which the road dropped what a full road carries",
    "Eight streams that fill a shaped link with a queue of 50 ms send less than 2 % of theirs again; a policer "
    "without a queue makes it 20 %. A machine that is busy makes a flow slow and drops none of it.",
    "own choice, by measurement in the lab",
)
CPU_GONE = Threshold(
    0.05,
    "5 %",
    "share of an attempt without CPU from which a worker's figures are its own",
    "The same share of the time that a sender may miss: half a second of a 10 s test. What shows in figures of "
    "intervals of half a second is then explained by the worker.",
    "own choice",
)
LATE_DATA = Threshold(
    0.5,
    "0.5 s",
    "lateness of the first data that a worker launched in time does not explain",
    "ARP, neighbour discovery and TCP ask again for the first time after 1 s, of which the tool's lead of 0.6 s may be "
    "over. A worker that gets its CPU is late by milliseconds.",
    "own choice; RFC 6298 (2011), RFC 4861 (2007)",
)
ABOVE_LINK = Threshold(
    1.05,
    "105 %",
    "goodput of a link's known rate above which the numbers can't be true",
    "Headers take 3 to 6 % of a link, so goodput stays below it. A shaper's burst and the edges of a window add less.",
    "own choice",
)
ABOVE_SENT = Threshold(
    1.05,
    "105 %",
    "share of what was sent above which what was received can't be true",
    "Both ends count the same datagrams. A sender's last ones, which say that it is over, are repeated and not in its "
    "count: ten of the thousand of a short test.",
    "own choice",
)
DOUBLED = Threshold(
    0.001,
    "0.1 %",
    "share of copies among the datagrams received from which a pair can't hold",
    "A road that sends a packet twice sends it over two ways, or a switch floods. Single copies come where a "
    "table is learned anew; the usual limit on loss is taken for them.",
    "own choice",
)
STALLED = Threshold(
    0.1,
    "0.1 s",
    "stall of a bulk flow that a worker without CPU may have made itself",
    "A CPU limit holds a worker back for up to 0.1 s at a time, the kernel's period. Rows of TCP are that long too; "
    "shorter gaps between datagrams come on every busy machine.",
    "own choice; Linux, Documentation/scheduler/sched-bwc.rst (cpu.cfs_period_us)",
)
WITHOUT_ANSWER = Threshold(
    0.5,
    "50 %",
    "share of their waiting that workers were without CPU, which explains connections without an answer",
    "Handshakes are the kernels' own work. A SYN is sent again after 1 s, then each time after twice as long: a pause "
    "that met every try lasted from the first to the last one, which is half of the waiting or more.",
    "RFC 6298 (2011)",
)
CLOCKS = Threshold(
    0.05,
    "0.05 s",
    "time before and after a late answer or a stall in which waiting of the tools for a CPU still explains it",
    "The waiting of both ends is counted in seconds of their own clocks, which lie some milliseconds apart, and a tool "
    "writes its log after it has read the answer.",
    "own choice",
)
ROADS = Threshold(
    0.9,
    "90 %",
    "share of all roads that the measured pairs are a statement about, where the criterion asks for more",
    "No sample shows that every road holds. Nine in ten need 29 pairs that hold (0.9^29 is under 5 %), 46 with one "
    "miss among them, 61 with two.",
    'Wilks, "Determination of Sample Sizes for Setting Tolerance Limits", Ann. Math. Statist. 12 (1941)',
)

FAR = Threshold(
    0.5,
    "50 %",
    "share of the median pair under which a pair is named in the first lines of an acceptance; where less is better, "
    "twice the median and over 50 % of the limit",
    "Pairs of one network that work alike differ by some 10 %, under contention by 30 %. A port that negotiated a "
    "tenth of its rate, a bad cable or a full uplink leaves half or less. Near zero, where a median of loss lies, "
    "twice is chance: such a pair has to use half of the limit too. It decides no state.",
    "own choice",
)

THRESHOLDS = (
    CONFIDENCE,
    LOOKS,
    TWO_DEGREES,
    OVERLAP,
    LONE_NOISE,
    LEAST_NOISE,
    APART,
    ZONE,
    BLOCK,
    WIDEST,
    UNKNOWN_BLOCKS,
    LOSSY_BLOCKS,
    BEYOND_PERCENTILE,
    RULE_OF_THREE,
    CLIENT_BUSY,
    SENT,
    RAN,
    LOAD,
    SENT_AGAIN,
    CPU_GONE,
    LATE_DATA,
    ABOVE_LINK,
    ABOVE_SENT,
    DOUBLED,
    STALLED,
    WITHOUT_ANSWER,
    CLOCKS,
    ROADS,
    FAR,
)

ROUNDING = 1e-9
"""A share written as 90 % is not exactly 0.9 in binary: counts of pairs are compared with this much room."""
