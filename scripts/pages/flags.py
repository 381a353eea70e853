"""The table of flags as Markdown, in the page about them."""

from __future__ import annotations

from collections.abc import Iterator

from clearway.cl2.flags import FLAGS, Flag, Treatment
from clearway.report.wording import sentence

_BEGIN, _END = "<!-- flags: made of the source -->", "<!-- end of flags -->"
_WORDS = {
    Treatment.ACTED_ON: "acted on",
    Treatment.WITHOUT_EFFECT: "accepted, without effect",
    Treatment.REFUSED: "refused where it is switched on",
}


def with_flags(page: str) -> str:
    """The page with the table as the source has it now."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{_table()}\n{_END}{after}"


def _table() -> str:
    heads = ("flag", "environment", "here", "what it does, or why not")
    rows = [heads, ("---",) * len(heads), *map(_row, FLAGS)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(flag: Flag) -> tuple[str, ...]:
    env = f"`{flag.env}`" if flag.env else ""
    return f"`--{flag.name}`", env, _WORDS[flag.treatment], "".join(_text(flag))


def _text(flag: Flag) -> Iterator[str]:
    yield sentence(flag.code, {}, "en")
    if flag.commas:
        yield " Several values can be set apart by commas."
