"""Colour scales that fit a quantity: sequential, or diverging around zero, with round levels.

All maps are safe for colour-blind readers: those of cmocean (Thyng et al. 2016,
doi:10.5670/oceanog.2016.66) and of ColorBrewer, in the uses that the IPCC AR6 style guide names.
"""

from __future__ import annotations

import functools
import math
import threading
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from .text import units_text

Extend = Literal["neither", "min", "max", "both"]

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_once = threading.Lock()
_SAMPLE = 1_000_000
_TAIL = 2.0  # per cent of the values that may lie beyond each end
_MANY = 200
_LEAST = 1e-300  # below it, a span cannot be cut into steps
_MOST_LEVELS = 12
_DIVERGING_WORDS = ("anomaly", "departure", "trend", "slope", "change", "difference", "bias")
_DIVERGING_INDICATORS = ("spi", "spei", "standardised", "standardized")
_VERDICTS = ("_pvalue", "_significant")  # of a trend, and none themselves
_DRY_WET = (
    "precip", "rain", "moisture", "soil_water", "water_storage", "lwe", "spi", "spei", "runoff",
    "humidity", "wet",
)  # fmt: skip
_ICE = ("sea_ice", "siconc", "snow")
_SPREAD = ("chlorophyll",)  # quantities whose values differ by factors, not by amounts
_FACTORS = ((1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))
_SIDES = (0.1, 0.9)  # of a diverging map, both dark enough for a bar
_FEW = 7  # levels; fewer show too little
_FROM = {"cmo.ice": 0.3}  # below this share, colours are so dark that they hide coasts
_SEQUENTIAL = (  # words in the standard name, units or name -> colour map
    (("variability", "standard_deviation"), "cmo.amp"),
    (("temperature_above", "warm", "hot", "heat", "tx90", "tn90"), "YlOrRd"),
    (("temperature_below", "cold", "frost", "tx10", "tn10"), "PuBu"),
    (("burned", "fire"), "YlOrRd"),
    (("aerosol",), "YlOrBr"),
    (("dry", "drought"), "YlOrBr"),
    (_ICE, "cmo.ice"),
    (("temperature",), "cmo.thermal"),
    (("salinity",), "cmo.haline"),
    (("chlorophyll", "vegetation", "ndvi", "leaf_area"), "cmo.algae"),
    (("sea_surface_height", "sea_level", "topography"), "viridis"),
    (("wind", "speed", "wave"), "cmo.speed"),
    (_DRY_WET, "YlGnBu"),
)


@dataclass(frozen=True)
class Scale:
    """Levels and colours of a map.

    Attributes
    ----------
    levels : tuple of float
        Rising limits of the colours, in the units of the field.
    colours : str
        Name of a matplotlib or cmocean colour map.
    diverging : bool
        Whether the colours change side at zero, which is then one of the levels.
    extend : {"neither", "min", "max", "both"}
        At which ends values lie beyond the levels.
    """

    levels: tuple[float, ...]
    colours: str
    diverging: bool
    extend: Extend

    def norm_and_map(self) -> tuple[Any, Any]:
        """Return matplotlib's norm and colour map: one colour between two levels."""
        from matplotlib.colors import BoundaryNorm

        count = len(self.levels) - 1
        bins = count + (self.extend in ("min", "both")) + (self.extend in ("max", "both"))
        colour_map = _colour_map(self.colours).with_extremes(bad=(0, 0, 0, 0))
        return BoundaryNorm(self.levels, max(colour_map.N, bins), extend=self.extend), colour_map


def scale_of(da: xr.DataArray) -> Scale:
    """Choose the scale of a variable from its meaning and from all of its values.

    Parameters
    ----------
    da : DataArray
        All periods of the variable, so that its maps can be compared.

    Returns
    -------
    Scale
        With round levels; 2 % of the values may lie beyond each end.
    """
    values = _sample(da)
    diverging = is_diverging(da)
    if values.size == 0:
        return Scale((0.0, 1.0), _colours(da, diverging), diverging, "neither")
    tail = _TAIL if values.size >= _MANY else 0.0
    low, high = (float(v) for v in np.percentile(values, (tail, 100 - tail)))
    whole = _is_whole(values) or (is_count(da) and not values.any())
    if diverging:
        levels = _around_zero(max(abs(low), abs(high)))
    elif low > 0 and any(word in _about(da) for word in _SPREAD):
        levels = _by_factors(low, high)
    else:
        levels = _from_to(low, high, whole=whole)
    extend = _extend(levels, float(values.min()), float(values.max()))
    if diverging and extend != "neither":
        extend = "both"  # else matplotlib would move the middle colour away from zero
    return Scale(levels, _colours(da, diverging), diverging, extend)


def is_diverging(da: xr.DataArray) -> bool:
    """Tell whether zero parts two kinds of values: anomalies, trends, standardised indices."""
    about = _about(da).replace("normalized_difference", "")  # of two bands, not of two times
    if str(da.name).endswith(_VERDICTS):
        return False
    if "standard_deviation" in str(da.attrs.get("cell_methods", "")) or "variability" in about:
        return False
    if any(word in about for word in ("number_of", "warm_months", "count")):
        return False
    words = about.replace("_", " ").replace(":", " ").split()
    return any(word in about for word in _DIVERGING_WORDS) or any(
        word.startswith(_DIVERGING_INDICATORS) for word in words
    )


def sides_of(da: xr.DataArray) -> tuple[str, str]:
    """Return the colours of what is below and above zero, as on the maps of a variable."""
    from matplotlib.colors import to_hex

    colours = _colour_map(_colours(da, True))
    return to_hex(colours(_SIDES[0])), to_hex(colours(_SIDES[1]))


def is_count(da: xr.DataArray) -> bool:
    """Tell whether a variable counts or adds up something within each period."""
    units = str(da.attrs.get("units", "")).lower()
    adds = "sum" in str(da.attrs.get("cell_methods", "")) or units in ("d", "day", "days")
    adds = adds or "number_of" in str(da.attrs.get("standard_name", ""))
    adds = adds or str(da.name).removesuffix("_regional").endswith("_count")
    return adds and not is_diverging(da) and not bool((da < 0).any())


def units_of(da: xr.DataArray) -> str:
    """Return the units of a variable as they stand on a picture."""
    if str(da.attrs.get("standard_name", "")).startswith("number_of_days_"):
        return "days"
    units = units_text(str(da.attrs.get("units", "")))
    return units or ("count" if is_count(da) else "no unit")


def nice_step(span: float, count: int) -> float:
    """Return the smallest round step that covers a span in at most `count` steps."""
    if span < _LEAST or not math.isfinite(span):
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / count))
    return next(step * power for step in STEPS if step * power * count >= span * (1 - 1e-9))


def _sample(da: xr.DataArray) -> np.ndarray:
    flat = np.asarray(da.values).ravel()
    flat = flat[:: max(1, flat.size // _SAMPLE)].astype(float)
    return np.asarray(flat[np.isfinite(flat)])


def _about(da: xr.DataArray) -> str:
    parts = [da.name, *(da.attrs.get(key, "") for key in ("indicator", "standard_name"))]
    return " ".join(str(part) for part in parts).lower()


def _is_whole(values: np.ndarray) -> bool:
    return bool(values.min() >= 0 and values.max() >= 1 and (values == np.round(values)).all())


def _around_zero(largest: float) -> tuple[float, ...]:
    if largest <= 0:
        largest = 1.0
    step = nice_step(largest, _MOST_LEVELS // 2)
    count = max(3, math.ceil(largest / step - 1e-9))
    return tuple(_rounded(i * step, step) for i in range(-count, count + 1))


def _from_to(low: float, high: float, *, whole: bool) -> tuple[float, ...]:
    if high <= low:
        margin = max(abs(low) * 0.05, 0.5)
        low, high = (max(low - margin, 0.0) if low >= 0 else low - margin), high + margin
    if 0 < low < 0.2 * high:
        low = 0.0
    step = nice_step(high - low, _MOST_LEVELS - 2)
    if whole:
        step = max(1.0, float(math.ceil(step)))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 2)
    return tuple(_rounded(i * step, step) for i in range(first, last + 1))


def _by_factors(low: float, high: float) -> tuple[float, ...]:
    """Return levels of the series 1, 2, 5, 10 that hold two values, finer ones if these are few."""
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 2)
    for steps in _FACTORS:
        series = [float(f"{step}e{power}") for power in powers for step in steps]
        first = max(i for i, level in enumerate(series) if level <= low)
        last = min(i for i, level in enumerate(series) if level >= high)
        if last - first + 1 >= _FEW:
            return tuple(series[first : last + 1])
    return _from_to(low, high, whole=False)


def _rounded(value: float, step: float) -> float:
    """Remove the noise of binary fractions."""
    digits = max(0, 2 - math.floor(math.log10(step)))
    return round(value, digits) + 0.0


def _extend(levels: tuple[float, ...], lowest: float, highest: float) -> Extend:
    noise = 1e-6 * (levels[-1] - levels[0])
    below, above = lowest < levels[0] - noise, highest > levels[-1] + noise
    return "both" if below and above else "min" if below else "max" if above else "neither"


def _colours(da: xr.DataArray, diverging: bool) -> str:
    about = f"{_about(da)} {da.attrs.get('cell_methods', '')} {da.attrs.get('long_name', '')}"
    about = about.lower().replace(" ", "_")
    if diverging:
        if any(word in about for word in _DRY_WET):
            return "BrBG"
        if any(word in about for word in ("vegetation", "ndvi", "chlorophyll")):
            return "PRGn"
        return "RdBu" if any(word in about for word in _ICE) else "RdBu_r"
    for words, colours in _SEQUENTIAL:
        if any(word in about for word in words):
            return colours
    return "cividis"


def _colour_map(name: str) -> Any:
    import matplotlib
    from matplotlib.colors import ListedColormap

    if not name.startswith("cmo."):
        return matplotlib.colormaps[name]
    with _once:
        whole = _cmocean()[name.removeprefix("cmo.")]
    if name not in _FROM:
        return whole
    return ListedColormap(whole(np.linspace(_FROM[name], 1.0, whole.N)), name=name)


@functools.cache
def _cmocean() -> Any:
    with warnings.catch_warnings():  # cmocean 4.0 makes its maps in a way matplotlib 3.11 dislikes
        warnings.simplefilter("ignore", DeprecationWarning)
        import cmocean
    return cmocean.cm.cmap_d
