"""The languages of one page: a text is all of its translations, and a reader sees one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clearway.base.texts import stripped
from clearway.report.document import ReportDocument
from clearway.report.phrases import Phrases
from clearway.report.wording import Language


@dataclass(frozen=True, slots=True)
class Text:
    """A text in every language of the page, in the page's order."""

    said: tuple[tuple[Language, str], ...]

    def __html__(self) -> str:
        """Markup, for the template: one element a language, and none where all say the same."""
        from markupsafe import Markup, escape  # a late import keeps `--help` quick

        if len({text for _, text in self.said}) == 1:
            return escape(self.said[0][1])
        return Markup("").join(Markup('<span lang="{}">{}</span>').format(*one) for one in self.said)

    def __str__(self) -> str:
        """In the page's first language."""
        return self.said[0][1]

    def within(self, language: Language) -> str:
        return dict(self.said)[language]


@dataclass(frozen=True)
class Voices:
    """The same report in one language or in several; the first one is the reader's."""

    documents: tuple[ReportDocument, ...]

    @property
    def first(self) -> ReportDocument:
        return self.documents[0]

    @cached_property
    def phrases(self) -> tuple[Phrases, ...]:
        return tuple(Phrases(document.language) for document in self.documents)

    def say(self, code: str, /, **values: Any) -> Text:
        """The wording of `code`; a value that is a text itself stands in the same language."""
        return self.phrased(
            lambda phrases: phrases.say(code, **{name: _within(one, phrases) for name, one in values.items()})
        )

    def phrased(self, make: Callable[[Phrases], str]) -> Text:
        return Text(tuple((phrases.language, make(phrases)) for phrases in self.phrases))

    def each(self, read: Callable[[ReportDocument], str]) -> Text:
        """What each of the documents says at the same place."""
        return Text(tuple((document.language, stripped(read(document))) for document in self.documents))

    def all(self, read: Callable[[ReportDocument], Sequence[str]]) -> tuple[Text, ...]:
        """The same of a list."""
        lists = [read(document) for document in self.documents]
        languages = [document.language for document in self.documents]
        columns = zip(*lists, strict=True)
        return tuple(Text(tuple(zip(languages, map(stripped, column), strict=True))) for column in columns)


def _within(value: Any, phrases: Phrases) -> Any:
    if isinstance(value, Text):
        return value.within(phrases.language)
    return tuple(_within(one, phrases) for one in value) if isinstance(value, tuple) else value
