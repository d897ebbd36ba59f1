"""Every headline dataset has a recipe, and each recipe gives right numbers on a generated twin.

A twin is a file as the catalog entry describes it (names, units, format, dates in the name), on a
coarse grid, whose values depend on the calendar month alone: climatologies are then known, and
anomalies and trends are zero.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline import pipeline
from sco_pipeline.access.granules import granules_of
from sco_pipeline.access.storage import cache_name
from sco_pipeline.catalog import (
    Catalog,
    DatasetEntry,
    FetchedFile,
    FetchRecord,
    Period,
    Recipe,
    Request,
    Table,
    Variable,
    load_catalog,
)
from sco_pipeline.settings import Settings
from tests.headline_twins import grid, stored

HEADLINE_RECIPES = {
    "mediterranean-summer-sst-2022": "esa-cci-sst-cdr3-l4",
    "heat-south-america": "inpe-samet-air-temperature-daily",
    "rain-extremes-south-america": "inpe-merge-precipitation-daily",
    "soil-moisture-europe": "esa-cci-soil-moisture-combined",
    "sea-level-mediterranean": "duacs-sea-level-l4-daily",
    "vegetation-season-europe-2024": "clms-ndvi-300m-v2-10daily",
    "snow-cover-alps-2019-2020": "dlr-global-snowpack",
    "sea-ice-arctic": "esa-cci-sea-ice-concentration",
    "carbon-dioxide-column": "esa-cci-ghg-xco2-obs4mips",
    "land-surface-temperature-gulf": "esa-cci-lst-ircdr-monthly",
    "aerosol-2023": "dlr-s5p-tropomi-l3-daily",
    "burned-area": "esa-cci-fire-burned-area-grid",
    "chlorophyll-mediterranean": "esa-oc-cci-chlor-a-monthly",
    "water-storage": "grace-mascons-csr",
}
STEPS = {"day": "D", "month": "MS"}
LAST_DAY = dt.date(2022, 12, 31)
"""End of the twins of datasets that still grow."""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def middle(variable: Variable) -> tuple[float, float]:
    """Mean and amplitude over the year, in canonical units, well inside the valid range."""
    known = {"degC": (20, 8), "mm d-1": (5, 4), "ppm": (390, 3), "m": (0.2, 0.1), "km2": (5, 2)}
    return known.get(variable.units, (0.4, 0.2) if variable.units == "1" else (40, 20))


def by_month(variable: Variable, times: pd.DatetimeIndex) -> np.ndarray:
    """Canonical value of each step: a function of its calendar month."""
    mean, swing = middle(variable)
    return np.asarray(mean + swing * np.cos(2 * np.pi * (times.month - 1) / 12))


def span(entry: DatasetEntry, recipe: Recipe) -> tuple[dt.date, dt.date]:
    start = max(recipe.period.start or entry.coverage.start, entry.coverage.start)
    end = min(recipe.period.end or LAST_DAY, entry.coverage.end or recipe.period.end or LAST_DAY)
    return start, end


def steps(entry: DatasetEntry, recipe: Recipe) -> pd.DatetimeIndex:
    start, end = span(entry, recipe)
    if entry.frequency == "dekad":
        days = pd.date_range(start, end, freq="D")
        return days[np.isin(days.day, (1, 11, 21))]
    return pd.date_range(start, end, freq=STEPS[entry.frequency])


def write_dataset(
    entry: DatasetEntry, recipe: Recipe, catalog: Catalog, directory: Path, names: list[str]
) -> list[Path]:
    """Write one NetCDF file or Zarr store with all steps."""
    times = steps(entry, recipe)
    lat, lon = grid(entry, recipe)
    ds = xr.Dataset(
        coords={
            "time": times,
            "lat": ("lat", lat, {"units": "degrees_north", "standard_name": "latitude"}),
            "lon": ("lon", lon, {"units": "degrees_east", "standard_name": "longitude"}),
        }
    )
    for name in names:
        source = entry.variables[name]
        column = stored(
            entry, name, catalog.variables[name], by_month(catalog.variables[name], times)
        )
        data = np.broadcast_to(column[:, None, None], (times.size, lat.size, lon.size))
        attrs = {"units": source.file_units or source.units}
        ds[source.name] = (("time", "lat", "lon"), data.astype("f8"), attrs)
        if source.uncertainty:
            ds[source.uncertainty] = (("time", "lat", "lon"), np.full(data.shape, 0.1), attrs)
    stem = "_".join(["twin", *(entry.variables[name].name for name in names)])
    if entry.format == "zarr":
        path = directory / f"{stem}.zarr"
        ds.to_zarr(path, zarr_format=2, consolidated=True)
    else:
        path = directory / f"{stem}.nc"
        ds.to_netcdf(path, engine="h5netcdf")
    return [path]


def write_images(
    entry: DatasetEntry, recipe: Recipe, catalog: Catalog, directory: Path, names: list[str]
) -> list[Path]:
    """Write one GeoTIFF a day, under the names that the cache gives to the real addresses."""
    rasterio = pytest.importorskip("rasterio")
    start, end = span(entry, recipe)
    lat, lon = grid(entry, recipe)
    step, rise = lon[1] - lon[0], lat[1] - lat[0]
    transform = rasterio.Affine(step, 0, lon[0] - step / 2, 0, -rise, lat[-1] + rise / 2)
    request = Request(variables=tuple(names), period=Period(start=start, end=end))
    paths = []
    for granule in granules_of(entry, request):
        assert granule.period is not None
        if entry.fixes:  # snow on every second day
            assert granule.period.start is not None
            value, kind = (64 if granule.period.start.toordinal() % 2 else 1), "uint8"
        else:
            value, kind = 0.3, "float32"
        path = directory / cache_name(granule.url)
        with rasterio.open(
            path, "w", driver="GTiff", height=lat.size, width=lon.size, count=1, dtype=kind,
            crs="EPSG:4326", transform=transform,
        ) as file:  # fmt: skip
            file.write(np.full((lat.size, lon.size), value, kind), 1)
        paths.append(path)
    return paths


def _with(catalog: Catalog, entry: DatasetEntry) -> Catalog:
    """Return the catalog with one entry changed."""
    datasets: Table[DatasetEntry] = Table("dataset")
    datasets.update({**catalog.datasets, entry.id: entry})
    return dataclasses.replace(catalog, datasets=datasets)


def product_of(
    recipe: Recipe, catalog: Catalog, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> xr.Dataset:
    """Open the twin and compute the recipe, by the steps of the pipeline."""
    (dataset,) = set(recipe.inputs.values())
    entry = catalog.datasets[dataset]
    names = list(recipe.inputs)
    if entry.format == "grib":  # no tool here writes GRIB; the rest of the entry stays as it is
        entry = entry.model_copy(update={"format": "netcdf"})
        monkeypatch.setattr(pipeline, "load_catalog", lambda _: _with(catalog, entry))
    if entry.format == "geotiff":
        paths = write_images(entry, recipe, catalog, directory, names)
    elif "{variable" in entry.access.url:
        written = (write_dataset(entry, recipe, catalog, directory, [name]) for name in names)
        paths = [path for part in written for path in part]
    else:
        paths = write_dataset(entry, recipe, catalog, directory, names)
    files = tuple(
        FetchedFile(url=f"https://a/{p.name}", path=str(p), sha256="0" * 64, size=1) for p in paths
    )
    settings = Settings()
    inputs = pipeline.open_inputs(recipe, [FetchRecord(dataset=dataset, files=files)], settings)
    return pipeline.compute(recipe, inputs, settings)


def test_every_headline_dataset_has_its_recipe(catalog: Catalog) -> None:
    for name, dataset in HEADLINE_RECIPES.items():
        assert dataset in catalog.recipes[name].inputs.values()


@pytest.mark.parametrize("name", [*HEADLINE_RECIPES, "marine-heatwaves-mediterranean"])
def test_recipe_gives_right_numbers_on_its_twin(
    name: str, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = catalog.recipes[name]
    product = product_of(recipe, catalog, tmp_path, monkeypatch)
    for request in recipe.indicators:
        made = [v for v in product.data_vars if str(v).startswith(request.output)]
        assert f"{request.output}_regional" in made or len(made) >= 3, (request.output, made)
    for request in recipe.indicators:
        if request.of is not None:
            check_statistic(product, request.id, request.of, catalog.variables[request.of], recipe)
    if name == "heat-south-america":
        summer, _ = xr.broadcast(expected_summer_days(product), product.su_regional)
        np.testing.assert_allclose(product.su_regional.transpose(*summer.dims), summer)
        assert (product.txx_regional > product.tnn_regional).all()
    if name == "rain-extremes-south-america":
        np.testing.assert_allclose(product.rx1day_regional, 9, rtol=1e-6)
        np.testing.assert_allclose(product.rx5day_regional, 45, rtol=1e-6)


def check_statistic(
    product: xr.Dataset, kind: str, of: str, variable: Variable, recipe: Recipe
) -> None:
    mean, swing = middle(variable)
    if kind == "climatology":
        expected = mean + swing * np.cos(2 * np.pi * (product.month - 1) / 12)
        found = product[f"{of}_climatology_regional"]
        assert float(abs(found - expected).max()) < 1e-4 * abs(mean) + 1e-6
        assert found.notnull().all()
    elif kind in ("anomaly", "departure"):
        found = product[f"{of}_{kind}_regional"]
        assert found.notnull().any()
        if kind == "anomaly":
            assert float(abs(found).max()) < 1e-4 * abs(mean) + 1e-6
        elif found.sizes.get("time", 0) > 1:
            assert float(abs(found.mean())) < 0.02 * swing
    elif kind == "trend":
        assert float(abs(product[f"{of}_trend_regional"]).max()) < 1e-3 * swing + 1e-6
    elif kind == "period_mean":
        expected = {"snc": 50.0, "aod": 0.3}.get(of)
        found = product[f"{of}_period_mean_regional"]
        if expected is not None:
            np.testing.assert_allclose(found, expected, rtol=0.01)
        assert ((found > mean - swing - 1e-6) & (found < mean + swing + 1e-6)).all() or expected


def expected_summer_days(product: xr.Dataset) -> xr.DataArray:
    """Days of the months whose twin is above 25 degC: December, January, February."""
    warm = [m for m in range(1, 13) if 20 + 8 * np.cos(2 * np.pi * (m - 1) / 12) > 25]
    years = pd.DatetimeIndex(product.su_regional.time.values)
    return xr.DataArray(
        [sum(pd.Period(f"{t.year}-{m:02d}").days_in_month for m in warm) for t in years],
        dims="time", coords={"time": product.su_regional.time},
    )  # fmt: skip
