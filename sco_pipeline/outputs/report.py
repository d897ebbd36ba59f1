"""One page of a product: findings, maps, series and where they come from.

A single HTML file: it needs no network, runs no script and shows all text letter by letter.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

import xarray as xr

from ..catalog import Recipe
from .atomic import write_text
from .findings import finding, year_to_date
from .maps import DIRECTORY as MAPS
from .periods import coverage_text, days_text
from .rank_table import rank_rows
from .series import DIRECTORY as SERIES
from .series_table import counts_observations, series_of
from .text import clean
from .writer import writer

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_MOST = 60
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 62rem; margin: auto;
  padding: 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .2rem; }
ul { margin: .2rem 0 .8rem; }
figure { margin: 1rem 0; }
img { max-width: 100%; height: auto; border: 1px solid #ddd; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; background: #f4f4f2;
  padding: .8rem 1rem; margin: 1rem 0; font-size: .9rem; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child { text-align: left; font-weight: 600; }
.wide { overflow-x: auto; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
.caveat { border-left: 4px solid #b2182b; padding: .3rem .8rem; background: #fdf3f0; }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr; } }
"""
_FACTS = (
    ("Data", "acknowledgement"),
    ("Licence", "license"),
    ("References", "references"),
    ("Preliminary inputs", "preliminary_inputs"),
    ("Version", "product_version"),
)

_RANKS = (
    "Among the same parts of all years; rank 1 is the highest, and equal values share the better "
    "rank. The normal is the mean of the base period."
)
_QUALITY = (
    "What the checks found unusual in the inputs. They remove nothing; values out of range are "
    "missing where the entry of the dataset has them masked."
)
_CHECKS = {
    "valid": "Values",
    "missing": "Missing",
    "out_of_range": "Out of range",
    "jump": "Jump from step to step",
    "constant_run": "One value for ten steps or more",
    "spike": "Far from the neighbours",
    "low_coverage": "In a step with few values",
}


@writer("report")
def write_report(product: xr.Dataset, recipe: Recipe, directory: Path) -> list[Path]:
    """Write ``report.html``; list it after ``maps`` and ``series``, whose pictures it holds.

    Parameters
    ----------
    product : Dataset
        Described product.
    recipe : Recipe
        Its title and summary.
    directory : Path
        Of the product.

    Returns
    -------
    list of Path
        The one page.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    caveat = str(product.attrs.get("comment", ""))
    parts = [
        f"<h1>{escape(clean(recipe.title))}</h1>",
        f"<p>{escape(clean(recipe.summary))}</p>",
        f'<p class="caveat" role="note">{escape(clean(caveat))}</p>' if caveat else "",
        _facts(product),
        _findings("Latest values", product, finding),
        _findings("Year to date", product, year_to_date),
        _ranks(product),
        _figures("Maps", sorted((directory / MAPS).glob("*.png"))),
        _figures("Series", sorted((directory / SERIES).glob("*.png"))),
        _quality(product),
    ]
    path = directory / "report.html"
    write_text(path, _page(clean(recipe.title), "\n".join(part for part in parts if part)))
    return [path]


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _facts(product: xr.Dataset) -> str:
    """Return the panel that says what one is looking at."""
    baseline = days_text(str(product.attrs.get("baseline", "")))
    facts = [("Period", coverage_text(product)), ("Base period", baseline)]
    facts += [(name, str(product.attrs.get(key, ""))) for name, key in _FACTS]
    facts.append(("Date of the data", str(product.attrs.get("date_created", ""))[:10]))
    rows = (f"<dt>{name}</dt><dd>{escape(clean(text))}</dd>" for name, text in facts if text)
    return f"<dl>{''.join(rows)}</dl>"


def _findings(title: str, product: xr.Dataset, say: Callable[..., str | None]) -> str:
    """Return a list of sentences for each series that has any."""
    sections = []
    for series in series_of(product):
        if counts_observations(series.da):
            continue
        columns = range(min(len(series.regions) or 1, _MOST))
        found = [text for i in columns if (text := say(series, product, i))]
        if found:
            name = clean(series.da.attrs.get("long_name", series.name))
            sections.append(f"<h3>{escape(name)}</h3>{_list(found)}")
    return f"<h2>{title}</h2>{''.join(sections)}" if sections else ""


def _ranks(product: xr.Dataset) -> str:
    """Return a table for each series: how its latest values rank."""
    sections = []
    for series in series_of(product):
        rows = rank_rows(series, product)
        if rows and not counts_observations(series.da):
            name = clean(series.da.attrs.get("long_name", series.name))
            (corner, *heads), *body = rows
            sections.append(
                f'<h3>{escape(name)}</h3><div class="wide"><table>'
                f"{_head(corner, heads)}{''.join(map(_row, body))}</table></div>"
            )
    return (
        f"<h2>Ranks of the latest values</h2><p>{_RANKS}</p>{''.join(sections)}" if sections else ""
    )


def _head(corner: str, heads: Sequence[str]) -> str:
    cells = "".join(f'<th scope="col">{escape(head)}</th>' for head in (corner, *heads))
    return f"<tr>{cells}</tr>"


def _quality(product: xr.Dataset) -> str:
    """Return the table of what the quality checks of the inputs have counted."""
    counts = {name: da for name, da in product.data_vars.items() if da.dims == ("quality_check",)}
    if not counts:
        return ""
    names = [str(name).removesuffix("_quality_count") for name in counts]
    rows = [("", *names)]
    for at, check in enumerate(product["quality_check"].values):
        numbers = (f"{int(da.values[at]):,}" for da in counts.values())
        rows.append((_CHECKS.get(str(check), str(check)), *numbers))
    return (
        f"<h2>Quality of the inputs</h2><p>{_QUALITY}</p><table>{''.join(map(_row, rows))}</table>"
    )


def _row(cells: Sequence[str]) -> str:
    first, *others = (escape(clean(cell)) for cell in cells)
    tag = "td" if first else "th"
    inner = "".join(f"<{tag}>{cell}</{tag}>" for cell in others)
    return f'<tr><th scope="row">{first}</th>{inner}</tr>'


def _list(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(clean(text))}</li>' for text in texts)}</ul>"


def _figures(title: str, paths: list[Path]) -> str:
    figures = [
        f'<figure><img alt="{escape(_description(path), quote=True)}" '
        f'src="data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"></figure>'
        for path in paths
    ]
    return f"<h2>{title}</h2>{''.join(figures)}" if figures else ""


def _description(path: Path) -> str:
    """Return what a picture of ours says about itself, for readers who do not see it."""
    from PIL import Image

    with Image.open(path) as image:
        return clean(image.info.get("Description", path.stem))
