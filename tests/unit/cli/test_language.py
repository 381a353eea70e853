"""The language: the flag, then the locale, then English."""

from __future__ import annotations

import pytest

from clearway.base.errors import UsageError
from clearway.cli.flags import chosen_language


def test_the_flag_wins_over_the_locale() -> None:
    assert chosen_language("en", {"LC_ALL": "ko_KR.UTF-8"}) == "en"
    assert chosen_language("KO", {}) == "ko"


def test_lc_all_wins_over_lang_and_an_empty_one_does_not_count() -> None:
    assert chosen_language(None, {"LC_ALL": "ko_KR.UTF-8", "LANG": "en_US.UTF-8"}) == "ko"
    assert chosen_language(None, {"LC_ALL": "", "LC_MESSAGES": "ko", "LANG": "C"}) == "ko"


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.UTF-8", ""])
def test_any_other_locale_is_english(locale: str) -> None:
    assert chosen_language(None, {"LANG": locale}) == "en"


def test_an_unknown_flag_is_refused_with_the_choices() -> None:
    with pytest.raises(UsageError) as refused:
        chosen_language("fr", {})
    assert refused.value.code == "report.unknown-language"
    assert refused.value.values == {"found": "fr", "choices": ("en", "ko")}
