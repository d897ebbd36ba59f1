"""Maps and plots against stored pictures; ``SCO_STORE_IMAGES=1`` stores new ones to look at."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from sco_pipeline.catalog import BBox
from sco_pipeline.errors import OutputError
from sco_pipeline.outputs.maps import draw_map
from sco_pipeline.outputs.page import to_png
from sco_pipeline.outputs.series import series_of
from sco_pipeline.outputs.series_figure import draw_series

BASELINE = Path(__file__).parent / "baseline"
TOLERANCE = 3.0  # root mean square difference of 0..255
DPI = 55
ABOUT = {
    "acknowledgement": "Made by a formula, for the test of $maps$ \\frac{a}{b}",
    "license": "CC0-1.0",
    "comment": "This field is not an observation.",
    "baseline": "1991-01-01 to 2020-12-31",
    "time_coverage_start": "2020-01-01",
    "time_coverage_end": "2020-12-31",
}


def wave(lon, lat):
    """Return a smooth field of degrees of longitude and latitude."""
    lon, lat = np.radians(lon), np.radians(lat)
    return 2 * np.sin(3 * lon) * np.cos(2 * lat) + 1.2 * np.sin(5 * lat) * np.cos(lat)


def product(west, south, east, north, step, *, sea=False, name="tas_anomaly"):
    from sco_pipeline.outputs.basemap import is_land

    lon = (np.arange(west + step / 2, east, step) + 180) % 360 - 180
    lon.sort()
    lat = np.arange(south + step / 2, north, step)
    across, up = np.meshgrid(lon, lat)
    values = wave(across, up)
    if sea:
        values[is_land(across, up)] = np.nan
        values[np.hypot(across - lon[lon.size // 2], up - lat.mean()) < 4 * step] = np.nan
    about = {"units": "degC", "long_name": "Anomaly of surface temperature", "indicator": "anomaly"}
    return xr.Dataset({name: (("lat", "lon"), values, about)}, {"lat": lat, "lon": lon}, ABOUT)


def compare(figure, name, tmp_path):
    """Compare a figure with the stored one."""
    from matplotlib.testing.compare import compare_images

    drawn = tmp_path / f"{name}.png"
    png = to_png(figure, [("Title", name)], dpi=DPI)
    Image.open(io.BytesIO(png)).convert("RGB").quantize(48, dither=Image.Dither.NONE).save(drawn)
    stored = BASELINE / f"{name}.png"
    if os.environ.get("SCO_STORE_IMAGES"):
        BASELINE.mkdir(exist_ok=True)
        stored.write_bytes(drawn.read_bytes())
    assert stored.stat().st_size < 60_000
    difference = compare_images(str(stored), str(drawn), TOLERANCE)
    assert difference is None, difference


CASES = {
    "mediterranean": {"box": (-6, 30, 37, 46, 0.5), "sea": True},
    "france": {"box": (-6, 41, 10, 52, 0.25)},
    "europe": {"box": (-25, 34, 45, 72, 1)},
    "pacific": {"box": (120, -30, 290, 30, 2)},
    "dateline": {"box": (170, -25, 190, -10, 0.5)},
    "arctic": {"box": (-180, 55, 180, 90, 2)},
    "antarctic": {"box": (-180, -90, 180, -50, 2), "sea": True},
    "global": {"box": (-180, -90, 180, 90, 2)},
    "global-sea": {"box": (-180, -90, 180, 90, 2), "sea": True},
    "belt": {"box": (-180, -5, 180, 5, 1), "sea": True},
}


@pytest.mark.parametrize("name", CASES)
def test_extent(name, tmp_path):
    case = CASES[name]
    figure = draw_map(product(*case["box"], sea=case.get("sea", False)), "tas_anomaly")
    compare(figure, name, tmp_path)


def test_regions_are_outlined(tmp_path):
    import shapely

    boxes = [shapely.box(-170, -5, -120, 5), shapely.box(160, -5, 180, 5)]
    figure = draw_map(product(120, -30, 290, 30, 2), "tas_anomaly", outlines=boxes)
    compare(figure, "regions", tmp_path)


def test_twelve_months(tmp_path):
    months = xr.concat(
        [product(-180, -5, 180, 5, 2, sea=True) + month / 4 for month in range(12)],
        pd.Index(range(1, 13), name="month"),
    ).assign_attrs(ABOUT)
    months["tas_anomaly"].attrs = {"units": "degC", "long_name": "Monthly climatology"}
    compare(draw_map(months, "tas_anomaly"), "months", tmp_path)


def test_projected_grid(tmp_path):
    y, x = np.meshgrid(np.linspace(-4e6, 4e6, 80), np.linspace(-4e6, 4e6, 80), indexing="ij")
    lat = -90 + np.degrees(2 * np.arctan(np.hypot(x, y) / 2 / 6371e3))
    lon = np.degrees(np.arctan2(x, y))
    values = np.where(np.hypot(x, y) < 1.2e6, np.nan, 50 + 50 * np.cos(np.radians(2 * lon)))
    about = {"units": "percent", "long_name": "Sea ice", "standard_name": "sea_ice_area_fraction"}
    ds = xr.Dataset(
        {"siconc": (("y", "x"), values, about)},
        {"lat": (("y", "x"), lat), "lon": (("y", "x"), lon)},
        ABOUT,
    )
    compare(draw_map(ds, "siconc"), "projected", tmp_path)


def test_series(tmp_path):
    time = pd.date_range("1950-01-01", periods=70, freq="YS")
    rise = np.linspace(-0.6, 0.9, 70) + 0.3 * np.sin(np.arange(70) * 1.7)
    rise[20:24] = np.nan
    about = {"units": "degC", "long_name": "Anomaly of surface temperature", "indicator": "anomaly"}
    one = xr.Dataset({"tas_anomaly": ("time", rise, about)}, {"time": time}, ABOUT)
    compare(draw_series(series_of(one)[0], one)[0], "series-station", tmp_path)
    three = np.stack([rise, -rise, rise * 2])
    names = ["Western basin", "Eastern basin", "A region with a very long name that cannot fit"]
    several = xr.Dataset(
        {"tas_anomaly_regional": (("region", "time"), three, about)},
        {"time": time, "region": list("abc"), "region_name": ("region", names)},
        ABOUT,
    )
    compare(draw_series(series_of(several)[0], several)[0], "series-regions", tmp_path)


def test_same_bytes_in_eight_threads():
    """Threads draw what one thread draws, to the byte."""
    boxes = [CASES[name]["box"] for name in ("france", "pacific", "global", "arctic")]
    products = [product(*box) for box in boxes] * 2
    alone = [to_png(draw_map(ds, "tas_anomaly"), [("Title", "x")]) for ds in products[:4]] * 2
    drawn: dict[int, bytes] = {}

    def work(i: int) -> None:
        drawn[i] = to_png(draw_map(products[i], "tas_anomaly"), [("Title", "x")])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [drawn[i] for i in range(8)] == alone


def test_nothing_is_downloaded(tmp_path, monkeypatch):
    import cartopy

    for key in ("data_dir", "pre_existing_data_dir", "repo_data_dir"):
        monkeypatch.setitem(cartopy.config, key, tmp_path)
    draw_map(product(-6, 41, 10, 52, 1), "tas_anomaly")
    assert list(tmp_path.iterdir()) == []


def test_png_tells_what_it_shows_but_not_when(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(to_png(draw_map(product(-6, 41, 10, 52, 1), "tas_anomaly"), [("Title", "A")]))
    with Image.open(path) as image:
        assert image.info.keys() - {"dpi"} == {"Title"}


def with_time(ds):
    time = pd.date_range("2007-01-01", periods=6, freq="MS")
    bounds = np.stack([time, time + pd.DateOffset(months=1)], 1)
    long = xr.concat([ds] * 6, pd.Index(time, name="time")).assign_attrs(ABOUT)
    long["tas_anomaly"][5] = np.nan
    return long.assign_coords(time_bnds=(("time", "nv"), bounds))


def subtitle(figure):
    return " ".join(text.get_text() for text in figure.texts)


def test_the_latest_period_with_values_is_drawn():
    figure = draw_map(with_time(product(-6, 41, 10, 52, 1)), "tas_anomaly")
    assert "May 2007 · relative to 1991 to 2020" in subtitle(figure)
    assert "°C, May 2007" in subtitle(figure)


def test_a_period_is_selected():
    ds = with_time(product(-6, 41, 10, 52, 1))
    figure = draw_map(ds, "tas_anomaly", select={"time": "2007-02"}, title="Fevrier $2$")
    assert "February 2007" in subtitle(figure)
    assert "Fevrier $2$" in subtitle(figure)


@pytest.mark.parametrize(
    ("variable", "select", "message"),
    [
        ("tas_anomali", {}, "Did you mean 'tas_anomaly'"),
        ("tas_anomaly", {"tme": "2007"}, "selects 'tme', but the variable has dimensions"),
        ("tas_anomaly", {"time": "2007"}, "names 6 periods; name one"),
        ("tas_anomaly", {"time": "1999-01"}, "there is no time '1999-01'"),
    ],
)
def test_what_cannot_be_drawn(variable, select, message):
    with pytest.raises(OutputError, match=message):
        draw_map(with_time(product(-6, 41, 10, 52, 1)), variable, select=select)


def test_extent_and_projection_of_a_request():
    box = BBox(west=150, south=-20, east=-120, north=20)
    figure = draw_map(product(-180, -90, 180, 90, 2), "tas_anomaly", extent=box)
    assert figure.get_size_inches()[0] > figure.get_size_inches()[1]
    draw_map(product(-180, -90, 180, 90, 2), "tas_anomaly", projection="south-polar")


def test_a_field_without_values_says_so():
    ds = product(-6, 41, 10, 52, 1)
    ds["tas_anomaly"][:] = np.nan
    assert "no data" in subtitle(draw_map(ds, "tas_anomaly"))


def test_a_recipe_may_ask_for_outlines(tmp_path):
    import shapely

    from sco_pipeline.catalog import Recipe
    from sco_pipeline.outputs import with_outlines, writers

    ds = product(120, -30, 290, 30, 4)
    ds["tas_anomaly_regional"] = ("region", [1.0, 2.0])
    ds = ds.assign_coords(region=["a", "b"], region_set=("region", ["boxes", "other"]))
    boxes = {"a": shapely.box(160, -5, 180, 5), "b": shapely.box(-170, -5, -120, 5)}
    content = {
        "id": "demo",
        "title": "Demo",
        "summary": "Demo",
        "indicators": [{"id": "anomaly", "of": "tas"}],
        "inputs": {"tas": "demo"},
        "cadence": "once",
    }

    def drawn(*regions: str | None) -> list[bytes]:
        maps = [{"variable": "tas_anomaly", "regions": name} for name in regions]
        recipe = Recipe.model_validate({**content, "maps": maps})
        paths = writers["maps"](with_outlines(ds, boxes), recipe, tmp_path)
        return [path.read_bytes() for path in paths]

    assert len(set(drawn(None, "boxes", "other"))) == 3
    with pytest.raises(OutputError, match="Did you mean 'boxes'"):
        drawn("boxer")
    recipe = Recipe.model_validate({**content, "maps": [{"variable": "tas_anomaly"}]})
    (path,) = writers["netcdf"](with_outlines(ds, boxes), recipe, tmp_path)
    with xr.open_dataset(path, engine="h5netcdf") as found:
        assert "region_outline" not in found.variables
