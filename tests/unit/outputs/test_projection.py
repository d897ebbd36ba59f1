"""The view suits the extent, also across the dateline and around the poles."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sco_pipeline.catalog import BBox
from sco_pipeline.outputs.cells import axis_edges, cells_of, extent_of, with_edges
from sco_pipeline.outputs.projection import Extent, choose_view


def grid(lon, lat, missing=None):
    values = np.ones((len(lat), len(lon)))
    if missing is not None:
        values[:, missing] = np.nan
    return xr.DataArray(values, {"lat": lat, "lon": lon}, ("lat", "lon"), name="x")


@pytest.mark.parametrize(
    ("extent", "kind"),
    [
        (Extent(-6, 30, 36, 46), "mercator"),
        (Extent(-5, 41, 10, 51), "mercator"),
        (Extent(-25, 34, 45, 72), "albers"),
        (Extent(-180, -90, 180, 90), "robinson"),
        (Extent(-180, 50, 180, 90), "north-polar"),
        (Extent(-180, -90, 180, -50), "south-polar"),
        (Extent(25, -5, 385, 5), "plate-carree"),
        (Extent(120, -30, 290, 30), "plate-carree"),
        (Extent(-75, 59, -10, 84), "azimuthal"),
        (Extent(170, -25, 190, -10), "mercator"),
    ],
)
def test_projection_of_an_extent(extent, kind):
    view = choose_view(extent)
    assert view.kind == kind
    left, bottom, right, top = view.bounds
    assert np.isfinite([left, bottom, right, top]).all()
    assert left < right
    assert bottom < top


def test_a_recipe_may_choose():
    assert choose_view(Extent(-180, -90, 180, 90), "north-polar").frame == "circle"


def test_box_across_the_dateline():
    extent = Extent.of_box(BBox(west=170, south=-25, east=-170, north=-10))
    assert extent.width == 20
    assert extent.middle == -180
    assert Extent.of_box(BBox(west=120, south=-5, east=290, north=5)).middle == -155


def test_extent_across_the_dateline():
    lon = np.array([-179.0, -177.0, -175.0, 175.0, 177.0, 179.0])
    extent = extent_of(grid(lon, np.array([-5.0, 0.0, 5.0])))
    assert (extent.west, extent.width) == (174.0, 12.0)
    assert (extent.south, extent.north) == (-7.5, 7.5)


def test_extent_leaves_out_empty_rows_and_columns():
    lon = np.arange(-10.0, 11.0)
    da = grid(lon, np.arange(40.0, 50.0), missing=lon < 3)
    assert extent_of(da).west == 2.5


def test_around_the_globe_it_starts_where_data_are_missing():
    lon = np.arange(-179.5, 180)
    ocean = grid(lon, np.arange(-4.5, 5), missing=(lon > 10) & (lon < 42))
    assert extent_of(ocean).middle == -154.0
    ocean[3, 210:215] = 1.0  # a lake in Africa
    ocean[:, 100:130] = np.nan  # another continent
    ocean[3, 110:120] = 1.0
    assert extent_of(ocean).width >= 300.0
    assert 15 <= extent_of(ocean).west <= 35


def test_cells_keep_their_place_and_value_in_the_middle_of_the_pacific():
    lon, lat = np.arange(-179.5, 180), np.arange(-9.5, 10)
    da = grid(lon, lat) * xr.DataArray(lon, dims="lon")
    view = choose_view(Extent(25, -10, 385, 10))
    cells = cells_of(da.assign_coords(da.coords), view)
    x = cells.corners[0, :, 0]
    assert (np.diff(x) > 0).all()
    middle = (x[1:] + x[:-1]) / 2
    lon_of_cell = (middle + view.middle + 180) % 360 - 180  # this projection counts degrees
    assert np.allclose(lon_of_cell, cells.values[0], atol=0.51)


def test_a_cell_on_the_cut_is_drawn_on_both_sides():
    lon = np.arange(-180.0, 180.0, 10.0)  # the first cell reaches from 175 to -175
    cells = cells_of(grid(lon, np.array([-5.0, 5.0])), choose_view(Extent(-180, -10, 180, 10)))
    widths = np.diff(cells.corners[0, :, 0])
    assert cells.values.shape == (2, 37)
    assert np.isclose(widths[0] * 2, widths[1])
    assert np.isclose(widths[-1] * 2, widths[1])


def test_a_gap_between_columns_is_missing():
    lon = np.array([0.0, 1.0, 2.0, 20.0, 21.0])
    cells = cells_of(grid(lon, np.array([0.0, 1.0])), choose_view(Extent(-1, -1, 22, 2)))
    assert cells.values.mask[0].tolist() == [False, False, False, True, False, False]


def test_bounds_give_the_edges():
    da = grid(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    ds = da.to_dataset().assign_coords(lon_bnds=(("lon", "nv"), [[-0.2, 0.5], [1.9, 0.5]]))
    da = with_edges(da, ds)
    assert axis_edges(da, "lon").tolist() == [[-0.2, 0.5], [0.5, 1.9]]


def test_curved_grid_around_the_pole():
    y, x = np.meshgrid(np.linspace(-3e6, 3e6, 61), np.linspace(-3e6, 3e6, 61), indexing="ij")
    lat = 90 - np.degrees(2 * np.arctan(np.hypot(x, y) / 2 / 6371e3))
    lon = np.degrees(np.arctan2(x, -y))
    da = xr.DataArray(lat, {"lat": (("y", "x"), lat), "lon": (("y", "x"), lon)}, ("y", "x"))
    extent = extent_of(da)
    assert extent.width == 360
    assert extent.north == 90
    view = choose_view(extent)
    assert view.kind == "north-polar"
    cells = cells_of(da, view)
    assert not cells.values.mask.any()
    middle = (cells.corners[30, 30] + cells.corners[31, 31]) / 2
    assert np.abs(middle).max() < 1e5  # the cell on the pole is in the middle of the map


def test_large_fields_are_thinned_to_their_means():
    lon, lat = np.arange(0.005, 32, 0.01), np.arange(0.005, 0.1, 0.01)
    da = grid(lon, lat) * xr.DataArray(np.arange(lon.size) % 3.0, dims="lon")
    cells = cells_of(da, choose_view(Extent(0, 0, 32, 0.1)))
    assert cells.values.shape[1] <= 1500
    assert np.allclose(cells.values, 1.0)


@pytest.mark.parametrize(
    "extent",
    [
        Extent(-6, 30, 36, 46),
        Extent(-25, 34, 45, 72),
        Extent(25, -5, 385, 5),
        Extent(30, -90, 390, 90),
        Extent(-180, 50, 180, 90),
        Extent(-180, -90, 180, -50),
        Extent(-75, 59, -10, 84),
        Extent(170, -25, 190, -10),
    ],
)
def test_places_are_those_of_cartopy_turned_to_the_middle(extent):
    """Relative longitudes under a projection at zero equal the turned projection of cartopy."""
    import cartopy.crs as ccrs

    view = choose_view(extent)
    sixth, centre = extent.height / 6, (extent.south + extent.north) / 2
    turned = {
        "mercator": lambda at: ccrs.Mercator(at, min_latitude=-82, max_latitude=82),
        "plate-carree": ccrs.PlateCarree,
        "robinson": ccrs.Robinson,
        "north-polar": ccrs.NorthPolarStereo,
        "south-polar": ccrs.SouthPolarStereo,
        "azimuthal": lambda at: ccrs.LambertAzimuthalEqualArea(at, centre),
        "albers": lambda at: ccrs.AlbersEqualArea(
            at, centre, standard_parallels=(extent.south + sixth, extent.north - sixth)
        ),
    }[view.kind](view.middle)
    random = np.random.default_rng(0)
    lon = random.uniform(extent.west + 0.1, extent.east - 0.1, 500)
    lat = random.uniform(extent.south, extent.north, 500)
    expected = turned.transform_points(ccrs.PlateCarree(), lon, lat)[:, :2]
    found = view.project(view.relative(lon), lat)
    scale = np.abs(expected).max()
    assert np.abs(found - expected).max() < 1e-9 * scale


def test_the_colour_at_a_place_is_the_colour_of_its_value(tmp_path):
    """Read the pixels of drawn maps back at known places, in three projections."""
    import io

    from PIL import Image

    from sco_pipeline.outputs.maps import draw_map
    from sco_pipeline.outputs.page import to_png
    from sco_pipeline.outputs.scales import scale_of

    for west, south, east, north, step in (
        (120, -60, 290, 60, 10),
        (-180, 50, 180, 90, 10),
        (-20, 40, 40, 70, 5),
    ):
        lon = np.arange(west + step / 2, east, step)
        lat = np.arange(south + step / 2, north, step)
        lon = np.sort((lon + 180) % 360 - 180)
        values = np.random.default_rng(1).normal(size=(lat.size, lon.size))
        about = {"units": "1", "long_name": "x", "indicator": "anomaly"}
        da = xr.DataArray(values, {"lat": lat, "lon": lon}, ("lat", "lon"), attrs=about)
        figure = draw_map(da.to_dataset(name="x_anomaly"), "x_anomaly")
        image = np.asarray(Image.open(io.BytesIO(to_png(figure, []))).convert("RGB")).astype(int)
        view = choose_view(extent_of(da))
        norm, colours = scale_of(da.rename("x_anomaly")).norm_and_map()
        wrong, seen = 0, 0
        for (i, up), (j, across) in (
            (a, b) for a in enumerate(lat[1:-1], 1) for b in enumerate(lon[1:-1], 1)
        ):
            # a quarter of a cell off the centre, where no line of the graticule runs
            at = view.relative(np.array([across + step / 5])), np.array([up + step / 5])
            place = figure.axes[0].transData.transform(view.project(*at))[0]
            column, row = round(place[0]), image.shape[0] - 1 - round(place[1])
            expected = np.round(np.array(colours(norm(values[i, j]))[:3]) * 255)
            wrong += bool(np.abs(image[row, column] - expected).max() > 3)
            seen += 1
        assert wrong < 0.12 * seen, (wrong, seen)  # coasts and borders cover some
