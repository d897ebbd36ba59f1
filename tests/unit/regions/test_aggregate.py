"""Area-weighted means of regions, with answers worked out by hand or in closed form."""

import dask
import numpy as np
import pytest
import shapely
import xarray as xr

from sco_pipeline.errors import RegionError
from sco_pipeline.regions import aggregate, make_regions


def field(values, lat, lon, **coords):
    return xr.DataArray(
        np.asarray(values, float),
        dims=("lat", "lon"),
        coords={"lat": lat, "lon": lon, **coords},
        name="tos",
        attrs={"dataset": "demo", "units": "degC", "cell_methods": "time: mean"},
    )


def row(south, north):
    return xr.Dataset({"lat_bnds": (("lat", "nv"), [[south, north]])})


ROW = row(-1.0, 1.0)


def box(*bounds, name="a"):
    return make_regions([name], [name.upper()], [shapely.box(*bounds)], "made")


def sin_latitude(step, origin=-180.0):
    lon = np.arange(origin + step / 2, origin + 360, step)
    lat = np.arange(-90 + step / 2, 90, step)
    low, high = np.radians(lat - step / 2), np.radians(lat + step / 2)
    means = (np.sin(high) + np.sin(low)) / 2  # exact mean of sin(lat) over a row
    return field(np.broadcast_to(means[:, None], (len(lat), len(lon))), lat, lon)


def test_two_cells_weigh_as_their_covered_area():
    da = field([[1, 3]], [0], [0.5, 1.5])
    result = aggregate(da, box(0.75, -1, 2, 1), bounds=ROW)
    assert result.item() == pytest.approx((0.25 * 1 + 1 * 3) / 1.25, abs=1e-14)
    assert result.valid_fraction.item() == pytest.approx(1, abs=1e-12)
    assert result.attrs == {
        "dataset": "demo",
        "units": "degC",
        "cell_methods": "time: mean area: mean",
    }


def test_cell_area_of_the_data_is_used():
    area = (("lat", "lon"), [[1.0, 9.0]])
    da = field([[1, 3]], [0], [0.5, 1.5], cell_area=area)
    assert aggregate(da, box(0, -1, 2, 1), bounds=ROW).item() == pytest.approx(2.8, abs=1e-12)


@pytest.mark.parametrize("origin", [-180.0, 0.0, -37.0])
@pytest.mark.parametrize("descending", [False, True])
def test_mean_of_sin_latitude_over_bands_is_exact(origin, descending):
    da = sin_latitude(5, origin)
    if descending:
        da = da.isel(lat=slice(None, None, -1))
    for south, north in [(-90, -60), (-30, 10), (60, 90), (-90, 90)]:
        result = aggregate(da, box(-180, south, 180, north))
        expected = (np.sin(np.radians(south)) + np.sin(np.radians(north))) / 2
        assert result.item() == pytest.approx(expected, abs=1e-12)


def test_box_over_the_antimeridian_sees_both_sides():
    lon = np.arange(-175.0, 180, 10)
    da = field([lon * 0 + lon], [0.0], lon)
    assert aggregate(da, box(170, -5, 190, 5), bounds=row(-5, 5)).item() == pytest.approx(
        0, abs=1e-12
    )


def test_missing_cells_lose_their_weight_and_are_stated():
    da = field([[1, np.nan, 4]], [0], [0.5, 1.5, 2.5])
    result = aggregate(da, box(0, -1, 3, 1), bounds=ROW)
    assert result.item() == pytest.approx(2.5)
    assert result.valid_fraction.item() == pytest.approx(2 / 3)
    assert np.isnan(aggregate(da, box(0, -1, 3, 1), bounds=ROW, min_valid_fraction=0.7).item())


def test_region_partly_outside_is_stated():
    da = field([[1, 2]], [0], [0.5, 1.5])
    result = aggregate(da, box(1, -1, 3, 1), bounds=ROW)
    assert result.item() == pytest.approx(2)
    assert result.covered_fraction.item() == pytest.approx(0.5)
    assert result.valid_fraction.item() == pytest.approx(0.5)


def test_all_missing_gives_missing_whatever_is_asked():
    da = field([[np.nan, np.nan]], [0], [0.5, 1.5])
    result = aggregate(da, box(0, -1, 2, 1), bounds=ROW, min_valid_fraction=0)
    assert np.isnan(result.item())
    assert result.valid_fraction.item() == 0


def test_region_outside_is_an_error_that_names_region_and_dataset():
    with pytest.raises(RegionError, match=r"'far'.*lies outside 'tos' of dataset 'demo'"):
        aggregate(sin_latitude(10).sel(lon=slice(0, 50)), box(60, 0, 70, 5, name="far"))


def test_no_grid_is_an_error():
    with pytest.raises(RegionError, match="no coordinate 'latitude'"):
        aggregate(xr.DataArray([1.0], dims="time"), box(0, 0, 1, 1))


def test_blocks_change_nothing_and_stay_lazy():
    rng = np.random.default_rng(1)
    da = sin_latitude(10).expand_dims(time=7) + rng.normal(size=(7, 18, 36))
    da = da.where(rng.random(da.shape) > 0.2)
    regions = make_regions(
        ["a", "b"], ["A", "B"], [shapely.box(-33, -47, 91, 12), shapely.box(170, 0, 200, 90)], "m"
    )
    whole = aggregate(da, regions, min_valid_fraction=0)
    lazy = aggregate(da.chunk(time=3, lat=7, lon=11), regions, min_valid_fraction=0)
    assert dask.is_dask_collection(lazy.data)
    assert dask.is_dask_collection(lazy.valid_fraction.data)
    xr.testing.assert_allclose(lazy.compute(), whole, rtol=1e-13)


def test_dimensions_before_the_grid_are_kept_whatever_their_order():
    da = sin_latitude(10).expand_dims(month=12, kind=2)
    result = aggregate(da.transpose("lat", "kind", "lon", "month"), box(0, 0, 90, 90))
    assert result.dims == ("kind", "month", "region")
    assert result.shape == (2, 12, 1)


def test_coverage_is_kept_on_disk_and_a_damaged_file_is_made_anew(tmp_path, monkeypatch):
    from sco_pipeline.regions import weights

    monkeypatch.setattr(weights, "_RECENT", {})
    da, regions = sin_latitude(10), box(3, 4, 50, 60)
    first = aggregate(da, regions, cache_dir=tmp_path)
    (kept,) = tmp_path.rglob("*.npz")
    weights._RECENT.clear()
    monkeypatch.setattr(weights, "compute_coverage", None)
    xr.testing.assert_identical(aggregate(da, regions, cache_dir=tmp_path), first)
    monkeypatch.undo()
    weights._RECENT.clear()
    kept.write_bytes(kept.read_bytes()[:100])
    xr.testing.assert_identical(aggregate(da, regions, cache_dir=tmp_path), first)


def test_memory_does_not_grow_with_the_number_of_times():
    import tracemalloc

    import dask.array

    grid = sin_latitude(1)

    def peak(times):
        blocks = dask.array.zeros((times, *grid.shape), chunks=(5, *grid.shape))
        da = xr.DataArray(blocks, dims=("time", *grid.dims), coords=grid.coords)
        with dask.config.set(scheduler="synchronous"):
            mean = aggregate(da, box(0, 0, 90, 90))
            tracemalloc.start()
            mean.compute()
            used = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return used

    peak(10)
    assert peak(200) < 2 * peak(20)
