"""The embedded recipes end to end, compared with computations that share no code with them."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

import sco_pipeline as sco
from sco_pipeline.product import is_whole

RECIPES = ("equatorial-sst", "darwin-soi-trend", "mediterranean-sea-level")
NINO34 = (190.0, -5.0, 240.0, 5.0)  # degrees east


def sample(name):
    spec = importlib.util.find_spec("iris_sample_data")
    return Path(spec.origin).parent / "sample_data" / name


def overlap(centres, low, high):
    """Share of each cell of a regular axis that lies between two values."""
    half = np.diff(centres).mean() / 2
    return np.clip(
        (np.minimum(centres + half, high) - np.maximum(centres - half, low)) / (2 * half), 0, 1
    )


def nino34_anomaly():
    """Niño 3.4 anomaly straight from the file: box means first, then months."""
    west, south, east, north = NINO34
    with netCDF4.Dataset(sample("ostia_monthly.nc")) as file:
        sst = np.ma.filled(file["surface_temperature"][:].astype(float), np.nan)
        lat, lon = (np.asarray(file[name][:], float) for name in ("latitude", "longitude"))
    half = np.diff(lat).mean() / 2
    bands = np.sin(np.deg2rad(np.clip(lat + half, south, north))) - np.sin(
        np.deg2rad(np.clip(lat - half, south, north))
    )
    weights = bands[:, None] * overlap(lon, west, east)[None, :]
    weights = np.where(np.isfinite(sst[0]), weights, 0)
    series = (np.nan_to_num(sst) * weights).sum(axis=(1, 2)) / weights.sum()
    months = (np.arange(len(series)) + 3) % 12  # the record starts in April
    base = slice(1, 49)  # May 2006 to April 2010
    normal = np.array([series[base][months[base] == month].mean() for month in range(12)])
    return series - normal[months]


@pytest.fixture(scope="module")
def equatorial(made):
    path = made[1]["equatorial-sst"].paths("netcdf")[0]
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        yield ds.load()


def test_nino34_equals_an_independent_computation(equatorial):
    ours = equatorial["tos_anomaly_regional"].sel(region="nino34")
    assert abs(ours.values - nino34_anomaly()).max() < 1e-6


def test_nino34_shows_la_nina_and_el_nino(equatorial):
    nino34 = equatorial["tos_anomaly_regional"].sel(region="nino34")
    assert (nino34.sel(time=slice("2007-10", "2008-03")) < -0.5).all()
    assert (nino34.sel(time=slice("2009-10", "2010-03")) > 0.5).all()


def test_anomalies_of_the_baseline_add_up_to_zero(equatorial):
    within = equatorial["tos_anomaly"].sel(time=slice("2006-05", "2010-04"))
    assert abs(within.groupby("time.month").mean()).max() < 1e-5


def test_darwin_equals_an_independent_computation(made):
    with netCDF4.Dataset(sample("SOI_Darwin.nc")) as file:
        soi = np.ma.filled(file["SOI_Darwin"][:].astype(float), np.nan)
    years = soi.reshape(-1, 12)
    anomaly = (years - np.nanmean(years[1961 - 1866 : 1990 - 1866 + 1], axis=0)).ravel()
    path = made[1]["darwin-soi-trend"].paths("netcdf")[0]
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        np.testing.assert_allclose(ds["soi_anomaly"], anomaly, rtol=0, atol=1e-6)


def test_mediterranean_mean_equals_an_independent_computation(made):
    catalog = sco.load_catalog(made[0].catalog_dir)
    entry = catalog.datasets["duacs-mediterranean-sea-level-sample"]
    with netCDF4.Dataset(catalog.directory / entry.access.url) as file:
        expected = np.ma.filled(file["adt"][:].astype(float).mean(axis=0), np.nan)
    path = made[1]["mediterranean-sea-level"].paths("netcdf")[0]
    with xr.open_dataset(path, engine="h5netcdf") as ds:
        ours = ds["zos_period_mean"].values
    np.testing.assert_allclose(ours[np.isfinite(ours)], expected[np.isfinite(ours)], atol=1e-6)
    assert 0.9 < np.isfinite(ours).sum() / np.isfinite(expected).sum() <= 1


def checked(path, standard, tmp_path):
    """Return what the compliance checker finds wrong of high priority."""
    report = tmp_path / "report.json"
    checker = Path(sys.executable).with_name("compliance-checker")
    subprocess.run(
        [checker, "-t", standard, "-c", "lenient", "-f", "json", "-o", report, path],
        capture_output=True,
        check=False,
    )
    (found,) = json.loads(report.read_text(encoding="utf-8")).values()
    return [
        (result["name"], message)
        for result in found["high_priorities"]
        for message in result["msgs"]
        if result["value"][0] < result["value"][1]
    ]


@pytest.mark.parametrize("recipe", RECIPES)
def test_products_pass_the_cf_checker(made, recipe, tmp_path):
    assert checked(made[1][recipe].paths("netcdf")[0], "cf:1.11", tmp_path) == []


# CF has no standard name for these quantities, and a wrong one would be worse than none
NAMELESS = (
    "soi_",
    "tos_quality_count",
    "tos_standardised_anomaly",
    "tos_warm_months",
    "tos_warm_pool_area",
    "tos_maximum_place_",
    "zos_departure",
    "zos_quality_count",
)


@pytest.mark.parametrize("recipe", RECIPES)
def test_products_pass_the_acdd_checker(made, recipe, tmp_path):
    faults = checked(made[1][recipe].paths("netcdf")[0], "acdd", tmp_path)
    nameless = tuple(f'variable "{name}' for name in NAMELESS)
    assert [fault for fault in faults if not fault[0].startswith(nameless)] == []
    assert {message for _, message in faults} <= {"standard_name"}


def test_a_second_run_does_no_work(made):
    settings, products = made
    before = {path: path.stat().st_mtime_ns for p in products.values() for path in p.paths()}
    again = {recipe: sco.run(recipe, settings) for recipe in RECIPES}
    assert all(product.up_to_date for product in again.values())
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_same_inputs_give_the_same_bytes(made, tmp_path):
    settings = sco.Settings(cache_dir=tmp_path / "cache", output_dir=tmp_path / "outputs")
    ours = made[1]["equatorial-sst"]
    again = sco.run("equatorial-sst", settings)
    assert {(f.path, f.sha256) for f in again.files} == {(f.path, f.sha256) for f in ours.files}


def test_a_recipe_that_names_a_grid_is_made_on_it(made):
    settings = made[0]
    recipe = sco.load_catalog(settings.catalog_dir).recipes["mediterranean-sea-level"]
    records = sco.fetch(recipe, settings)
    fine = sco.open_inputs(recipe, records, settings)["zos"].isel(time=0).load()
    on_grid = recipe.model_copy(update={"grid": "latlon-1deg"})
    coarse = sco.open_inputs(on_grid, records, settings)["zos"].isel(time=0).load()
    np.testing.assert_allclose(np.diff(coarse["lat"]), 1.0)
    # a height is a state: linear between the four source cells around the centre
    around = fine.sel(lat=slice(34.4, 34.6), lon=slice(25.4, 25.6))
    assert around.size == 4
    assert abs(coarse.sel(lat=34.5, lon=25.5) - around.mean()) < 1e-6


def test_a_damaged_product_is_made_again(made, tmp_path):
    settings = made[0].model_copy(update={"output_dir": tmp_path / "outputs"})
    first = sco.run("darwin-soi-trend", settings)
    path = first.paths("netcdf")[0]
    path.write_bytes(path.read_bytes()[:-100])
    second = sco.run("darwin-soi-trend", settings)
    assert not second.up_to_date
    assert second.files == first.files


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare to mount a small disk")
def test_a_full_disk_leaves_the_previous_product_whole(made, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    here = Path(__file__)
    mount = f"mount -t tmpfs -o size=8m tmpfs {disk} && exec"
    script = f"{mount} {sys.executable} {here.with_name('on_a_full_disk.py')} {disk} "
    done = subprocess.run(
        [*"unshare --user --map-root-user --mount sh -c".split(), script + str(made[0].cache_dir)],
        cwd=here.parents[2], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(here.parents[2])},
    )  # fmt: skip
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"this system does not let a test mount a small disk: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    message, state = done.stdout.strip().splitlines()
    assert "no space left for" in message
    assert state == "True True ['.darwin-soi-trend.lock', 'darwin-soi-trend']"


@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.4])
def test_a_kill_while_writing_leaves_the_previous_product_whole(made, tmp_path, seconds):
    settings = made[0].model_copy(update={"output_dir": tmp_path / "outputs"})
    before = sco.run("darwin-soi-trend", settings)
    code = (
        "import sys, sco_pipeline as sco; from pathlib import Path;"
        "settings = sco.Settings(cache_dir=sys.argv[1], output_dir=sys.argv[2]);"
        "sco.run('darwin-soi-trend', settings, force=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, settings.cache_dir, settings.output_dir],
        cwd=Path(__file__).parents[2],
    ) as child:
        while not (tmp_path / "outputs" / ".darwin-soi-trend.staging").is_dir():
            assert child.poll() is None
            time.sleep(0.005)
        time.sleep(seconds)
        child.kill()
    assert is_whole(before)
    after = sco.run("darwin-soi-trend", settings, force=True)
    assert after.files == before.files
    assert {path.name for path in (tmp_path / "outputs").iterdir()} == {
        ".darwin-soi-trend.lock",
        "darwin-soi-trend",
    }


def test_quality_of_the_inputs_stands_in_the_product(made):
    with netCDF4.Dataset(sample("ostia_monthly.nc")) as file:
        stored = np.ma.getmaskarray(file["surface_temperature"][:])
    product = made[1]["equatorial-sst"]
    counts = product.quality["tos"]
    assert (counts["valid"], counts["missing"]) == (int((~stored).sum()), int(stored.sum()))
    assert counts["out_of_range"] == 0
    with xr.open_dataset(product.paths("netcdf")[0], engine="h5netcdf") as ds:
        checks = ds["quality_check"].values.tolist()
        assert dict(zip(checks, ds["tos_quality_count"].values.tolist(), strict=True)) == counts
