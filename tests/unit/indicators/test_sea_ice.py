"""Sea ice and snow: sums written independently, seasons found day by day, published extents."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators


def slow_season(flags, known, shortest):
    """First day of the first run and last day of the last, walking through the days."""
    runs, run = [], []
    for day in range(len(flags)):
        if not known[day]:
            continue
        if flags[day]:
            run.append(day)
        else:
            runs.append(run)
            run = []
    runs.append(run)
    long = [r for r in runs if len(r) >= shortest]
    return (long[0][0], long[-1][-1]) if long else (np.nan, np.nan)


@pytest.fixture(scope="module")
def ice():
    """Two years of daily ice, two cells in each hemisphere and one on land."""
    random = np.random.default_rng(1)
    time = pd.date_range("2009-09-01", "2012-12-31")
    phase = 2 * np.pi * (time.day_of_year.to_numpy() - 60) / 365.25
    lat = np.array([-70.0, -60.0, 75.0, 85.0])
    north = 60 + 60 * np.cos(phase)[:, None] + random.normal(0, 8, (time.size, 2))
    south = 50 - 60 * np.cos(phase)[:, None] + random.normal(0, 8, (time.size, 2))
    values = np.clip(np.concatenate([south, north], axis=1), 0, 100)[:, :, None]
    values = np.concatenate([values, np.full_like(values, np.nan)], axis=2)
    values[100:104, 2, 0] = np.nan
    area = np.arange(1.0, 9.0).reshape(4, 2) * 1e12
    return xr.Dataset(
        {"siconc": (("time", "lat", "lon"), values, {"units": "%"})},
        {"time": time, "lat": lat, "lon": [0.0, 1.0], "cell_area": (("lat", "lon"), area)},
    )


def test_extent_and_area_equal_sums_over_cells(ice):
    found = compute_indicators(ice, ["sea_ice_extent", "sea_ice_area"], missing_share=0.5)
    values, area = ice["siconc"].values, ice["cell_area"].values / 1e12
    for day in (0, 40, 102, 500, 900):
        extent = concentration = 0.0
        for i in range(4):
            if values[day, i, 0] >= 15:
                extent += area[i, 0]
                concentration += area[i, 0] * values[day, i, 0] / 100
        assert float(found["sea_ice_extent"][day]) == pytest.approx(extent)
        assert float(found["sea_ice_area"][day]) == pytest.approx(concentration)
    assert found["sea_ice_extent"].attrs["units"] == "1e6 km2"
    assert found["sea_ice_extent"].attrs["standard_name"] == "sea_ice_extent"


def test_hemispheres_add_up_and_missing_sea_is_missing(ice):
    parts = [
        compute_indicators(ice, ["sea_ice_extent"], hemisphere=h)["sea_ice_extent"]
        for h in ("north", "south", "both")
    ]
    assert np.isnan(parts[0][100]) and np.isfinite(parts[1][100])
    kept = np.isfinite(parts[2])
    np.testing.assert_allclose((parts[0] + parts[1])[kept], parts[2][kept])


def test_the_pole_hole_is_ice_only_by_rule(ice):
    holed = ice.copy(deep=True)
    holed["siconc"][:, 3, 0] = np.nan
    open_ = compute_indicators(holed, ["sea_ice_extent"], hemisphere="north")["sea_ice_extent"]
    filled = compute_indicators(
        holed, ["sea_ice_extent"], hemisphere="north", pole_hole="ice", pole_hole_latitude=84.0
    )["sea_ice_extent"]
    hole = float(ice["cell_area"][3].sum()) / 1e12
    np.testing.assert_allclose(filled[:100] - open_[:100], hole)


def test_seasons_equal_a_walk_through_the_days(ice):
    found = compute_indicators(ice, ["sea_ice_season"])
    assert list(found["time"].dt.year) == [2009, 2010, 2011, 2012]
    series = ice["siconc"].to_series()
    for lat, begin in ((75.0, "2010-09-01"), (-60.0, "2011-02-15"), (75.0, "2009-09-01")):
        start = pd.Timestamp(begin)
        days = pd.date_range(start, start + pd.DateOffset(years=1, days=-1))
        own = series.xs(lat, level="lat").xs(0.0, level="lon").reindex(days)
        flags, known = (own >= 15).to_numpy(), own.notna().to_numpy()
        first, last = slow_season(flags, known, 5)
        at = found.sel(time=str(start.year), lat=lat, lon=0.0).squeeze()
        assert float(at["sea_ice_season_days"]) == flags.sum()
        assert float(at["sea_ice_season_start"]) == first
        assert float(at["sea_ice_season_end"]) == last
        assert float(at["sea_ice_season_length"]) == last - first + 1
    assert found["sea_ice_season_days"].sel(lon=1.0).isnull().all()  # land
    # the ice year that starts in September 2012 is not in the record, that of the south is
    assert found["sea_ice_season_days"].sel(time="2012", lat=75.0, lon=0.0).isnull().all()


def test_open_water_has_a_season_of_no_days(ice):
    water = ice.assign(siconc=ice["siconc"] * 0.0)
    found = compute_indicators(water, ["sea_ice_season"]).sel(time="2010", lat=75.0, lon=0.0)
    assert float(found["sea_ice_season_length"].item()) == 0.0
    assert np.isnan(found["sea_ice_season_start"].item())


def test_anomaly_of_september(ice):
    monthly = ice.resample(time="MS").mean()
    monthly = monthly.assign_coords(cell_area=ice["cell_area"])
    found = compute_indicators(
        monthly, ["sea_ice_extent_anomaly"], baseline=(2010, 2012), month=9, hemisphere="south"
    )["sea_ice_extent_anomaly"]
    extent = compute_indicators(monthly, ["sea_ice_extent"], hemisphere="south")["sea_ice_extent"]
    of_month = extent[extent["time"].dt.month == 9]
    base = of_month[of_month["time"].dt.year >= 2010].mean()
    np.testing.assert_allclose(found, of_month - base)
    assert list(found["time"].dt.month) == [9, 9, 9, 9]


@pytest.mark.shared
def test_antarctic_extent_of_a_real_day_as_published(shared):
    # Sea Ice Index 3 (doi:10.7265/N5K072F8), S_seaice_extent_daily_v3.0.csv: 17.875 million km2
    # on 2017-10-02, by NASA Team at 25 km; the file is by another algorithm at 12.5 km
    file = shared / "data" / "psi_f18_seaice_south_20171002.nc"
    values = xr.open_dataset(file, engine="scipy", decode_times=False)["concentration"].values
    # the polar stereographic grid of 12.5 km, true at 70 degrees south, on a sphere
    x = (np.arange(632) + 0.5) * 12.5 - 3950.0
    y = 4350.0 - (np.arange(664) + 0.5) * 12.5
    distance = np.hypot(x[None], y[:, None])
    true = 1.0 + np.sin(np.deg2rad(70.0))
    south = 90.0 - np.rad2deg(2.0 * np.arctan(distance / (6371.0 * true)))
    stretch = true / (1.0 + np.sin(np.deg2rad(south)))
    siconc = xr.DataArray(
        values,
        {
            "time": pd.date_range("2017-10-02", periods=1),
            "lat": (("y", "x"), -south),
            "cell_area": (("y", "x"), (12_500.0 / stretch) ** 2),
        },
        ("time", "y", "x"),
        attrs={"units": "%"},
    )
    found = compute_indicators(siconc.to_dataset(name="siconc"), ["sea_ice_extent", "sea_ice_area"])
    assert float(found["sea_ice_extent"][0]) == pytest.approx(17.875, rel=0.03)
    assert 0.75 < float(found["sea_ice_area"][0] / found["sea_ice_extent"][0]) < 0.95


def test_bad_input_is_one_sentence(ice):
    with pytest.raises(IndicatorError, match="no coordinate 'cell_area'"):
        compute_indicators(ice.drop_vars("cell_area"), ["sea_ice_extent"])
    with pytest.raises(IndicatorError, match="unknown hemisphere"):
        compute_indicators(ice, ["sea_ice_extent"], hemisphere="arctic")
    with pytest.raises(IndicatorError, match="expected 1 to 12"):
        monthly = ice.isel(time=slice(0, None, 31))
        compute_indicators(monthly, ["sea_ice_extent_anomaly"], baseline=(2010, 2011), month=13)
    with pytest.raises(IndicatorError, match="tells the hemisphere"):
        compute_indicators(ice.isel(lat=0).drop_vars("lat"), ["sea_ice_season"])


# ---- snow ----


@pytest.fixture(scope="module")
def snow(ice):
    return ice.rename(siconc="snc").isel(lat=slice(2, 4))


def test_snow_season_and_covered_area(snow):
    found = compute_indicators(snow, ["snow_season", "snow_covered_area"])
    values = snow["snc"].values
    area = (np.nan_to_num(values[50]) / 100 * snow["cell_area"].values).sum() / 1e6
    covered = found["snow_covered_area"]
    assert float(covered[50]) == pytest.approx(area)
    assert np.isnan(covered[101])  # half of the land is missing
    days = pd.date_range("2010-09-01", "2011-08-31")
    own = snow["snc"].sel(time=slice("2010-09-01", "2011-08-31"))[:, 1, 0].to_series()
    flags = (own >= 50).to_numpy()
    first, last = slow_season(flags, np.ones(len(days), bool), 5)
    length = found["snow_season_length"].sel(year="2010", lat=85.0, lon=0.0)
    assert float(length.item()) == last - first + 1


def test_largest_snow_water_equivalent():
    time = pd.date_range("2001-01-01", "2003-06-30")
    values = np.where(time.month == 3, 120.0 + time.year - 2001, 10.0)
    values[5] = np.nan
    ds = xr.Dataset({"snw": ("time", values, {"units": "kg m-2"})}, {"time": time})
    found = compute_indicators(ds, ["max_swe"])["max_swe"]
    np.testing.assert_array_equal(found, [120.0, 121.0, np.nan])  # half of 2003 is not there
    assert found.attrs["units"] == "kg m-2"
