"""Archives that keep each variable in files of its own, through their catalog entries."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.access.granules import granules_of
from sco_pipeline.access.storage import cache_name
from sco_pipeline.catalog import Catalog, Period, Request, load_catalog
from sco_pipeline.errors import HarmonisationError

DAYS = [dt.date(2010, 1, day) for day in (1, 2, 3)]
PERIOD = Period(start=DAYS[0], end=DAYS[-1])


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def samet(directory: Path, name: str, days: list[dt.date], value: float, west: float = -50) -> None:
    """Write files as the archive of SAMeT has them, under the names of the cache."""
    for i, day in enumerate(days):
        ds = xr.Dataset(
            {
                name: (
                    ("time", "lat", "lon"),
                    np.full((1, 3, 4), value + i, "f4"),
                    {"units": "degC"},
                )
            },
            coords={
                "time": ("time", np.array([day], "datetime64[ns]")),
                "lat": ("lat", [-20.0, -19.9, -19.8], {"units": "degrees_north"}),
                "lon": ("lon", west + np.arange(4) * 0.1, {"units": "degrees_east"}),
            },
        )
        stem = f"SAMeT_CPTEC_{name.upper()}_{day:%Y%m%d}"
        ds.to_netcdf(directory / cache_name(f"https://a/{stem}.nc"), engine="h5netcdf")


def opened(catalog: Catalog, directory: Path, *names: str) -> xr.Dataset:
    entry = catalog.datasets["inpe-samet-air-temperature-daily"]
    request = Request(variables=names, period=PERIOD)
    return harmonise.open_dataset(entry, catalog.variables, sorted(directory.iterdir()), request)


def test_addresses_and_names_agree(catalog: Catalog) -> None:
    entry = catalog.datasets["inpe-samet-air-temperature-daily"]
    request = Request(variables=("tasmax", "tasmin"), period=PERIOD)
    urls = [granule.url for granule in granules_of(entry, request)]
    assert len(urls) == 6
    assert urls[0].endswith("/SAMeT/DAILY/TMAX/2010/01/SAMeT_CPTEC_TMAX_20100101.nc")
    assert sum("/TMIN/2010/01/SAMeT_CPTEC_TMIN_" in url for url in urls) == 3


def test_variables_are_joined(catalog: Catalog, tmp_path: Path) -> None:
    samet(tmp_path, "tmax", DAYS, 30)
    samet(tmp_path, "tmin", DAYS, 20)
    ds = opened(catalog, tmp_path, "tasmax", "tasmin")
    assert set(ds.data_vars) == {"tasmax", "tasmin"}
    assert ds.tasmax.chunks is not None
    assert ds.tasmax[:, 0, 0].values.tolist() == [30, 31, 32]
    assert ds.tasmin[:, 2, 3].values.tolist() == [20, 21, 22]
    one = opened(catalog, tmp_path, "tasmin")
    xr.testing.assert_identical(one.tasmin, ds.tasmin)


def test_a_file_that_one_variable_lacks_is_missing_there_alone(
    catalog: Catalog, tmp_path: Path
) -> None:
    samet(tmp_path, "tmax", DAYS, 30)
    samet(tmp_path, "tmin", [DAYS[0], DAYS[2]], 20)
    ds = opened(catalog, tmp_path, "tasmax", "tasmin")
    assert ds.tasmax[:, 0, 0].values.tolist() == [30, 31, 32]
    np.testing.assert_array_equal(ds.tasmin[:, 0, 0].values, [20, np.nan, 21])
    assert (ds.time_bnds[:, 1] - ds.time_bnds[:, 0] == np.timedelta64(1, "D")).all()


def test_other_grids_are_refused(catalog: Catalog, tmp_path: Path) -> None:
    samet(tmp_path, "tmax", DAYS, 30)
    samet(tmp_path, "tmin", DAYS, 20, west=-40)
    with pytest.raises(HarmonisationError, match="lie on different grids"):
        opened(catalog, tmp_path, "tasmax", "tasmin")


def test_no_file_of_a_variable(catalog: Catalog, tmp_path: Path) -> None:
    samet(tmp_path, "tmax", DAYS, 30)
    with pytest.raises(HarmonisationError, match="there is no file"):
        opened(catalog, tmp_path, "tasmax", "tasmin")


def geotiff(path: Path, values: np.ndarray, nodata: float | None = None) -> None:
    rasterio = pytest.importorskip("rasterio")
    height, width = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=1, dtype=values.dtype,
        crs="EPSG:4326", transform=rasterio.Affine(0.5, 0, 10, 0, -0.5, 50), nodata=nodata,
    ) as file:  # fmt: skip
        file.write(values, 1)


def test_images_of_one_product_each(catalog: Catalog, tmp_path: Path) -> None:
    entry = catalog.datasets["dlr-s5p-tropomi-l3-daily"]
    request = Request(
        variables=("aod", "so2"), period=Period(start=dt.date(2020, 5, 1), end=dt.date(2020, 5, 2))
    )
    fill = np.float32(9.969209968386869e36)
    for granule in granules_of(entry, request):
        number = 0.25 if "_aod.tif" in granule.url else 0.001
        values = np.full((4, 6), number, "f4")
        values[0, 0] = fill
        geotiff(tmp_path / cache_name(granule.url), values)
    ds = harmonise.open_dataset(entry, catalog.variables, sorted(tmp_path.iterdir()), request)
    assert ds.sizes["time"] == 2
    np.testing.assert_allclose(ds.aod.mean(), 0.25)
    np.testing.assert_allclose(ds.so2.mean(), 1000, rtol=1e-6)
    assert np.isnan(ds.aod.isel(lat=-1, lon=0)).all()


def test_snow_of_the_global_snowpack(catalog: Catalog, tmp_path: Path) -> None:
    entry = catalog.datasets["dlr-global-snowpack"]
    period = Period(start=dt.date(2010, 1, 1), end=dt.date(2010, 1, 1))
    request = Request(variables=("snc",), period=period)
    (granule,) = granules_of(entry, request)
    coded = np.array([[0, 1, 63], [64, 65, 255]], np.uint8)
    geotiff(tmp_path / cache_name(granule.url), coded)
    ds = harmonise.open_dataset(entry, catalog.variables, sorted(tmp_path.iterdir()), request)
    assert str(ds.time.values[0])[:10] == "2010-01-01"
    np.testing.assert_array_equal(ds.snc.isel(time=0).values, [[100, 100, 100], [np.nan, 0, 0]])
    assert ds.snc.attrs["units"] == "%"
