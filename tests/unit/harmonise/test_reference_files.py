"""The 25 reference files: every quirk, with values read by netCDF4, ecCodes, rasterio or zipfile.

Nothing on the expected side goes through the package. The generated twins of these tests are in
`test_twins.py` and run everywhere.
"""

from __future__ import annotations

import csv
import datetime as dt
from typing import Any

import netCDF4
import numpy as np
import pytest

from sco_pipeline import harmonise
from sco_pipeline.catalog import Variable
from sco_pipeline.errors import HarmonisationError
from tests import synthetic as syn

pytestmark = pytest.mark.shared

EXTRA = {
    name: Variable(id=name, long_name=name, units=units)
    for name, units in [("chl", "mg m-3"), ("xco2", "kg m-2"), ("co2", "ppm"), ("prtot", "mm")]
}
VARIABLES = {**syn.VARIABLES, **EXTRA}


def opened(file: str, variables: dict[str, Any], frequency: str, fmt: str = "netcdf", **changes):
    """Open a reference file with an entry made here."""
    entry = syn.entry(variables, frequency, fmt, **changes)
    path = syn.shared_file(file)
    return harmonise.open_dataset(entry, VARIABLES, [path], syn.request(*variables))


def stored(file: str, *names: str) -> list[np.ndarray]:
    """Return variables as netCDF4 reads them, packed and unmasked."""
    with netCDF4.Dataset(syn.shared_file(file)) as nc:
        nc.set_auto_maskandscale(False)
        return [np.asarray(nc[name][:]) for name in names]


def same(got, expected, tolerance: float) -> None:
    """Compare cell by cell: the same cells missing, the largest difference within `tolerance`."""
    got = np.asarray(got.values if hasattr(got, "values") else got, dtype=float)
    assert got.shape == expected.shape
    assert np.array_equal(np.isnan(got), np.isnan(expected))
    assert np.nanmax(np.abs(got - expected)) <= tolerance


def by_lon(values: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Bring the last axis to rising longitude in [-180, 180)."""
    return values[..., np.argsort((lon.astype(float) + 180) % 360, kind="stable")]


def dates(ds) -> list[str]:
    return [str(stamp)[:10] for stamp in ds.time.values]


def test_coads_is_a_climatology_in_a_year_zero_on_21_to_379():
    file = "coads_climatology.cdf"
    coverage = {"start": dt.date(1946, 1, 1), "end": dt.date(1989, 12, 31)}
    names = {"tos": "SST", "psl": "SLP", "uas": "UWND"}
    ds = opened(file, names, "climatology", coverage=coverage)
    lon, sst, slp = stored(file, "COADSX", "SST", "SLP")
    assert (lon[0], lon[-1]) == (21, 379)
    sst = np.where(sst < -1e33, np.nan, sst).astype(float)
    same(ds.tos, by_lon(sst, lon), 0)
    same(ds.psl, by_lon(np.where(slp < -1e33, np.nan, slp).astype(float), lon), 0)
    assert dates(ds) == [f"1946-{month:02d}-01" for month in range(1, 13)]
    assert ds.time.attrs["climatological_period"] == "1946-01-01/1989-12-31"
    assert (float(ds.lon[0]), float(ds.lon[-1])) == (-179, 179)
    assert float(ds.cell_area.sum()) == pytest.approx(4 * np.pi * 6371007.181**2, rel=1e-9)
    with pytest.raises(HarmonisationError, match="count from a year that the standard calendar"):
        opened(file, {"tos": "SST"}, "month")


def test_navy_winds_even_steps_become_calendar_months():
    file = "monthly_navy_winds.cdf"
    ds = opened(file, {"uas": "UWND"}, "month")
    lon, wind, hours = stored(file, "FNOCX", "UWND", "TIME")
    assert np.allclose(np.diff(hours), 730.5, atol=0.6)
    fill = np.float32(-99.9)
    same(ds.uas, by_lon(np.where(wind == fill, np.nan, wind).astype(float), lon), 0)
    months = np.arange("1982-01", "1993-01", dtype="datetime64[M]")
    assert np.array_equal(ds.time.values.astype("datetime64[M]"), months)
    assert (ds.lat_bnds.values[0, 0], ds.lat_bnds.values[-1, 1]) == (-90, 90)
    assert ds.lat_bnds.values[0, 1] == -88.75  # the pole's row is half a row high


def test_era5_cities_are_stations_with_rates_and_fractions():
    file = "era5_daily_surface_cancities_1990-1993.nc"
    wanted = {"pr": "pr", "tas": "tas", "hurs": {"name": "hurs", "units": "1"}}
    ds = opened(file, wanted, "day")
    pr, tas, hurs, lat = stored(file, "pr", "tas", "hurs", "lat")
    assert pr.min() < 0  # packing made tiny negative rain; it is rounding, not an error
    same(ds.pr, pr.T.astype(float) * 86400, 1e-5)
    same(ds.tas, tas.T.astype(float) - 273.15, 2e-6)
    same(ds.hurs, hurs.T.astype(float) * 100, 1e-5)
    assert ds.pr.dims == ("time", "station") and "cell_area" not in ds.coords
    assert "Montréal" in ds.station.values.tolist()
    np.testing.assert_allclose(ds.lat, lat, atol=1e-5)
    with pytest.raises(HarmonisationError, match="'hurs' has no units; give 'units:'"):
        opened(file, {"hurs": "hurs"}, "day")


def test_nrcan_keeps_its_365_day_calendar():
    file = "nrcan_1950-2013.nc"
    ds = opened(file, {"pr": "pr", "tasmax": "tasmax"}, "day")
    pr, tasmax = stored(file, "pr", "tasmax")
    same(ds.pr, pr.astype(float) * 86400, 2e-5)
    same(ds.tasmax, tasmax.astype(float) - 273.15, 2e-6)
    assert ds.sizes["time"] == 64 * 365 and ds.time.values[0].calendar == "noleap"
    leap = [day for day in ds.time.values[: 3 * 365] if (day.year, day.month) == (1952, 2)]
    assert [day.day for day in leap] == list(range(1, 29))
    assert str(ds.time_bnds.values[leap[-1].dayofyr - 1 + 2 * 365, 1])[:10] == "1952-03-01"


def test_era5_pressure_keeps_the_bounds_of_its_thinned_cells():
    file = "psl_ERA5_mon_194001-202212.nc"
    ds = opened(file, {"psl": "psl"}, "month")
    psl, lat_bnds, lon_bnds = stored(file, "psl", "lat_bnds", "lon_bnds")
    same(ds.psl, psl.astype(float) / 100, 1e-4)
    assert np.array_equal(ds.lat_bnds, np.sort(lat_bnds.clip(-90, 90), axis=1))
    assert np.array_equal(ds.lon_bnds, lon_bnds)
    assert "a thinned grid" in ds.attrs["harmonised"]
    touching = opened(file, {"psl": "psl"}, "month", layout={"cell_bounds": "ignore"})
    assert touching.lon_bnds.values[1].tolist() == [-167.5, -142.5]
    assert dates(ds)[0] == "1940-01-01" and ds.sizes["time"] == 83 * 12


def test_eobs_masks_missing_value_and_reads_its_bounds():
    file = "t_E-OBS_mon_195001.nc"
    ds = opened(file, {"tas": "t"}, "month")
    (tas,) = stored(file, "t")
    same(ds.tas, np.where(np.abs(tas) > 1e30, np.nan, tas).astype(float), 0)
    assert tas.max() > 1e34  # missing_value and _FillValue differ, and the former is used
    assert float(np.isnan(ds.tas.values).mean()) == pytest.approx(0.61, abs=0.01)
    assert str(ds.time_bnds.values[0, 1])[:10] == "1950-02-01"


def test_soil_moisture_is_dated_on_its_own_day_with_uncertainty():
    file = "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20000101000000-fv02.2.nc"
    wanted = {"mrsos": {"name": "sm", "uncertainty": "sm_uncertainty"}}
    ds = opened(file, wanted, "day")
    sm, error, time = stored(file, "sm", "sm_uncertainty", "time")
    assert time[0] < 10957  # 1999-12-31T23:59:59.99996
    assert dates(ds) == ["2000-01-01"]
    # valid_range is 0 to 1 in floating point: meant for the unpacked values
    expected = np.where(sm == -9999, np.nan, sm * 1e-4)[:, ::-1]
    same(ds.mrsos, expected, 1e-7)
    assert float(np.isnan(ds.mrsos.values).mean()) == pytest.approx(0.98, abs=0.01)
    assert ds.mrsos.attrs["ancillary_variables"] == "mrsos_uncertainty"
    both = (sm != -9999) & (error != -9999)
    assert np.nanmax(np.abs(ds.mrsos_uncertainty.values - error[:, ::-1] * 1e-4)[
        both[:, ::-1] & ~np.isnan(ds.mrsos_uncertainty.values)]) < 1e-7  # fmt: skip
    masked = opened(
        file, {"mrsos": {"name": "sm", "quality": {"variable": "flag", "keep": [0]}}}, "day"
    )
    (flag,) = stored(file, "flag")
    same(masked.mrsos, np.where(flag[:, ::-1] == 0, expected, np.nan), 1e-7)


def test_sea_ice_without_coordinates_lies_on_a_known_grid():
    file = "psi_f18_seaice_south_20171002.nc"
    entry = {"siconc": "concentration"}
    with pytest.raises(HarmonisationError, match=r"nothing tells where .*\['nj', 'ni'\] lie"):
        opened(file, entry, "day")
    ds = opened(file, entry, "day", layout={"grid": "nsidc-south-12.5km"})
    (ice,) = stored(file, "concentration")
    same(ds.siconc, np.where(ice == -128, np.nan, ice).astype(float)[:, ::-1], 0)
    assert ds.siconc.dims == ("time", "y", "x") and dates(ds) == ["2017-10-02"]

    def at(lat: float, lon: float) -> float:
        off = np.hypot(ds.lat - lat, ((ds.lon - lon + 180) % 360 - 180) * np.cos(np.deg2rad(lat)))
        where = np.unravel_index(int(off.values.argmin()), off.shape)
        return float(ds.siconc.values[0][where])

    # land is missing, the Weddell and Ross Seas are full of ice in October, South Georgia is not
    assert all(np.isnan(at(*place)) for place in [(-65, -62), (-74, 10), (-69, 120), (-75, 160)])
    assert at(-66, -45) > 80 and at(-72, -170) > 80 and at(-54.4, -36.8) == 0
    pole = np.unravel_index(int(ds.lat.values.argmin()), ds.lat.shape)
    assert float(ds.lat.values[pole]) < -89.9
    # true at 70 degrees south; smaller cells towards the pole by the projection's areal scale
    near70 = np.abs(ds.lat.values + 70) < 0.05
    assert ds.cell_area.values[near70].mean() == pytest.approx(12_500**2, rel=2e-3)


def test_chlorophyll_takes_its_month_from_the_attributes():
    file = "S20092742009304.L3m_MO_CHL_chlor_a_9km.nc"
    ds = opened(file, {"chl": "chlor_a"}, "month")
    (chl,) = stored(file, "chlor_a")
    with netCDF4.Dataset(syn.shared_file(file)) as nc:
        low, high = float(nc["chlor_a"].valid_min), float(nc["chlor_a"].valid_max)
    expected = np.where((chl == -32767) | (chl < low) | (chl > high), np.nan, chl)
    same(ds.chl, expected.astype(float)[None, ::-1], 0)
    assert dates(ds) == ["2009-10-01"] and str(ds.time_bnds.values[0, 1])[:10] == "2009-11-01"
    named = opened(
        file, {"chl": "chlor_a"}, "month",
        layout={"date_in_name": r"^S(?P<date>\d{7})", "date_format": "%Y%j"},
    )  # fmt: skip
    assert dates(named) == ["2009-10-01"]
    assert float(ds.cell_area.sum()) == pytest.approx(4 * np.pi * 6371007.181**2, rel=1e-9)


def test_ndvi_bands_are_composites_on_the_sinusoidal_grid():
    rasterio = pytest.importorskip("rasterio")
    file = "mod13q1_ndvi_sinop_2000-2017.tif"
    rule = {"start": dt.date(2000, 2, 18), "days": 16, "yearly": True}
    source = {"ndvi": {"name": "ndvi", "units": "1", "scale": 1e-4}}
    ds = opened(file, source, "irregular", "geotiff", layout={"composites": rule})
    with rasterio.open(syn.shared_file(file)) as tif:
        bands, nodata = tif.read(), tif.nodata
    expected = np.where(bands == nodata, np.nan, bands * 1e-4)
    same(ds.ndvi, expected[:, ::-1], 1e-7)
    stamps = dates(ds)
    assert (stamps[0], stamps[20], stamps[-1]) == ("2000-02-18", "2001-01-01", "2017-02-18")
    assert sum(stamp.startswith("2009") for stamp in stamps) == 23
    assert np.allclose(ds.cell_area, 231.656358**2, rtol=1e-5)
    assert float(ds.lat.mean()) == pytest.approx(-12, abs=0.5)  # Sinop, Mato Grosso
    assert float(ds.lon.mean()) == pytest.approx(-55, abs=1)


def test_grib_hours_equal_what_eccodes_reads():
    pytest.importorskip("pyproj")
    eccodes = pytest.importorskip("eccodes")
    file = "era5-2mt-2019-03-uk.grib"
    ds = opened(file, {"tas": "t2m"}, "hour", "grib")
    assert ds.sizes == {"time": 744, "lat": 33, "lon": 49, "nv": 2}
    with syn.shared_file(file).open("rb") as stream:
        for index in range(744):
            handle = eccodes.codes_grib_new_from_file(stream)
            if index % 100 == 0:
                values = eccodes.codes_get_values(handle).reshape(33, 49)[::-1]
                stamp = f"{eccodes.codes_get(handle, 'dataDate')}"
                hour = eccodes.codes_get(handle, "dataTime") // 100
                same(ds.tas[index], values - 273.15, 1e-9)
                found = str(ds.time.values[index])
                assert found[:13].replace("-", "") == f"{stamp}T{hour:02d}"
            eccodes.codes_release(handle)


def test_stage_iv_amounts_end_at_their_stamp_on_a_curvilinear_grid():
    file = "stageiv_hourly_precip_20180913.nc"
    name = "Total_precipitation_surface_1_Hour_Accumulation"
    layout = {"stamp": "end"}
    loose = {"pr": {"name": name, "out_of_range": "mask"}}
    ds = opened(file, loose, "hour", layout=layout)
    rain, lat = stored(file, name, "lat")
    expected = rain.astype(float) * 24  # kg m-2 in an hour, as mm a day
    assert int((expected > 3000 * (1 + 1e-6)).sum()) == 26
    same(ds.pr, np.where(expected > 3000, np.nan, expected), 1e-3)
    assert np.array_equal(ds.lat, [[float(str(v)) for v in row] for row in lat])
    assert str(ds.time.values[0])[:13] == "2018-09-13T18"  # the stamp 19:00 ends the hour
    # the cells of this grid are 4.76 km wide at 60 N, and smaller in the plane's centre
    assert 3.5e3 < float(np.sqrt(ds.cell_area.mean())) < 4.8e3
    strict = opened(file, {"pr": name}, "hour", layout=layout)
    with pytest.raises(HarmonisationError, match="26 of 236118 values lie outside of 0 to 3000"):
        strict.pr.load()


def test_spartacus_keeps_its_lambert_grid_and_whole_months():
    file = "spartacus_innsbruck_tas_2010.nc"
    ds = opened(file, {"tas": "tas"}, "month")
    tas, x, y, lat = stored(file, "tas", "x", "y", "lat")
    assert x.dtype == np.int32 and (np.diff(y) > 0).all()
    same(ds.tas, np.where(tas > 1e19, np.nan, tas), 0)
    assert np.array_equal(ds.lat, lat) and np.array_equal(ds.x, x)
    assert ds.crs.attrs["grid_mapping_name"] == "lambert_conformal_conic"
    assert ds.tas.attrs["grid_mapping"] == "crs"
    assert dates(ds) == [f"2010-{month:02d}-01" for month in range(1, 13)]
    # between the standard parallels a square kilometre of the plane is a little more on the ground
    assert np.allclose(ds.cell_area, 1e6, rtol=5e-3)


def test_histalp_counts_months_and_misspells_celsius():
    file = "HISTALP_temperature_1780-2014.nc"
    ds = opened(file, {"tas": "T_2M"}, "month")
    tas, months = stored(file, "T_2M", "time")
    same(ds.tas, tas.astype(float), 0)
    assert np.array_equal(months, np.arange(2820))
    expected = np.arange("1780-01", "2015-01", dtype="datetime64[M]")
    assert np.array_equal(ds.time.values.astype("datetime64[M]"), expected)


@pytest.mark.parametrize(
    ("kind", "name", "variable", "units", "convert"),
    [
        ("t2m", "t2m", "tas", None, lambda v: v - 273.15),
        ("prcp", "tp", "pr", "m d-1", lambda v: v * 1000),  # the file says m
    ],
)
def test_era5_land_unpacks_in_double_precision(kind, name, variable, units, convert):
    file = f"era5_land_monthly_{kind}_1981-2018.nc"
    ds = opened(file, {variable: {"name": name, "units": units}}, "month")
    with netCDF4.Dataset(syn.shared_file(file)) as nc:
        nc.set_auto_maskandscale(False)
        packed = nc[name][:]
        scale, offset = nc[name].scale_factor, nc[name].add_offset
    expected = convert(np.where(packed == -32767, np.nan, packed * scale + offset))
    same(ds[variable], expected[:, ::-1], 1e-5)
    assert ds.lat.values.tolist() == [46.6, 46.7, 46.8, 46.9, 47.0, 47.1]
    assert ds.lon.values.tolist() == [10.6, 10.7, 10.8, 10.9, 11.0, 11.1, 11.2]


def test_oisst_day_drops_its_level_and_takes_ice_as_a_fraction():
    file = "oisst_v2_19811231_2deg.nc"
    wanted = {"tos": "sst", "siconc": {"name": "ice", "units": "1"}}
    ds = opened(file, wanted, "day")
    sst, ice, lon = stored(file, "sst", "ice", "lon")
    scale = np.float64(np.float32(0.01))
    same(ds.tos, by_lon(np.where(sst == -999, np.nan, sst * scale)[:, 0], lon), 1e-5)
    same(ds.siconc, by_lon(np.where(ice == -999, np.nan, ice * scale * 100)[:, 0], lon), 1e-4)
    assert float(ds.siconc.max()) == pytest.approx(100, abs=1e-3)  # not 1 "percent"
    assert dates(ds) == ["1981-12-31"]


def test_oisst_years_hold_29_february_at_midnight():
    file = "oisst_2003_2004.nc"
    ds = opened(file, {"tos": "sst"}, "day")
    (sst,) = stored(file, "sst")
    same(ds.tos, sst.astype(float), 0)
    assert "2004-02-29" in dates(ds) and ds.sizes["time"] == 731
    assert str(ds.time.values[0]) == "2003-01-01T00:00:00.000000000"


def test_glorys_zarr_is_read_from_deep_in_its_zip():
    zarr = pytest.importorskip("zarr")
    file = "glorys12_siconc_20210109.zarr.zip"
    loose = {"siconc": {"name": "siconc", "out_of_range": "mask"}}
    ds = opened(file, loose, "day", "zarr")
    store = zarr.storage.ZipStore(syn.shared_file(file), mode="r")
    packed = zarr.open_group(store, path="sic_daily_sample.zarr", mode="r", zarr_format=2)[
        "siconc"
    ][:]
    factor = 3.814813680946827e-05
    expected = np.where((packed < 1) | (packed > 27343), np.nan, (packed - 1) * factor * 100)
    assert int((expected > 100.0001).sum()) == 22  # beyond the range of a fraction: masked
    same(ds.siconc, np.where(expected > 100.0001, np.nan, expected), 1e-5)
    assert dates(ds) == ["2021-01-09"]  # the attribute field_date says 1993
    assert float(np.isnan(ds.siconc.values).mean()) == pytest.approx(0.97, abs=0.01)


def test_gems_reads_fortran_exponents_and_six_hour_steps():
    file = "gems_total_column_co2_200601.nc"
    ds = opened(file, {"xco2": "tcco2"}, "hour")
    packed, lon = stored(file, "tcco2", "longitude")
    values = np.where(packed == -32767, np.nan, packed * 0.0013179950193703076 + 389.63283727841815)
    same(ds.xco2, by_lon(values[:, ::-1], lon), 3e-5)
    assert str(ds.time.values[0])[:13] == "2006-01-01T06"
    length = ds.time_bnds.values[:, 1] - ds.time_bnds.values[:, 0]
    assert (length == np.timedelta64(6, "h")).all()
    assert ds.sizes["time"] == 31
    assert float(ds.cell_area.sum()) == pytest.approx(4 * np.pi * 6371007.181**2, rel=1e-9)


def test_mauna_loa_text_series_keeps_its_blanks():
    file = "mauna_loa_weekly_co2.csv"
    ds = opened(
        file, {"co2": {"name": "co2", "units": "ppmv"}}, "irregular", "csv",
        layout={"step": "7D", "position": (19.54, -155.58)},
    )  # fmt: skip
    with syn.shared_file(file).open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    expected = np.array([float(row["co2"] or "nan") for row in rows])
    same(ds.co2, expected, 0)
    assert int(np.isnan(ds.co2.values).sum()) == 59
    assert [stamp.replace("-", "") for stamp in dates(ds)] == [row["date"] for row in rows]
    assert (float(ds.lat), float(ds.lon)) == (19.54, -155.58)


def test_conus_years_derive_the_bounds_that_are_promised_but_absent():
    file = "conus_annual_tmean_precip_1950-1999.nc"
    ds = opened(file, {"tas": "meantemp", "prtot": "totalpr"}, "year")
    tas, total = stored(file, "meantemp", "totalpr")
    same(ds.tas, tas.astype(float), 0)
    same(ds.prtot, total.astype(float), 0)
    assert np.allclose(np.diff(ds.lat_bnds.values, axis=1), 0.5, atol=1e-4)
    assert dates(ds)[:2] == ["1950-01-01", "1951-01-01"]


def test_e1_years_run_from_december_in_360_days():
    file = "E1_north_america.nc"
    ds = opened(file, {"tas": "air_temperature"}, "year")
    (tas,) = stored(file, "air_temperature")
    same(ds.tas, tas.astype(float) - 273.15, 2e-6)
    assert ds.time.values[0].calendar == "360_day" and ds.sizes["time"] == 240
    assert [str(day)[:10] for day in ds.time_bnds.values[0]] == ["1859-12-01", "1860-12-01"]
    assert (float(ds.lon[0]), float(ds.lon[-1])) == (-135, -45)


def test_every_file_opens_or_is_refused_by_one_sentence():
    """`inspect` meets each file; those that need a word from the caller open when it is given."""
    hints: dict[str, dict[str, Any]] = {
        "S20092742009304.L3m_MO_CHL_chlor_a_9km.nc": {"frequency": "month"},
        "coads_climatology.cdf": {"frequency": "climatology"},
        "glorys12_siconc_20210109.zarr.zip": {"frequency": "day"},
        "mauna_loa_weekly_co2.csv": {"units": {"co2": "ppmv"}},
        "mod13q1_ndvi_sinop_2000-2017.tif": {
            "units": {"band_values": "1e-4"}, "frequency": "irregular",
            "layout": {"composites": {"start": "2000-02-18", "days": 16, "yearly": True}},
        },
        "oisst_v2_19811231_2deg.nc": {"frequency": "day"},
        "psi_f18_seaice_south_20171002.nc": {
            "frequency": "day", "layout": {"grid": "nsidc-south-12.5km"},
        },
    }  # fmt: skip
    files = sorted(p for p in syn.shared_file("README.md").parent.iterdir() if p.is_file())
    files = [path for path in files if path.suffix not in (".md", ".yaml")]
    assert len(files) == 25
    for path in files:
        found = harmonise.inspect(path)
        if path.name not in hints:
            assert found.refused is None, found.refused
        else:
            assert found.refused is not None and "\n" not in found.refused
            assert path.name in found.refused
            found = harmonise.inspect(path, **hints[path.name])
            assert found.refused is None, found.refused
        harmonise.check_contract(found.dataset)
        assert path.name in str(found)
