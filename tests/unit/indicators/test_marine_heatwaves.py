"""Marine heatwaves against the reference runs, and against a slow twin from the paper's text."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators
from sco_pipeline.indicators.calculate import as_period
from sco_pipeline.indicators.kernels.mhw_events import EVENT, events
from sco_pipeline.indicators.kernels.mhw_years import YEAR, yearly
from sco_pipeline.indicators.mhw_events import marine_heatwave_events
from sco_pipeline.indicators.mhw_rules import DEFAULTS, rules_of

OPTIONS = {
    "pctile": "percentile",
    "windowHalfWidth": "window_half_width",
    "smoothPercentileWidth": "smooth_width",
    "minDuration": "min_duration",
    "maxGap": "max_gap",
    "maxPadLength": "max_pad_length",
}
CATEGORIES = ["", "Moderate", "Strong", "Severe", "Extreme"]
CASES = [
    f"{source}_{case}"
    for source in ("western_australia", "synthetic_ar1")
    for case in ("default", "cold", "whole_record", "nojoin", "gap5_min3", "p95_w7_s21", "nosmooth")
] + [
    f"{source}_gaps_{case}"
    for source in ("western_australia", "synthetic_ar1")
    for case in ("nopad", "pad3", "pad5_cold")
]


@pytest.fixture(scope="module")
def referee(shared):
    return shared / "referee" / "mhw"


def options_of(case):
    """The reference's options in our names, and whether cold spells are meant."""
    chosen = {OPTIONS[k]: v for k, v in case["options"].items() if k in OPTIONS}
    if case["options"].get("joinAcrossGaps") is False:
        chosen["max_gap"] = -1
    if case["options"].get("smoothPercentile") is False:
        chosen["smooth_width"] = 1
    known = {*OPTIONS, "joinAcrossGaps", "smoothPercentile", "coldSpells", "climatologyPeriod"}
    assert set(case["options"]) <= known
    return chosen, bool(case["options"].get("coldSpells"))


def series_of(values, time):
    return xr.DataArray(np.asarray(values, dtype=float), {"time": time}, ["time"], "tos")


def load(referee, name):
    case = json.loads((referee / "cases.json").read_text())[name]
    table = pd.read_csv(referee / case["input"])
    tos = series_of(table["temp"], pd.to_datetime(table["date"]).to_numpy())
    if name.endswith("partyears"):
        tos = tos.sel(time=slice("1982-04-01", "2011-09-20"))
    return tos, case


def close(found, expected, where):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9, err_msg=str(where))


@pytest.mark.shared
@pytest.mark.parametrize("name", [*CASES, "synthetic_ar1_partyears"])
def test_events_climatology_and_years_equal_the_reference(referee, name):
    tos, case = load(referee, name)
    chosen, cold = options_of(case)
    baseline = as_period(tuple(case["options"]["climatologyPeriod"]))
    folder = referee / "cases" / name

    expected = pd.read_csv(folder / "events.csv")
    found = marine_heatwave_events(tos, baseline=baseline, cold=cold, **chosen)
    assert found.sizes["event"] == case["events"] == len(expected)
    for column in EVENT:
        if column in ("start", "peak", "end"):
            dates = pd.to_datetime(expected[column]).to_numpy().astype("datetime64[ns]")
            np.testing.assert_array_equal(found[column], dates)
        elif column == "category":
            names = [CATEGORIES[int(c)] for c in found[column]]
            assert names == list(expected[column])
        else:
            close(found[column], expected[column], (name, column))

    rules = rules_of(tos["time"], baseline, {**DEFAULTS, **chosen}, cold=cold, name="x")
    padded = rules.padded(tos.values[None])
    normal = rules.normal(padded)
    climatology = pd.read_csv(folder / "climatology.csv")
    close(rules.sign * normal[0, 0], climatology["seas"], name)
    close(rules.sign * normal[0, 1], climatology["thresh"], name)

    years = pd.read_csv(folder / "yearly.csv")
    limits = (int(rules.options["min_duration"]), int(rules.options["max_gap"]), rules.sign)
    out = yearly(padded, normal, rules.day_of_year, rules.year_of, rules.record, *limits)[0]
    compare_years(out, years, expected, cold)


def compare_years(out, years, found_events, cold):
    """Compare every yearly column but two in which the reference differs from its own text."""
    for i, column in enumerate(YEAR):
        if column not in years:
            continue
        if column == "total_icum":
            # its comment says start year, its code books events over New Year in the last year
            start = pd.to_datetime(found_events["start"]).dt.year
            sums = found_events["intensity_cumulative"].groupby(start).sum()
            close(out[:, i], sums.reindex(years["year"], fill_value=0.0), column)
        elif column == "intensity_max_max" and cold:
            # the largest of negative numbers is the weakest event; ours is the strongest
            start = pd.to_datetime(found_events["start"]).dt.year
            peaks = found_events["intensity_max"].groupby(start).min()
            close(out[:, i], peaks.reindex(years["year"]), column)
        else:
            close(out[:, i], years[column], column)


@pytest.mark.shared
def test_a_real_grid_equals_the_reference(referee, shared):
    ds = xr.open_dataset(shared / "data" / "oisst_2003_2004.nc", engine="h5netcdf").load()
    tos = ds["sst"]  # the reference took the single-precision values as they are
    expected = pd.read_csv(referee / "cases" / "oisst_tasmania_grid" / "events.csv")
    found = marine_heatwave_events(tos, baseline=as_period((2003, 2004))).to_dataframe()
    found = found.sort_values(["lat", "lon", "start"], kind="stable").reset_index(drop=True)
    expected = expected.sort_values(["lat", "lon", "start"], kind="stable").reset_index(drop=True)
    assert len(found) == len(expected) == 95
    for column in ("start", "peak", "end"):
        assert (found[column] == pd.to_datetime(expected[column])).all()
    assert (found["duration"] == expected["duration"]).all()
    assert [CATEGORIES[int(c)] for c in found["category"]] == list(expected["category"])
    for column in ("intensity_max", "intensity_mean", "rate_onset", "rate_decline"):
        np.testing.assert_allclose(found[column], expected[column], rtol=0, atol=1e-6)


@pytest.mark.shared
def test_western_australia_2011_as_published(referee):
    # Hobday et al. (2016): 60 days, 6.5 degC above the climatology; Hobday et al. (2018): extreme
    tos, _ = load(referee, "western_australia_default")
    found = marine_heatwave_events(tos, baseline=as_period((1983, 2012)))
    event = found.isel(event=int(np.argmax(found["intensity_max"].values)))
    assert str(event["peak"].values)[:7] == "2011-02"
    assert int(event["duration"]) == 60
    assert float(event["intensity_max"]) == pytest.approx(6.5, abs=0.05)
    assert int(event["category"]) == 4


# ---- a slow twin, written from the paper, which runs without the reference data ----


def slow_normal(tos, first, last, percentile=90.0, half=5, width=31):
    """Mean and threshold by day of the year, with pandas and numpy."""
    time = tos.indexes["time"]
    values = tos.values
    on_leap_scale = np.where(~time.is_leap_year & (time.month > 2), 1, 0) + time.day_of_year
    mean, threshold = np.full(367, np.nan), np.full(367, np.nan)
    for day in range(1, 367):
        if day == 60:
            continue
        pool = []
        for i in np.flatnonzero(
            (on_leap_scale == day) & (time.year >= first) & (time.year <= last)
        ):
            pool.extend(values[max(0, i - half) : i + half + 1])
        mean[day] = np.nanmean(pool)
        threshold[day] = np.nanpercentile(pool, percentile)
    for curve in (mean, threshold):
        curve[60] = (curve[59] + curve[61]) / 2
    rolled = []
    for curve in (mean, threshold):
        ring = np.concatenate([curve[1:]] * 3)
        rolled.append(np.convolve(ring, np.ones(width) / width, "same")[366 : 2 * 366])
    return rolled[0][on_leap_scale - 1], rolled[1][on_leap_scale - 1]


def slow_events(tos, mean, threshold, shortest=5, gap=2):
    """Start and end of each event, by walking through the days."""
    above = np.where(np.isnan(tos), False, tos > threshold)
    runs, day = [], 0
    while day < above.size:
        if above[day]:
            end = day
            while end + 1 < above.size and above[end + 1]:
                end += 1
            if end - day + 1 >= shortest:
                runs.append([day, end])
            day = end
        day += 1
    joined = runs[:1]
    for run in runs[1:]:
        if run[0] - joined[-1][1] - 1 <= gap:
            joined[-1][1] = run[1]
        else:
            joined.append(run)
    return joined


@pytest.fixture(scope="module")
def red_sea():
    random = np.random.default_rng(11)
    time = pd.date_range("1991-01-01", "2002-12-31")
    noise = np.zeros(time.size)
    for i in range(1, time.size):
        noise[i] = 0.94 * noise[i - 1] + random.normal(0, 0.35)
    season = 4 * np.cos(2 * np.pi * (np.arange(time.size) - 40) / 365.25)
    values = 18 + season + noise
    values[random.integers(0, time.size, 60)] = np.nan
    values[700:730] = np.nan
    return series_of(values, time)


@pytest.mark.parametrize("cold", [False, True])
def test_events_equal_a_slow_twin(red_sea, cold):
    sign = -1.0 if cold else 1.0
    flipped = red_sea * sign
    mean, threshold = slow_normal(flipped, 1992, 2001)
    expected = slow_events(flipped.values, mean, threshold)
    found = marine_heatwave_events(red_sea, baseline=as_period((1992, 2001)), cold=cold)
    assert found.sizes["event"] == len(expected) > 15
    time = red_sea["time"].values
    filled = np.where(np.isnan(red_sea.values), sign * mean, red_sea.values)
    departure = filled - sign * mean
    for i, (start, end) in enumerate(expected):
        event = found.isel(event=i)
        assert event["start"].values == time[start] and event["end"].values == time[end]
        inside = departure[start : end + 1]
        assert int(event["duration"]) == end - start + 1
        peak = start + int(np.argmax(sign * inside))
        assert event["peak"].values == time[peak]
        close(float(event["intensity_max"]), departure[peak], "max")
        close(float(event["intensity_mean"]), inside.mean(), "mean")
        close(float(event["intensity_cumulative"]), inside.sum(), "sum")
        close(float(event["intensity_var"]), inside.std(), "deviation")
        begin = sign * (departure[start] + departure[start - 1]) / 2
        rate = (sign * departure[peak] - begin) / (peak - start + 0.5)
        close(float(event["rate_onset"]), rate, "onset")
        ratio = ((sign * filled - threshold) / (threshold - mean))[start : end + 1]
        category = min(4, math.floor(1 + ratio.max()))
        assert int(event["category"]) == category


def test_yearly_metrics_are_those_of_the_events(red_sea):
    ds = red_sea.to_dataset(name="tos")
    result = compute_indicators(
        ds, ["marine_heatwaves"], baseline=(1992, 2001), missing="at-least:1"
    )
    found = marine_heatwave_events(red_sea, baseline=as_period((1992, 2001))).to_dataframe()
    year = found["start"].dt.year
    years = result["time"].dt.year.values
    by_start = found.groupby(year)
    for name, expected in {
        "count": by_start.size().reindex(years, fill_value=0),
        "duration": by_start["duration"].mean().reindex(years),
        "intensity_mean": by_start["intensity_mean"].mean().reindex(years),
        "intensity_max": by_start["intensity_max"].max().reindex(years),
        "intensity_cumulative": by_start["intensity_cumulative"].sum().reindex(years, fill_value=0),
        "rate_decline": by_start["rate_decline"].mean().reindex(years),
        "category": by_start["category"].max().reindex(years, fill_value=0),
    }.items():
        close(result[f"marine_heatwaves_{name}"], expected, name)
    days = [pd.date_range(a, b) for a, b in zip(found["start"], found["end"], strict=True)]
    per_year = pd.Series(np.concatenate([d.year for d in days])).value_counts()
    close(result["marine_heatwaves_days"], per_year.reindex(years, fill_value=0), "days")
    names = ("moderate", "strong", "severe", "extreme")
    by_category = sum(result[f"marine_heatwaves_{name}_days"] for name in names)
    assert (by_category <= result["marine_heatwaves_days"]).all()
    assert float(by_category.sum()) == found.filter(regex="duration_").to_numpy().sum()


def test_a_year_with_too_many_missing_days_is_missing(red_sea):
    ds = red_sea.to_dataset(name="tos")
    result = compute_indicators(ds, ["marine_heatwaves"], baseline=(1992, 2001))
    of_1992 = result["marine_heatwaves_days"].sel(time="1992")
    assert np.isnan(of_1992).all()  # 30 days of the winter are missing
    assert result["marine_heatwaves_days"].notnull().sum() == 11


def test_grids_threads_and_chunks_give_the_series_result(red_sea):
    shift = xr.DataArray(np.arange(6.0).reshape(2, 3), dims=("lat", "lon"))
    grid = (red_sea + shift).transpose("time", "lat", "lon")
    grid = grid.assign_coords(lat=[0.0, 1.0], lon=[0.0, 1.0, 2.0])
    grid[:, 0, 2] = np.nan
    ds = grid.to_dataset(name="tos")
    whole = compute_indicators(ds, ["marine_heatwaves"], baseline=(1992, 2001)).compute()
    pieces = ds.chunk(time=1000, lat=1, lon=2)
    parts = compute_indicators(pieces, ["marine_heatwaves"], baseline=(1992, 2001))
    assert parts["marine_heatwaves_days"].chunks is not None
    xr.testing.assert_identical(whole, parts.compute())
    assert whole["marine_heatwaves_days"].isel(lat=0, lon=2).isnull().all()
    one = compute_indicators(
        red_sea.to_dataset(name="tos"), ["marine_heatwaves"], baseline=(1992, 2001)
    )
    for name in one.data_vars:  # a shift of the temperature changes nothing but rounding
        close(whole[name].isel(lat=1, lon=1), one[name], name)
    assert whole["marine_heatwaves_intensity_mean"].attrs["units"] == "degC"
    assert whole["marine_heatwaves_days"].attrs["ecv"] == "Sea surface temperature"


def test_sea_under_ice_has_no_events():
    time = pd.date_range("1991-01-01", "1996-12-31")
    ice = np.full(time.size, -1.8)
    ice[(time.year == 1995) & (time.month == 7)] = -1.0  # a melt the base period never saw
    ds = series_of(ice, time).to_dataset(name="tos")
    result = compute_indicators(ds, ["marine_heatwaves"], baseline=(1991, 1993))
    np.testing.assert_array_equal(result["marine_heatwaves_days"], 0.0)


def test_threshold_by_day_of_the_year(red_sea):
    ds = red_sea.to_dataset(name="tos")
    result = compute_indicators(ds, ["marine_heatwave_threshold"], baseline=(1992, 2001))
    threshold = result["marine_heatwave_threshold"]
    _, expected = slow_normal(red_sea, 1992, 2001)
    assert threshold.dims == ("dayofyear",) and threshold.sizes["dayofyear"] == 366
    close(threshold, expected[(red_sea["time"].dt.year == 1996).values], "threshold")


def test_one_year_and_calendars():
    time = pd.date_range("2001-01-01", "2001-12-31")
    ds = series_of(np.sin(np.arange(365) / 9.0), time).to_dataset(name="tos")
    result = compute_indicators(ds, ["marine_heatwaves"], baseline=(2001, 2001))
    assert result.sizes["time"] == 1
    assert float(result["marine_heatwaves_days"][0]) <= 365 // 2
    noleap = xr.date_range("2001-01-01", "2004-12-31", calendar="noleap", use_cftime=True)
    ds = series_of(np.sin(np.arange(noleap.size) / 9.0), noleap).to_dataset(name="tos")
    result = compute_indicators(ds, ["marine_heatwave_threshold"], baseline=(2001, 2003))
    assert result.sizes["dayofyear"] == 365


@pytest.mark.parametrize(
    ("baseline", "options", "sentence"),
    [
        ((1980, 2001), {}, "baseline 1980..2001 is not within the data"),
        ((1992, 2001), {"smooth_width": 30}, "expected an odd number"),
        ((1992, 2001), {"percentile": 0}, "expected 0 to 100"),
        ((1992, 2001), {"min_duration": 0}, "expected 1 or more"),
        ((1992, 2001), {"missing": "some"}, "some"),
    ],
)
def test_bad_input_is_one_sentence(red_sea, baseline, options, sentence):
    with pytest.raises(IndicatorError, match=sentence):
        ds = red_sea.to_dataset(name="tos")
        compute_indicators(ds, ["marine_heatwaves"], baseline=baseline, **options)


def test_monthly_data_and_odd_calendars_are_refused(red_sea):
    monthly = red_sea.resample(time="MS").mean().to_dataset(name="tos")
    with pytest.raises(IndicatorError, match="daily values"):
        compute_indicators(monthly, ["marine_heatwaves"], baseline=(1992, 2001))
    days = xr.date_range("2001-01-01", periods=720, calendar="360_day", use_cftime=True)
    ds = series_of(np.zeros(720), days).to_dataset(name="tos")
    with pytest.raises(IndicatorError, match="years of 365 days"):
        compute_indicators(ds, ["marine_heatwaves"], baseline=(2001, 2002))


def test_at_the_ends_of_the_record():
    series = np.array([[9.0, 8, 7, 8, 9, 0, 0, 0, 5, 6, 7, 8, 9]])
    normal = np.stack([np.zeros(13), np.ones(13)])[None]
    days = np.arange(13)
    _, found = events(series, normal, days, (0, 12), 5, 2, 1.0)
    first, last = (dict(zip(EVENT, row, strict=True)) for row in found)
    assert first["rate_onset"] == 1.0  # the peak is the first day
    assert first["rate_decline"] == (9 - (9 + 0) / 2) / 4.5
    assert last["rate_onset"] == (9 - (5 + 0) / 2) / 4.5
    assert math.isnan(last["rate_decline"])  # the peak is the last day
    assert first["category"] == 4 and first["duration_extreme"] == 5


def test_marine_cold_spells_mirror_marine_heatwaves():
    time = pd.date_range("2001-01-01", "2006-12-31")
    random = np.random.default_rng(3)
    noise = np.convolve(random.normal(0, 1, time.size + 9), np.ones(10), "valid")
    season = 4 * np.cos(2 * np.pi * np.arange(time.size) / 365.25)
    both = [
        compute_indicators(
            xr.Dataset(
                {"tos": ("time", sign * (season + noise), {"units": "degC"})}, {"time": time}
            ),
            [name],
            baseline=(2001, 2006),
        )
        for sign, name in ((1, "marine_cold_spells"), (-1, "marine_heatwaves"))
    ]
    assert (both[0]["marine_cold_spells_days"] > 0).any()
    for part, sign in (("days", 1), ("count", 1), ("category", 1), ("intensity_max", -1)):
        cold, warm = (
            ds[f"{n}_{part}"]
            for ds, n in zip(both, ("marine_cold_spells", "marine_heatwaves"), strict=True)
        )
        np.testing.assert_allclose(cold, sign * warm, atol=1e-12)
