"""Catalog datasets from fetch to map, through mirrors, with the means of computations of their own.

What is served at the real address of an entry is the real sample of that product, where the
reference data lie beside the project, and a generated twin of its names, packing and grid.
"""

from __future__ import annotations

import calendar
import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.catalog import Catalog
from tests import archives
from tests.integration import product_samples
from tests.integration.box_means import (
    BALL,
    Box,
    box_mean,
    edges,
    mean_of_corners,
    netcdf_mean,
    unpacked,
)
from tests.servers import FaultServer

ROOT = Path(__file__).parents[2]
RECIPE = """
title: {title}
summary: Mean of the period, from the archive of the dataset.
inputs: {{{variable}: {dataset}}}
period: {{start: {start}, end: {end}}}
indicators:
- {{id: period_mean, of: {variable}, options: {{min_fraction: 0.01}}}}
regions: [sample-{dataset}]
min_valid_fraction: 0
cadence: once
maps:
- variable: {variable}_period_mean
"""
STATION = """
title: Carbon dioxide at Mauna Loa
summary: Mean and anomaly, from the archive of the dataset.
inputs: {co2: noaa-mauna-loa-co2-monthly}
period: {start: 1958-03-01, end: 2001-12-31}
baseline: [1991, 1992]
indicators:
- {id: period_mean, of: co2, options: {min_fraction: 0.01}}
- {id: anomaly, of: co2}
cadence: once
formats: [netcdf, series]
"""
REGIONS = """
title: Box of a sample
source: drawn for this test
license: CC0-1.0
boxes:
  box: {{name: Box, west: {0}, south: {1}, east: {2}, north: {3}}}
"""


Serve = Callable[[FaultServer, Any, Path], str]
Expected = Callable[[Path, Box], float]


@dataclass(frozen=True)
class Sample:
    """One product: what is asked of the catalog, what is served, what must come out."""

    dataset: str
    variable: str
    period: tuple[str, str]
    box: Box
    file: str
    twin: Callable[[Path], None]
    serve: Serve
    expected: Expected
    tolerance: float = 1e-6


def as_file(url_of_day: str) -> Serve:
    """Serve the file at the address of one day."""

    def serve(server: FaultServer, entry: Any, path: Path) -> str:
        where = archives.path_of(url_of_day)
        server.put(where, path.read_bytes())
        return where

    return serve


def by_cds(server: FaultServer, entry: Any, path: Path) -> str:
    return archives.cds(server, entry, path.read_bytes())


def by_cmr(server: FaultServer, entry: Any, path: Path) -> str:
    return archives.cmr(server, entry, "MOD13Q1.tif", path.read_bytes(), "2000-02-18T00:00:00Z")


def by_zarr(server: FaultServer, entry: Any, path: Path) -> str:
    return archives.zarr_store(server, entry, path)


def by_cmems(server: FaultServer, entry: Any, path: Path) -> str:
    return archives.cmems(server, entry, path)


def by_opendap(server: FaultServer, entry: Any, path: Path) -> str:
    return archives.opendap(server, entry, path)


def of_grib(path: Path, box: Box) -> float:
    """Mean of all hours as ecCodes reads them, in degrees Celsius."""
    import eccodes

    total, count = np.zeros((33, 49)), 0
    with path.open("rb") as stream:
        while (handle := eccodes.codes_grib_new_from_file(stream)) is not None:
            total += eccodes.codes_get_values(handle).reshape(33, 49)
            count += 1
            eccodes.codes_release(handle)
    lat, lon = np.linspace(58, 50, 33), np.linspace(-10, 2, 49)
    return box_mean(total / count - 273.15, edges(lat), edges(lon), box)


def of_zarr(path: Path, name: str, box: Box, factor: float = 1.0) -> float:
    """Mean over time and a box of a Zarr store, unpacked here; fractions above one are no data."""
    import zarr

    group = zarr.open_group(path, mode="r", zarr_format=2)
    about = dict(group[name].attrs)
    raw = np.asarray(group[name][:])
    values = raw * float(about.get("scale_factor", 1)) + float(about.get("add_offset", 0))
    values[raw == about.get("_FillValue", group[name].fill_value)] = np.nan
    if "valid_max" in about:
        values[(raw > about["valid_max"]) | (raw < about["valid_min"]) | (values > 1)] = np.nan
    return factor * box_mean(
        values.mean(axis=0), edges(group["latitude"][:]), edges(group["longitude"][:]), box
    )


def of_ndvi(path: Path, box: Box) -> float:
    """Mean of composites, each as long as it is, over a sinusoidal grid."""
    import rasterio
    from pyproj import Transformer

    with rasterio.open(path) as file:
        bands, missing, shape, grid = file.read() * 1.0, file.nodata, file.shape, file.transform
    bands[bands == missing] = np.nan
    row, column = np.mgrid[: shape[0] + 1, : shape[1] + 1]
    back = Transformer.from_crs("+proj=sinu +R=6371007.181", BALL, always_xy=True).transform
    lon, lat = back(grid.c + grid.a * column, grid.f + grid.e * row)
    valid = np.isfinite(bands) * composite_days(len(bands))[:, None, None]
    mean = (np.nan_to_num(bands) * valid).sum(axis=0) / valid.sum(axis=0)
    return mean_of_corners(mean, lon, lat, box) * 1e-4


def of_stage_iv(path: Path, box: Box) -> float:
    """Mean rate in mm a day; corners in the middle of four centres, the outermost cells left."""
    lat, lon, rain = unpacked(path, "lat", "lon", product_samples.STAGE_IV)
    rain *= 24
    rain[rain > 3000] = np.nan  # no rain falls so hard: broken values of the radars
    phi, lam = np.deg2rad(lat), np.deg2rad(lon)
    xyz = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    x, y, z = xyz[:, :-1, :-1] + xyz[:, :-1, 1:] + xyz[:, 1:, :-1] + xyz[:, 1:, 1:]
    corner_lon, corner_lat = np.rad2deg(np.arctan2(y, x)), np.rad2deg(np.arctan2(z, np.hypot(x, y)))
    mean = np.nanmean(rain, axis=0)[1:-1, 1:-1]
    return mean_of_corners(mean, corner_lon, corner_lat, box)


def composite_days(count: int) -> np.ndarray:
    """Lengths of composites of 16 days from 18 February 2000; each year begins a new one."""
    start, lengths = dt.date(2000, 2, 18), []
    for _ in range(count):
        end = min(start + dt.timedelta(days=16), dt.date(start.year + 1, 1, 1))
        lengths.append((end - start).days)
        start = end
    return np.array(lengths)


SAMPLES = [
    Sample(
        "esa-cci-soil-moisture-combined", "sm", ("2000-01-01", "2000-01-01"),
        (4.05, 50.8, 4.85, 51.2),
        "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20000101000000-fv02.2.nc",
        product_samples.soil_moisture,
        as_file(
            "https://dap.ceda.ac.uk/neodc/esacci/soil_moisture/data/daily_files/COMBINED/v09.2/2000/"
            "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20000101000000-fv09.2.nc"
        ),
        lambda path, box: netcdf_mean(path, "sm", box),
    ),
    Sample(
        "noaa-oisst-v2-daily", "tos", ("1981-12-31", "1981-12-31"), (-173.3, -21.2, -121.7, 18.9),
        "oisst_v2_19811231_2deg.nc", product_samples.oisst,
        as_file(
            "https://www.ncei.noaa.gov/data/sea-surface-temperature-optimum-interpolation/v2.1/access/"
            "avhrr/198112/oisst-avhrr-v02r01.19811231.nc"
        ),
        lambda path, box: netcdf_mean(path, "sst", box),
    ),
    Sample(
        "knmi-e-obs-monthly-temperature", "tas", ("1950-01-01", "1950-01-31"),
        (-4.9, 42.3, 8.2, 51.1),
        "t_E-OBS_mon_195001.nc", product_samples.e_obs, by_cds,
        lambda path, box: netcdf_mean(path, "t", box, weights="time_bnds"),
    ),
    Sample(
        "ecmwf-era5-psl-monthly", "psl", ("1940-01-01", "2022-12-31"), (-121, -53, 122, 48),
        "psl_ERA5_mon_194001-202212.nc", product_samples.era5_pressure, by_cds,
        lambda path, box: netcdf_mean(path, "psl", box, weights="time_bnds") / 100,
    ),
    Sample(
        "ecmwf-era5-t2m-hourly", "tas", ("2019-03-01", "2019-03-31"), (-7.4, 51.3, 1.1, 56.2),
        "era5-2mt-2019-03-uk.grib", product_samples.era5_hours, by_cds, of_grib,
    ),
    Sample(
        "duacs-sea-level-l4-daily", "zos", ("2005-04-01", "2005-04-10"), (2.1, 36.7, 9.4, 43.3),
        "", product_samples.mediterranean, by_zarr, lambda path, box: of_zarr(path, "adt", box),
    ),
    Sample(
        "mercator-glorys12-sea-ice", "siconc", ("2021-01-09", "2021-01-09"),
        (-59.9, -79, -20.3, -65),
        "glorys12_siconc_20210109.zarr.zip", product_samples.glorys, by_cmems,
        lambda path, box: of_zarr(path, "siconc", box, 100),
    ),
    Sample(
        "nasa-mod13q1-ndvi", "ndvi", ("2000-02-18", "2017-02-28"),
        (-55.51, -11.727, -55.49, -11.709),
        "mod13q1_ndvi_sinop_2000-2017.tif", product_samples.ndvi, by_cmr, of_ndvi,
    ),
    Sample(
        "noaa-stage-iv-precipitation-hourly", "pr", ("2018-09-13", "2018-09-14"),
        (-78.3, 34.2, -76.9, 35.6), "stageiv_hourly_precip_20180913.nc", product_samples.stage_iv,
        by_opendap, of_stage_iv, tolerance=1e-5,  # the file has no corners
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def catalog_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog as it is, and a recipe and a box for each sample."""
    folder = tmp_path_factory.mktemp("catalog")
    shutil.copytree(ROOT / "catalog", folder, dirs_exist_ok=True)
    for sample in SAMPLES:
        name = f"sample-{sample.dataset}"
        (folder / "regions" / f"{name}.yaml").write_text(REGIONS.format(*sample.box))
        recipe = RECIPE.format(
            title=sample.dataset, variable=sample.variable, dataset=sample.dataset,
            start=sample.period[0], end=sample.period[1],
        )  # fmt: skip
        (folder / "recipes" / f"{name}.yaml").write_text(recipe)
    (folder / "recipes" / "sample-co2.yaml").write_text(STATION)
    # the archive has one composite a file; the sample has all of seventeen years in one
    with (folder / "datasets" / "nasa" / "nasa-mod13q1-ndvi.yaml").open("a") as entry:
        entry.write("layout:\n  composites: {start: 2000-02-18, days: 16, yearly: true}\n")
    return folder


@pytest.fixture(scope="module")
def catalog(catalog_dir: Path) -> Catalog:
    return sco.load_catalog(catalog_dir)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as found:
        yield found


def sample_file(sample: Sample, kind: str, request: Any, folder: Path) -> Path:
    """Return the real sample or a twin, stores unpacked."""
    path = folder / "served"
    if kind == "twin" or not sample.file:
        sample.twin(path)
        return path
    real = Path(request.getfixturevalue("shared")) / "data" / sample.file
    if real.suffix != ".zip":
        return real
    product_samples.unzipped(real, path)
    return path


@pytest.mark.parametrize("kind", ["twin", pytest.param("sample", marks=pytest.mark.shared)])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.dataset)
def test_from_the_archive_to_the_map(
    sample: Sample, kind: str, catalog: Catalog, server: FaultServer, tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    path = sample_file(sample, kind, request, tmp_path)
    asked = sample.serve(server, catalog.datasets[sample.dataset], path)
    settings = archives.settings_of(catalog, server, tmp_path)
    product = sco.run(f"sample-{sample.dataset}", settings)
    assert any(hit.path.startswith(asked) for hit in server.hits())
    told = {value for hit in server.hits() for value in hit.headers.values()}
    assert not any(token in value for token in archives.TOKENS.values() for value in told)
    (netcdf,) = product.paths("netcdf")
    found = archives.regional(netcdf, f"{sample.variable}_period_mean", "box")
    expected = sample.expected(path, sample.box)
    assert found["mean"] == pytest.approx(expected, rel=sample.tolerance)
    assert len(product.paths("maps")) == 1 and all(
        p.stat().st_size > 10_000 for p in product.paths("maps")
    )
    assert sco.run(
        f"sample-{sample.dataset}", settings.model_copy(update={"offline": True})
    ).up_to_date


@pytest.mark.parametrize("kind", ["twin", pytest.param("sample", marks=pytest.mark.shared)])
def test_station_from_the_archive_to_the_series(
    kind: str, catalog_dir: Path, server: FaultServer, tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    weekly = None
    if kind == "sample":
        shared = Path(request.getfixturevalue("shared"))
        weekly = shared / "data" / "mauna_loa_weekly_co2.csv"
    months = product_samples.months_of_co2(weekly)
    catalog = sco.load_catalog(catalog_dir)
    where = archives.path_of(catalog.datasets["noaa-mauna-loa-co2-monthly"].access.url)
    server.put(where, product_samples.co2_text(months))
    product = sco.run("sample-co2", archives.settings_of(catalog, server, tmp_path))
    assert server.hits(where)
    lengths = [calendar.monthrange(year, month)[1] for year, month, _ in months]
    expected = np.average([round(value, 2) for *_, value in months], weights=lengths)
    with xr.open_dataset(product.paths("netcdf")[0], engine="h5netcdf") as ds:
        assert float(ds["co2_period_mean"].squeeze()) == pytest.approx(expected, rel=1e-6)
        assert ds.sizes["time"] >= len(months)
