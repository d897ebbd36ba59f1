"""Text of datasets and catalogs, shown as text wherever Markdown or HTML would be read."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2000
_MEANS_SOMETHING = re.compile(r"[\\`*_{}\[\]()#+!|~<>&$^=:@.\"'-]")


def plain(text: str, longest: int = LONGEST) -> str:
    """Return `text` so that Markdown and HTML show it letter by letter.

    Control characters and marks that change the direction of writing are taken out, long text
    is cut, and what means something in Markdown or HTML is written as a character reference.

    Parameters
    ----------
    text : str
        Anything.
    longest : int
        Number of characters that are kept.

    Returns
    -------
    str
        One line.
    """
    letters = "".join(" " if c.isspace() else c for c in text)
    letters = "".join(c for c in letters if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    if len(letters) > longest:
        letters = f"{letters[:longest]}…"
    return _MEANS_SOMETHING.sub(lambda match: f"&#{ord(match.group())};", letters)
