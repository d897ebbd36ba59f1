"""Quirks of formats and of grids, each in a file written here."""

from __future__ import annotations

import datetime as dt
import zipfile

import numpy as np
import pytest
import xarray as xr

from sco_pipeline.errors import HarmonisationError
from tests import synthetic as syn
from tests.unit.harmonise.twin_files import (
    LAT,
    LON,
    SPHERE,
    dates,
    numbers,
    opened,
    plain,
)


def test_known_grid_for_a_file_without_coordinates(tmp_path):
    stored = np.full((1, 332, 316), 50, dtype="i1")
    stored[0, 0, 0] = -128
    ds = xr.Dataset(
        {
            "concentration": (
                ("time", "nj", "ni"), stored, {"units": "percent", "missing_value": np.int8(-128)}
            )
        },
        coords={"time": ("time", np.array([12], "i4"), {"units": "hours since 1900-1-1 0:0:0"})},
    )  # fmt: skip
    path = syn.write(ds, tmp_path / "a.nc", classic=True)
    entry = {"siconc": "concentration"}
    got = opened(path, entry, "day", layout={"grid": "nsidc-south-25km"})
    assert np.isnan(got.siconc.values[0, -1, 0]) and float(got.siconc.max()) == 50
    assert got.y.values[[0, -1]].tolist() == [-3_937_500, 4_337_500]
    assert float(got.lat[157, 158]) < -89  # the pole lies 3950 km from the left edge
    with pytest.raises(HarmonisationError, match="'nsidc-north-25km' has 448 x 304"):
        opened(path, entry, "day", layout={"grid": "nsidc-north-25km"})
    with pytest.raises(HarmonisationError, match="Did you mean 'nsidc-south-25km'"):
        opened(path, entry, "day", layout={"grid": "nsidc-south-26km"})
    with pytest.raises(HarmonisationError, match="nothing tells where"):
        opened(path, entry, "day")


def test_date_of_the_name_or_of_an_attribute(tmp_path):
    ds = xr.Dataset(
        {
            "chlor_a": (("lat", "lon"), numbers(3, 4), {"units": "degC"}),
            "palette": (("rgb", "c"), np.zeros((3, 5), "i2")),
        },
        coords={
            "lat": ("lat", [30.0, 0.0, -30.0], {"units": "degree_north"}),
            "lon": ("lon", LON, {"units": "degree_east"}),
        },
        attrs={"time_coverage_start": "2009-10-01T01:27:42.000Z"},
    )
    path = syn.write(ds, tmp_path / "S20092742009304.nc", classic=True)
    by_attribute = opened(path, {"tas": "chlor_a"}, "month")
    assert dates(by_attribute) == ["2009-10-01"]
    assert by_attribute.tas.values[0, 0].tolist() == [10, 11, 8, 9]
    layout = {"date_in_name": r"^S(?P<date>\d{7})", "date_format": "%Y%j"}
    assert dates(opened(path, {"tas": "chlor_a"}, "month", layout=layout)) == ["2009-10-01"]
    with pytest.raises(HarmonisationError, match="its name holds no date by the pattern"):
        opened(path, {"tas": "chlor_a"}, "month", layout={"date_in_name": r"X(?P<date>\d+)"})
    del ds.attrs["time_coverage_start"]
    syn.write(ds, path, classic=True)
    with pytest.raises(HarmonisationError, match="no time coordinate and no attribute"):
        opened(path, {"tas": "chlor_a"}, "month")


def test_geotiff_bands_as_composites(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    from rasterio import Affine

    path = tmp_path / "a.tif"
    sinusoidal = "+proj=sinu +R=6371007.181 +units=m +no_defs"
    bands = np.arange(24 * 6, dtype="i2").reshape(24, 2, 3)
    bands[0, 0, 0] = -3000
    with rasterio.open(
        path, "w", driver="GTiff", count=24, height=2, width=3, dtype="int16", nodata=-3000,
        crs=sinusoidal, transform=Affine(250, 0, -6_000_000, 0, -250, -1_200_000),
    ) as file:  # fmt: skip
        file.write(bands)
    source = {"ndvi": {"name": "ndvi", "units": "1", "scale": 1e-3}}
    rule = {"start": dt.date(2000, 1, 1), "days": 16, "yearly": True}
    ds = opened(path, source, "irregular", "geotiff", layout={"composites": rule})
    assert dates(ds)[22:] == ["2000-12-18", "2001-01-01"]  # the last step of a year is short
    assert str(ds.time_bnds.values[22, 1])[:10] == "2001-01-01"
    assert np.isnan(ds.ndvi.values[0, 1, 0])
    np.testing.assert_allclose(ds.ndvi.values[1, 1], [0.006, 0.007, 0.008], atol=1e-8)
    np.testing.assert_allclose(ds.cell_area, 250.0**2, rtol=1e-9)  # an equal-area projection
    # on the sinusoidal sphere latitude is y / R
    assert float(ds.lat[1, 0]) == pytest.approx(np.rad2deg(-1_200_125 / 6371007.181))


def test_geotiff_of_degrees_with_dates_in_the_bands(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    from rasterio import Affine

    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=2, height=2, width=2, dtype="float32",
        crs="EPSG:4326", transform=Affine(1, 0, -10, 0, -1, 10),
    ) as file:  # fmt: skip
        file.write(numbers(2, 2, 2).astype("f4"))
        file.descriptions = ("2001-05-01", "2001-06-01")
    ds = opened(path, {"tas": {"name": "v", "units": "degC"}}, "month", "geotiff")
    assert dates(ds) == ["2001-05-01", "2001-06-01"]
    assert ds.lat.values.tolist() == [8.5, 9.5] and ds.tas.values[1, 0].tolist() == [6, 7]


def test_grib_of_both_editions(tmp_path):
    pytest.importorskip("pyproj")
    eccodes = pytest.importorskip("eccodes")
    for edition, sample in ((1, "regular_ll_sfc_grib1"), (2, "regular_ll_sfc_grib2")):
        path = tmp_path / f"{edition}.grib"
        with path.open("wb") as file:
            for hour in (6, 0):  # out of order
                handle = eccodes.codes_grib_new_from_samples(sample)
                keys = {
                    "Ni": 6, "Nj": 3, "latitudeOfFirstGridPointInDegrees": 30,
                    "latitudeOfLastGridPointInDegrees": -30,
                    "longitudeOfFirstGridPointInDegrees": 0,
                    "longitudeOfLastGridPointInDegrees": 300, "iDirectionIncrementInDegrees": 60,
                    "jDirectionIncrementInDegrees": 30, "dataDate": 20010203,
                    "dataTime": hour * 100, "shortName": "2t", "bitmapPresent": 1,
                    "missingValue": 9999,
                }  # fmt: skip
                for key, value in keys.items():
                    eccodes.codes_set(handle, key, value)
                values = 280.0 + np.arange(18) + hour
                values[7] = 9999
                eccodes.codes_set_values(handle, values)
                eccodes.codes_write(handle, file)
                eccodes.codes_release(handle)
        ds = opened(path, {"tas": "t2m"}, "hour", "grib")
        assert [str(t)[:13] for t in ds.time.values] == ["2001-02-03T00", "2001-02-03T06"]
        assert ds.lat.values.tolist() == [-30, 0, 30] and ds.sizes["lon"] == 6
        # the northern row, 280 ... 285 K at 0 60 ... 300 degrees, comes last and begins at 180
        np.testing.assert_allclose(
            ds.tas.values[0, 2], np.array([283, 284, 285, 280, 281, 282]) - 273.15, atol=1e-3
        )
        assert np.argwhere(np.isnan(ds.tas.values[1])).tolist() == [[1, 4]]


def test_lambert_grid_in_whole_metres_with_bounds_from_noon_to_noon(tmp_path):
    import pyproj

    crs = pyproj.CRS.from_user_input(
        "+proj=lcc +lat_1=46 +lat_2=49 +lat_0=47.5 +lon_0=13.333 +x_0=400000 +y_0=400000 "
        "+ellps=bessel"
    )
    ds = xr.Dataset(
        {
            "tas": (("time", "y", "x"), numbers(2, 3, 4), {
                "units": "Celsius", "grid_mapping": "lcc"}),
            "lcc": ((), 0, {k: v for k, v in crs.to_cf().items() if not isinstance(v, bool)}),
            "tb": (("time", "nv"), np.array([[0.0, 30.0], [31.0, 58.0]])),
        },
        coords={
            "time": ("time", [15.0, 44.5], {"units": "days since 2010-01-01 12:00:00",
                                            "bounds": "tb"}),
            "y": ("y", np.arange(3, dtype="i4") * 1000 + 400_000, {
                "units": "meters", "standard_name": "projection_y_coordinate"}),
            "x": ("x", np.arange(4, dtype="i4") * 1000 + 400_000, {
                "units": "meters", "standard_name": "projection_x_coordinate"}),
        },
    )  # fmt: skip
    path = syn.write(ds, tmp_path / "a.nc", classic=True)
    got = opened(path, {"tas": "tas"}, "month")
    assert dates(got) == ["2010-01-01", "2010-02-01"]
    assert (float(got.lat[0, 0]), float(got.lon[0, 0])) == pytest.approx((47.5, 13.333), abs=1e-3)
    assert got.crs.attrs["grid_mapping_name"] == "lambert_conformal_conic"
    # between the standard parallels lengths shrink by less than 4 in 10,000
    np.testing.assert_allclose(got.cell_area, 1e6, rtol=1e-3)
    assert (got.cell_area > 1e6).all()


def test_level_of_a_chunked_file_is_chosen(tmp_path):
    ds = xr.Dataset(
        {"t": (("time", "depth", "lat", "lon"), numbers(2, 2, 3, 4), {"units": "degC"})},
        coords={
            "time": ("time", [0.0, 1.0], {"units": "days since 2000-01-01"}),
            "depth": ("depth", [0.5, 10.0], {"units": "m"}),
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
    )
    path = syn.write(ds, tmp_path / "a.nc", encoding={"t": {"chunksizes": (1, 1, 3, 2)}})
    got = opened(path, {"tos": "t"}, "day", layout={"select": {"depth": 0.5}})
    assert got.tos.values[:, 0, 2].tolist() == [0, 24]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("version", [2, 3])
def test_zarr_of_both_formats_zipped_and_not(tmp_path, version, zipped):
    pytest.importorskip("zarr")
    ds = xr.Dataset(
        {"ice": (("time", "lat", "lon"), np.array([1, 101, -32767, 51] * 3, "i2").reshape(1, 3, 4),
                 {"units": "1", "scale_factor": 0.01, "add_offset": -0.01,
                  "valid_min": np.int16(1), "valid_max": np.int16(101)})},
        coords={
            "time": ("time", np.array([622584.0], "f4"), {"units": "hours since 1950-01-01"}),
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
        attrs={"field_date": "1993-01-01"},
    )  # fmt: skip
    folder = tmp_path / "deep" / "store.zarr"
    ds.to_zarr(folder, zarr_format=version, consolidated=False)
    path = folder
    if zipped:
        path = tmp_path / "store.zarr.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, file.relative_to(folder.parent))
    got = opened(path, {"siconc": "ice"}, "day", "zarr")
    np.testing.assert_allclose(got.siconc.values[0, 0], [np.nan, 50, 0, 100], atol=1e-5)
    assert dates(got) == ["2021-01-09"]


def test_fortran_exponents_and_six_hour_analyses(tmp_path):
    path = plain(
        tmp_path / "a.nc", numbers(3, 3, 4), np.array([6, 12, 18], "i4"),
        {"units": "hours since 1900-01-01 00:00:0.0"}, attrs={"units": "kg m**-2"},
        lat=[90.0, 0.0, -90.0],
    )  # fmt: skip
    ds = opened(path, {"xco2": "v"}, "hour")
    assert str(ds.time_bnds.values[-1, 1]) == "1900-01-02T00:00:00.000000000"
    assert float(ds.cell_area.sum()) == pytest.approx(SPHERE, rel=1e-12)


def test_text_series_with_blank_cells(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("date,co2\n19580329,316.1\n19580405,\n19580412,317.6\n")
    source = {"co2": {"name": "co2", "units": "ppmv"}}
    layout = {"step": "7D", "position": (19.54, 204.42)}
    ds = opened(path, source, "irregular", "csv", layout=layout)
    np.testing.assert_array_equal(ds.co2.values, [316.1, np.nan, 317.6])
    assert dates(ds) == ["1958-03-29", "1958-04-05", "1958-04-12"]
    assert (float(ds.lat), float(ds.lon)) == pytest.approx((19.54, -155.58))
    path.write_text("# by hand\nyear month value\n2001 1 1.5\n2001 2 2.5\n")
    ds = opened(path, {"co2": {"name": "value", "units": "ppm"}}, "month", "csv")
    assert ds.co2.values.tolist() == [1.5, 2.5] and dates(ds) == ["2001-01-01", "2001-02-01"]
    path.write_text("when,value\n2001,1\n")
    with pytest.raises(HarmonisationError, match="no column of dates"):
        opened(path, {"co2": {"name": "value", "units": "ppm"}}, "month", "csv")
