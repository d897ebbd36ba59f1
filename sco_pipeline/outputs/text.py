"""Text on pictures: foreign text as it is, wrapped and cut; units and numbers as people write."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

FONT = "DejaVu Sans"  # comes with matplotlib, so that pictures are the same everywhere
ELLIPSIS = "…"
_POINTS_PER_INCH = 72.0
_HINTING = 1.03  # small glyphs are set on whole pixels
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNIT_WORDS = {
    "degc": "°C",
    "degree_celsius": "°C",
    "celsius": "°C",
    "degrees": "°",
    "degree": "°",
    "percent": "%",
    "1": "",
    "d": "d",
    "day": "d",
}
_WHOLE_UNITS = {"d": "days", "day": "days", "days": "days", "1": "", "months": "months"}
_PER_DECADE = re.compile(r"\(10 years\)-1|decade-1")
_LONGEST = 2000
_GROUPED = 10_000  # from here on, thousands are set apart


def clean(text: object) -> str:
    """Return foreign text as one line of printable characters that the font has.

    Parameters
    ----------
    text : object
        Anything from a dataset or a catalog.

    Returns
    -------
    str
        Without control and direction characters; what the font lacks becomes a question mark.
    """
    plain = unicodedata.normalize("NFC", str(text)[:_LONGEST])
    kept = "".join(" " if c.isspace() else c for c in plain)
    kept = "".join(c for c in kept if unicodedata.category(c)[0] != "C")
    known = _glyphs()
    return " ".join("".join(c if ord(c) in known else "?" for c in kept).split())


def units_text(units: str) -> str:
    """Return CF units as people write them: ``mm d-1`` as ``mm d⁻¹``, ``degC`` as ``°C``."""
    units = clean(units)
    if units.lower() in _WHOLE_UNITS:
        return _WHOLE_UNITS[units.lower()]
    decade = " per decade" if _PER_DECADE.search(units) else ""
    units = _PER_DECADE.sub("", units).strip()
    if decade and units == "1":
        return decade.strip()
    words = []
    for word in re.sub(r"(\*\*|\^)", "", units).split():
        found = re.fullmatch(r"([A-Za-z%°µ_]+)(-?\d+)?", word)
        if found is None:
            words.append(word)
            continue
        name = _UNIT_WORDS.get(found[1].lower(), found[1])
        words.append(name + (found[2] or "").translate(_SUPERSCRIPT))
    return " ".join(word for word in words if word) + decade


def number(value: float, levels: Sequence[float]) -> str:
    """Return a level with as many decimals as its neighbours need, and a true minus sign."""
    steps = [abs(b - a) for a, b in itertools.pairwise(levels)]
    step = min(steps)
    if max(steps) > 4 * step:  # levels that grow by factors
        return f"{value:g}".replace("-", "−")
    if max(abs(level) for level in levels) >= 1e5 or step < 1e-4:
        mantissa, _, power = f"{value:.3g}".partition("e")
        text = f"{mantissa}×10{str(int(power)).translate(_SUPERSCRIPT)}" if power else mantissa
    else:
        decimals = next(d for d in range(6) if abs(round(step, d) - step) < 1e-6 * step or d == 5)
        text = f"{value:{',' if abs(value) >= _GROUPED else ''}.{decimals}f}"
    return text.replace("-", "−")


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line in inches at a font size in points."""
    font = _font(bold)
    units = sum(font.advance(c) for c in text)
    return units * size / _POINTS_PER_INCH * _HINTING


def wrap(text: str, width: float, size: float, *, lines: int, bold: bool = False) -> list[str]:
    """Break cleaned text into lines of at most `width` inches; cut what is over `lines`."""
    made: list[str] = []
    for word in _breakable(clean(text), width, size, bold):
        joined = f"{made[-1]} {word}" if made else word
        if made and width_of(joined, size, bold=bold) <= width:
            made[-1] = joined
        else:
            made.append(word)
    if len(made) <= lines:
        return made
    last = made[lines - 1]
    while last and width_of(last + ELLIPSIS, size, bold=bold) > width:
        last = last[:-1]
    return [*made[: lines - 1], last.rstrip() + ELLIPSIS]


def sentences(parts: Iterable[str]) -> str:
    """Join texts as sentences, each with its full stop."""
    kept = (part.strip() for part in parts if part and part.strip())
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in kept)


def _breakable(text: str, width: float, size: float, bold: bool) -> list[str]:
    """Return the words of a text; one wider than a line is broken."""
    words: list[str] = []
    for word in text.split():
        while width_of(word, size, bold=bold) > width and len(word) > 1:
            fits = len(word) - 1
            while fits > 1 and width_of(word[:fits], size, bold=bold) > width:
                fits -= 1
            words.append(word[:fits])
            word = word[fits:]
        words.append(word)
    return words


class _Font:
    """Advance widths of one face, in ems."""

    def __init__(self, path: str) -> None:
        from matplotlib.ft2font import FT2Font, LoadFlags

        font = FT2Font(path)
        font.set_size(100, 72)
        glyphs = font.get_charmap()
        self.widths = {
            code: font.load_char(code, flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536 / 100
            for code in glyphs
            if code < 0x2300
        }

    def advance(self, character: str) -> float:
        return self.widths.get(ord(character), 0.8)


@functools.cache
def _font(bold: bool) -> _Font:
    return _Font(str(_font_file(bold)))


@functools.cache
def _glyphs() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(_font_file(False))).get_charmap())


def _font_file(bold: bool) -> Path:
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name
