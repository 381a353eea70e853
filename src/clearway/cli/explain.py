"""`clearway explain`: terms, figures and messages in plain words."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from clearway.cli.flags import Lang, chosen_language


def explain(
    *topic: Annotated[str, Parameter(help="A word such as jitter, or a figure such as 2654989 kbytes/sec.")],
    lang: Lang = None,
) -> int:
    """Explain a metric, a statistic, an outcome, an exit code or a figure; without a topic: list them."""
    from clearway.report.explain import explain as explained

    print(explained(" ".join(topic), chosen_language(lang)))
    return 0
