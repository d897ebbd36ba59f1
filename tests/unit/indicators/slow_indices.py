"""The ETCCDI indices once more, day by day in plain Python, written from their definitions.

Shares nothing with the package: no period table, no kernels. Slow, and meant to be.
"""

from __future__ import annotations

import math

import numpy as np

LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def days_of(first_year, last_year, calendar):
    """Return (year, month, day) of every day of whole years."""
    out = []
    for year in range(first_year, last_year + 1):
        for month, length in enumerate(LENGTHS, start=1):
            if calendar == "360_day":
                length = 30
            elif month == 2 and calendar != "noleap":
                length = 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 28
            out += [(year, month, day) for day in range(1, length + 1)]
    return out


def quantile8(values, p):
    """Type 8 quantile of a list, in the reference's order of operations."""
    x = sorted(values)
    m = 1 / 3 + p * (len(x) + 1 - 1 / 3 - 1 / 3) - 1
    j = math.floor(m + 4 * np.finfo(float).eps)
    h = m - j
    if abs(h) <= 4 * np.finfo(float).eps:
        h = 0
    low, high = (x[min(max(k, 0), len(x) - 1)] for k in (j, j + 1))
    return low if h == 0 else (1 - h) * low + h * high


def wet_quantile8(values, p):
    """Type 8 quantile that takes equal neighbours as they are."""
    x = sorted(values)
    if not x:
        return math.nan
    m = 1 / 3 + p * (len(x) + 1 / 3) - 1
    j = math.floor(m + 1e-15)
    h = 0 if abs(m - j) < 1e-15 else m - j
    low, high = (x[min(max(k, 0), len(x) - 1)] for k in (j, j + 1))
    return low if low == high or h == 0 else (1 - h) * low + h * high


def runs(flags):
    """Return (first, past last) of every run of true."""
    out, start = [], None
    for k, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = k
        elif not flag and start is not None:
            out.append((start, k))
            start = None
    return out


class Slow:
    """All indices of one station."""

    def __init__(self, series, first_year, last_year, calendar, base, *, limits=None, window=5,
                 fraction=0.1):  # fmt: skip
        self.days = days_of(first_year, last_year, calendar)
        self.series = {name: np.asarray(values, dtype=float) for name, values in series.items()}
        self.first_year, self.last_year = first_year, last_year
        self.base, self.window, self.fraction = base, window, fraction
        self.limits = {"year": 15, "season": 6, "month": 3, **(limits or {})}
        self.doys = 360 if calendar == "360_day" else 365
        self.leap = [d[1:] == (2, 29) and calendar != "360_day" for d in self.days]
        self.doy = self._calendar_days()
        tx, tn = self.series["tasmax"], self.series["tasmin"]
        self.series.setdefault("tas", (tx + tn) / 2)
        self.year = np.array([d[0] for d in self.days])
        self.month = np.array([d[1] for d in self.days])
        self._limits_of_days = {}

    def _calendar_days(self):
        out, count, year = [], -1, None
        for (y, _, _), leap in zip(self.days, self.leap, strict=True):
            if y != year:
                count, year = -1, y
            count += 0 if leap else 1
            out.append(count)
        return np.array(out)

    def periods(self, frequency):
        """Return, for each period, its months (year, month); months may lie outside."""
        years = range(self.first_year, self.last_year + 1)
        if frequency == "year":
            return [[(y, m) for m in range(1, 13)] for y in years]
        if frequency == "month":
            return [[(y, m)] for y in years for m in range(1, 13)]
        out = [[(self.first_year - 1, 12), (self.first_year, 1), (self.first_year, 2)]]
        for y in years:
            out += [[(y, m), (y, m + 1), (y, m + 2)] for m in (3, 6, 9)]
            out.append([(y, 12), (y + 1, 1), (y + 1, 2)])
        return out

    def _in(self, y, m):
        return (self.year == y) & (self.month == m)

    def where(self, months):
        """Return positions of the days of a period."""
        mask = np.zeros(len(self.days), dtype=bool)
        for y, m in months:
            mask |= self._in(y, m)
        return np.flatnonzero(mask)

    def enough(self, name, months, frequency, month_limit=None):
        """Apply the missing-day rule."""
        missing = np.isnan(self.series[name])
        total = 0
        for y, m in months:
            here = self._in(y, m)
            if not here.any():
                return False
            count = int(missing[here].sum())
            if count > (self.limits["month"] if month_limit is None else month_limit):
                return False
            total += count
        return total <= self.limits[frequency]

    def pool(self, name, doy, *, without=None, twice=None):
        """Return the base values of a window of calendar days."""
        x, out = self.series[name], []
        half = self.window // 2
        near = {(doy + k) % self.doys for k in range(-half, half + 1)}
        for k in np.flatnonzero(np.isin(self.doy, list(near))):
            y = self.year[k]
            if self.leap[k] or not self.base[0] <= y <= self.base[1] or np.isnan(x[k]):
                continue
            if y != without:
                out += [x[k]] * (2 if y == twice else 1)
        return out

    def threshold(self, name, doy, p, **resample):
        """Return the quantile of a pool, missing if it is too small."""
        key = (name, doy, p, *sorted(resample.items()))
        if key not in self._limits_of_days:
            pool = self.pool(name, doy, **resample)
            years = self.base[1] - self.base[0] + 1
            few = not pool or len(pool) < self.fraction * self.window * years
            self._limits_of_days[key] = math.nan if few else quantile8(pool, p)
        return self._limits_of_days[key]

    def share(self, name, p, months, frequency):
        """Return TX90p and its kin."""
        x, hits = self.series[name], []
        first, last = self.base
        for k in self.where(months):
            y, doy = self.year[k], self.doy[k]
            others = [z for z in range(first, last + 1) if z != y]
            if first <= y <= last and len(self.days) >= 720:
                limits = [self.threshold(name, doy, p, without=y, twice=z) for z in others]
                beyond = [x[k] > t if p >= 0.5 else x[k] < t for t in limits]
                hits.append(sum(beyond) / len(others) if others else math.nan)
            else:
                t = self.threshold(name, doy, p)
                known = not (np.isnan(x[k]) or np.isnan(t))
                hits.append(float(x[k] > t if p >= 0.5 else x[k] < t) if known else math.nan)
        hits = np.array(hits)
        missing = int(np.isnan(hits).sum())
        if missing > self.limits[frequency] or missing == len(hits):
            return math.nan
        return 100 * np.nanmean(hits)

    def spell_days(self, name, p, months, *, span=False):
        """Return WSDI and CSDI."""
        x = self.series[name]
        limits = [self.threshold(name, doy, p) for doy in self.doy]
        hits = np.array([a > t if p >= 0.5 else a < t for a, t in zip(x, limits, strict=True)])
        here = self.where(months)
        if not span:
            return sum(b - a for a, b in runs(hits[here]) if b - a >= 6)
        long = np.zeros(len(x), dtype=bool)
        for a, b in runs(hits):
            long[a:b] = b - a >= 6
        return int(long[here].sum())

    def longest(self, flags, months, *, span=True):
        """Return CDD and CWD."""
        here = self.where(months)
        if not span:
            return max([b - a for a, b in runs(flags[here])], default=0)
        ending = [b - a for a, b in runs(flags) if here[0] <= b - 1 <= here[-1]]
        if not ending and flags[here].all():
            return math.nan
        return max(ending, default=0)

    def growing(self, year, *, south=False):
        """Return GSL of one year."""
        if south:
            halves = (
                [(year, m) for m in range(7, 13)],
                [(year + 1, m) for m in range(1, 7)],
            )
            if year == self.last_year or not self.enough(
                "tas", halves[0] + halves[1], "year", month_limit=self.limits["year"]
            ):
                return math.nan
        else:
            halves = [(year, m) for m in range(1, 7)], [(year, m) for m in range(7, 13)]
            if not self.enough("tas", halves[0] + halves[1], "year"):
                return math.nan
        t = self.series["tas"]
        one, two = (self.where(half) for half in halves)
        warm = [a for a, b in runs(t[one] > 5) if b - a >= 6]
        cold = [a for a, b in runs(t[two] < 5) if b - a >= 6]
        if not warm:
            return 0
        return (two[0] + cold[0] if cold else two[-1] + 1) - (one[0] + warm[0])

    def five_day(self, *, last_day=False):
        """Return 5-day sums by day."""
        x = np.nan_to_num(self.series["pr"])
        sums = np.zeros(len(x))
        for k in range(4, len(x)):
            sums[k if last_day else k - 2] = x[k - 4] + x[k - 3] + x[k - 2] + x[k - 1] + x[k]
        return sums

    def index(self, name, frequency, **options):
        """Return an index for every period."""
        judged = {"dtr": "tas", "gsl": None}.get(name) or self._variable(name)
        out = []
        for months in self.periods(frequency):
            if name == "gsl":
                out.append(self.growing(months[0][0], **options))
            elif self.enough(judged, months, frequency):
                out.append(self._value(name, months, frequency, **options))
            else:
                out.append(math.nan)
        return np.array(out, dtype=float)

    @staticmethod
    def _variable(name):
        if name in ("su", "id", "txx", "txn", "tx90p", "tx10p", "wsdi"):
            return "tasmax"
        if name in ("fd", "tr", "tnx", "tnn", "tn90p", "tn10p", "csdi"):
            return "tasmin"
        return "pr"

    def _value(self, name, months, frequency, **options):
        here = self.where(months)
        x = self.series[self._variable(name)][here]
        wet = self.series["pr"][here]
        wet = wet[wet >= 1]
        if name in ("tx90p", "tx10p", "tn90p", "tn10p"):
            return self.share(self._variable(name), int(name[2:4]) / 100, months, frequency)
        if name in ("wsdi", "csdi"):
            p = 0.9 if name == "wsdi" else 0.1
            return self.spell_days(self._variable(name), p, months, **options)
        if name in ("cdd", "cwd"):
            pr = self.series["pr"]
            return self.longest(pr < 1 if name == "cdd" else pr >= 1, months, **options)
        if name in ("r95ptot", "r99ptot"):
            inside = (self.year >= self.base[0]) & (self.year <= self.base[1])
            pool = [v for v in self.series["pr"][inside] if v >= 1]
            limit = wet_quantile8(pool, int(name[1:3]) / 100)
            return x[x > limit].sum()
        return {
            "su": lambda: (x > 25).sum(),
            "id": lambda: (x < 0).sum(),
            "fd": lambda: (x < 0).sum(),
            "tr": lambda: (x > 20).sum(),
            "txx": lambda: np.nanmax(x),
            "txn": lambda: np.nanmin(x),
            "tnx": lambda: np.nanmax(x),
            "tnn": lambda: np.nanmin(x),
            "dtr": lambda: np.nanmean((self.series["tasmax"] - self.series["tasmin"])[here]),
            "rx1day": lambda: np.nanmax(x),
            "rx5day": lambda: self.five_day(**options)[here].max(),
            "sdii": lambda: wet.mean() if len(wet) else 0,
            "r10mm": lambda: (x >= 10).sum(),
            "r20mm": lambda: (x >= 20).sum(),
            "rnnmm": lambda: (x >= options.get("threshold", 1)).sum(),
            "prcptot": lambda: wet.sum(),
        }[name]()
