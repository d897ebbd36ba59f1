"""Text of datasets stays text when Markdown is rendered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flows.plain_text import plain

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](http://example.org/spy.png)",
    "https://example.org/auto-link <https://example.org>",
    "# heading | cell | **bold** `code` ~~gone~~",
    "&lt;b&gt; &#60;b&#62;",
    "\u202ereversed\u202c and \x00 control \x1b[31m",
    "$x^2$ {{ 7*7 }}",
]


def rendered(text: str) -> list[str]:
    """The kinds of Markdown tokens in a line and in a table cell."""
    markdown = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    tokens = markdown.parse(f"word {text} word\n\n| a |\n| --- |\n| {text} |\n")
    return [child.type for token in tokens for child in token.children or ()]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(text: str) -> None:
    assert set(rendered(plain(text))) <= {"text", "text_special"}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_shown_letter_by_letter(text: str) -> None:
    import html

    shown = html.unescape(plain(text))
    kept = [c for c in shown if not c.isspace()]
    assert all(c in text for c in kept)
    assert set(rendered(plain(text))) <= {"text", "text_special"}


def test_long_text_is_cut() -> None:
    assert len(plain("a" * 5_000_000)) < 2100
