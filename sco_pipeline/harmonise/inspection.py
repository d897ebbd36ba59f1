"""Look into a file that need not be in any catalog: what was found, what was changed and why."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from ..catalog import BBox, Layout, Period, Request, Variable, load_catalog
from ..errors import HarmonisationError
from .granule import standardise_raw
from .guess import Hints, guess_entry
from .journal import Change, Journal
from .opened_dataset import Opening
from .opening import assemble
from .quality import COUNT, COUNTED, quality_counts
from .readers import detect, read

_WIDTH = 48


@dataclass(frozen=True)
class Inspection:
    """What a file holds and what harmonising it changes.

    Attributes
    ----------
    file : str
        Name of the file.
    format : str
        Name of its reader, or empty.
    sizes : dict
        Dimensions of the file.
    changes : tuple of Change
        What was found, made of it, and why.
    refused : str or None
        Why it cannot be harmonised, in one sentence.
    dataset : Dataset or None
        The harmonised Dataset, lazy; None if refused.
    quality : dict
        Variable -> check -> count, if the checks were asked for.
    """

    file: str
    format: str
    sizes: Mapping[str, int]
    changes: tuple[Change, ...]
    refused: str | None
    dataset: xr.Dataset | None
    quality: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return the table: subject, found, made of it, reason."""
        return [(c.subject, c.found, c.made, c.reason) for c in self.changes]

    def __str__(self) -> str:
        """Return the file, its table of changes and the result as text."""
        sizes = ", ".join(f"{name} {size}" for name, size in self.sizes.items())
        lines = [f"{self.file} ({self.format or 'unknown format'}; {sizes or 'no dimensions'})"]
        if self.changes:
            lines += _table([("subject", "found", "harmonised", "why"), *self.rows()])
        if self.refused is not None:
            return "\n".join([*lines, f"refused: {self.refused}"])
        assert self.dataset is not None
        for name, da in self.dataset.data_vars.items():
            shape = ", ".join(f"{dim} {size}" for dim, size in da.sizes.items())
            lines.append(f"{name} [{da.attrs['units']}]: {da.attrs['long_name']} ({shape})")
        time = self.dataset["time_bnds"].values
        steps = "1 step" if len(time) == 1 else f"{len(time)} steps"
        lines.append(f"time {_moment(time[0, 0])} to {_moment(time[-1, 1])}, {steps}")
        return "\n".join([*lines, *self._quality_lines()])

    def _quality_lines(self) -> list[str]:
        """Return the table of the quality checks, if they were asked for."""
        if not self.quality:
            return []
        checks = list(next(iter(self.quality.values())))
        rows = [
            (name, *(f"{counts[check]:,}" for check in checks))
            for name, counts in self.quality.items()
        ]
        return ["quality", *_table([("variable", *checks), *rows])]

    def record(self) -> dict[str, Any]:
        """Return the same for JSON."""
        found: dict[str, Any] = {
            "file": self.file,
            "format": self.format,
            "sizes": dict(self.sizes),
            "changes": [asdict(change) for change in self.changes],
            "refused": self.refused,
        }
        if self.dataset is not None:
            time = self.dataset["time_bnds"].values
            found["time"] = [str(time[0, 0]), str(time[-1, 1])]
            found["variables"] = {
                str(name): {"units": da.attrs["units"], "sizes": dict(da.sizes)}
                for name, da in self.dataset.data_vars.items()
            }
        return {**found, "quality": self.quality}


def inspect(path: str | Path, *, quality: bool = False, **hints: Any) -> Inspection:
    """Look into a file: what was found, what harmonising changes and why.

    Parameters
    ----------
    path : str or Path
        A file of any format that has a reader.
    quality : bool
        Whether to read the values and count what the quality checks find.
    **hints
        As for `open_any`.

    Returns
    -------
    Inspection
        Prints as a table; a file that cannot be harmonised has the reason in `refused`.
    """
    path = Path(path)
    journal = Journal()
    fmt, refused, ds, counts = "", None, None, {}
    sizes: dict[str, int] = {}
    try:
        fmt = detect(path)
        raw = read(path)
        sizes = {str(name): size for name, size in raw.sizes.items()}
        ds = _opened(raw, path.name, _identity(path), fmt, journal, **hints)
        counts = _counted(ds) if quality else {}
    except HarmonisationError as error:
        refused = str(error)
    return Inspection(path.name, fmt, sizes, tuple(journal), refused, ds, counts)


def open_any(
    source: str | Path | xr.Dataset,
    *,
    variables: Sequence[str] = (),
    frequency: str | None = None,
    units: Mapping[str, str] | None = None,
    layout: Layout | Mapping[str, Any] | None = None,
    period: Period | None = None,
    bbox: BBox | None = None,
    known: Mapping[str, Variable] | None = None,
) -> xr.Dataset:
    """Open a file, or take a Dataset, and return it harmonised.

    Only what CF allows is guessed; the rest is asked for by name.

    Parameters
    ----------
    source : str, Path or Dataset
        A file of any format that has a reader, or a Dataset as xarray opens it.
    variables : sequence of str
        Names in the file; by default all that hold data and state their units.
    frequency : str, optional
        ``hour``, ``day``, ``month``, ``season``, ``year`` or ``irregular``, where it does not show.
    units : mapping, optional
        Name in the file -> units, where the file is silent or wrong.
    layout : Layout or mapping, optional
        What the file does not say of its axes, as in a catalog entry.
    period : Period, optional
        Days that are wanted.
    bbox : BBox, optional
        Box that is wanted.
    known : mapping, optional
        Quantities by id; by default those of the catalog.

    Returns
    -------
    Dataset
        Harmonised and lazy; what was changed stands in the attribute ``harmonised``.

    Raises
    ------
    HarmonisationError
        If the file cannot be read or something must be stated.

    Examples
    --------
    >>> open_any("sst.nc", frequency="day")  # doctest: +SKIP
    """
    hints: dict[str, Any] = {
        "variables": variables, "frequency": frequency, "units": units, "layout": layout,
        "period": period, "bbox": bbox, "known": known,
    }  # fmt: skip
    if isinstance(source, xr.Dataset):
        name = str(source.attrs.get("dataset") or source.attrs.get("title") or "dataset")
        return _opened(source, name[:60], (uuid.uuid4().hex,), "netcdf", Journal(), **hints)
    path = Path(source)
    return _opened(read(path), path.name, _identity(path), detect(path), Journal(), **hints)


def _opened(
    raw: xr.Dataset, origin: str, identity: tuple[object, ...], fmt: str, journal: Journal,
    *,
    variables: Sequence[str] = (),
    frequency: str | None = None,
    units: Mapping[str, str] | None = None,
    layout: Layout | Mapping[str, Any] | None = None,
    period: Period | None = None,
    bbox: BBox | None = None,
    known: Mapping[str, Variable] | None = None,
) -> xr.Dataset:  # fmt: skip
    plan = layout if isinstance(layout, Layout) else Layout.model_validate(layout or {})
    known = load_catalog().variables if known is None else known
    hints = Hints(tuple(variables), frequency, units or {}, plan)
    entry, quantities = guess_entry(raw, origin, fmt, known, hints, journal)
    request = Request(variables=tuple(quantities), period=period or Period(), bbox=bbox)
    opening = Opening(entry, quantities, request, journal)
    granule = standardise_raw(raw, origin, identity, opening)
    if granule is None:
        raise HarmonisationError(f"{origin} holds no step of {request.period}")
    return assemble([granule], opening)


def _identity(path: Path) -> tuple[object, ...]:
    status = path.stat()
    return (str(path), status.st_mtime_ns, status.st_size)


def _counted(ds: xr.Dataset) -> dict[str, dict[str, int]]:
    """Return variable -> check -> count, read from the values."""
    ranges = load_catalog().variables
    own = {str(name): ranges.get(str(name)) for name in ds.data_vars}
    counts = quality_counts(ds, own).load()
    return {
        str(name).removesuffix(COUNT): dict(zip(COUNTED, da.values.tolist(), strict=True))
        for name, da in counts.data_vars.items()
    }


def _moment(date: Any) -> str:
    """Return a date, with the time of day where it is not midnight."""
    day, clock = str(date).replace("T", " ")[:16].split(" ")
    return day if clock == "00:00" else f"{day} {clock}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as aligned text, long cells cut but those of the last column."""
    last = len(rows[0]) - 1
    cut = [
        [c if len(c) <= _WIDTH or at == last else c[: _WIDTH - 1] + "…" for at, c in enumerate(row)]
        for row in rows
    ]
    widths = [max(len(row[column]) for row in cut) for column in range(len(rows[0]))]
    lines = []
    for row in cut:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return lines
