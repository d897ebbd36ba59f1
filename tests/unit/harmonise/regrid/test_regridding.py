"""Regridding: conservation, exactness on linear fields, classes, missing data, the cache."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
import xarray as xr

from sco_pipeline import harmonise
from sco_pipeline.errors import HarmonisationError
from sco_pipeline.harmonise.regrid import method_of, regrid, target_grid
from tests import synthetic as syn


def globe(tmp_path, step: float, function, name: str = "pr", units: str = "mm d-1") -> xr.Dataset:
    """Return a harmonised global Dataset whose values are a function of lat and lon."""
    lat = np.arange(-90 + step / 2, 90, step)
    lon = np.arange(step / 2, 360, step)
    ds = syn.grid_dataset(days=2, lat=lat, lon=lon, name=name, units=units)
    ds[name].values[:] = function(lat[:, None], lon[None, :])
    path = syn.write(ds, tmp_path / f"{uuid.uuid4().hex}.nc")
    return harmonise.open_dataset(syn.entry({name: name}), syn.VARIABLES, [path], syn.request(name))


def wavy(lat, lon):
    return 5 + 2 * np.cos(np.deg2rad(lat)) * np.sin(np.deg2rad(2 * lon)) + 0 * lat * lon


@pytest.mark.parametrize("grid", ["latlon-10deg", "latlon-4deg", "latlon-7p5deg", "latlon-90min"])
def test_conservative_keeps_the_integral(tmp_path, grid):
    ds = globe(tmp_path, 4.0, wavy)
    got = regrid(ds, grid)
    before = float((ds.pr[0].astype("f8") * ds.cell_area).sum())
    after = float((got.pr[0].astype("f8") * got.cell_area).sum())
    assert after == pytest.approx(before, rel=1e-6)
    assert not np.isnan(got.pr.values).any() and got.attrs["dataset"] == "demo"
    assert float(got.cell_area.sum()) == pytest.approx(4 * np.pi * 6371007.181**2, rel=1e-9)


def test_conservative_to_the_same_grid_changes_nothing(tmp_path):
    ds = globe(tmp_path, 4.0, wavy)
    np.testing.assert_allclose(regrid(ds, "latlon-4deg").pr, ds.pr, rtol=1e-12)


def test_conservative_means_four_cells_by_their_area(tmp_path):
    ds = globe(tmp_path, 5.0, wavy)
    got = regrid(ds, "latlon-10deg").pr.values[0, 4, 7]
    box = {"lat": slice(-50, -40), "lon": slice(-110, -100)}
    cells, area = ds.pr[0].sel(box).values, ds.cell_area.sel(box).values
    assert cells.shape == (2, 2)
    assert got == pytest.approx(float((cells * area).sum() / area.sum()), rel=1e-12)


def test_missing_cells_take_no_part_and_too_few_leave_the_cell_missing(tmp_path):
    ds = globe(tmp_path, 5.0, lambda lat, lon: np.where((lat > -50) & (lat < -45), np.nan, 1.0))
    row = {"lat": -45.0, "lon": -105.0}  # one of its two rows is missing: a little under a half
    strict = regrid(ds, "latlon-10deg", min_coverage=0.6)
    loose = regrid(ds, "latlon-10deg", min_coverage=0.4)
    assert np.isnan(strict.pr[0].sel(row)) and float(loose.pr[0].sel(row)) == 1.0


def test_conservative_from_a_projected_grid_keeps_the_area(tmp_path):
    line = np.arange(-3_950_000.0, 4_000_000, 100_000)
    data = xr.Dataset(
        {"c": (("time", "y", "x"), np.full((1, 80, 80), 30.0), {"units": "percent"})},
        coords={
            "time": ("time", [0.0], {"units": "days since 2000-01-01"}),
            "y": ("y", line[:80], {"units": "m"}),
            "x": ("x", line[:80], {"units": "m"}),
        },
    )
    path = syn.write(data, tmp_path / "a.nc")
    entry = syn.entry({"siconc": "c"}, layout={"crs": "EPSG:3976"})
    ds = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("siconc"))
    from sco_pipeline.harmonise.regrid.weights import weights

    matrix = weights(ds, target_grid("latlon-2deg"), "conservative")
    assert matrix.sum() == pytest.approx(float(ds.cell_area.sum()), rel=1e-9)
    # within the grid a target cell is covered by its own area, to the size of the pieces
    covered = np.asarray(matrix.sum(axis=1)).reshape(90, 180)
    area = 4 * np.pi * 6371007.181**2 / 180 * (
        np.sin(np.deg2rad(-68)) - np.sin(np.deg2rad(-70))
    ) / 2  # fmt: skip
    assert np.allclose(covered[10], area, rtol=0.02)
    got = regrid(ds, "latlon-2deg")
    assert float(got.siconc[0].sel(lat=-69, lon=45)) == pytest.approx(30)
    assert float(got.lat.min()) == -89 and float(got.lat.max()) < -37


def test_linear_is_exact_on_a_plane_and_over_the_antimeridian(tmp_path):
    def slope(lat, lon):
        return 10 + 0.1 * lat + 0 * lon

    ds = globe(tmp_path, 6.0, slope, "tas", "degC")
    got = regrid(ds, "latlon-2deg")
    inner = got.tas[0].sel(lat=slice(-86, 86))
    expected = np.broadcast_to(10 + 0.1 * inner.lat.values[:, None], inner.shape)
    np.testing.assert_allclose(inner, expected, atol=1e-9)
    assert got.sizes["lon"] == 180 and not np.isnan(got.tas.values).any()

    def tent(lat, lon):
        return np.where(lon > 180, 360 - lon, lon) / 10 + 0 * lat

    zonal = globe(tmp_path, 6.0, tent, "tas", "degC")
    seam = regrid(zonal, "latlon-2deg").tas[0].sel(lat=1)
    # symmetric about 180: 17.7 at 177 and 183 degrees, so 17.7 between them as well
    assert float(seam.sel(lon=179)) == pytest.approx(17.7) == float(seam.sel(lon=-179))


def test_linear_does_not_reach_beyond_the_cells(tmp_path):
    ds = syn.grid_dataset(days=1, lat=[0.0, 10.0], lon=[0.0, 10.0], name="tas")
    ds.tas.values[:] = 1.0
    path = syn.write(ds, tmp_path / "a.nc")
    got = regrid(
        harmonise.open_dataset(syn.entry({"tas": "tas"}), syn.VARIABLES, [path],
                               syn.request("tas")), "latlon-2deg")  # fmt: skip
    assert got.lon.values.tolist() == [-5, -3, -1, 1, 3, 5, 7, 9, 11, 13, 15][::1]
    assert float(got.tas.min()) == float(got.tas.max()) == 1.0


@pytest.mark.parametrize("grid", ["latlon-3deg", "latlon-2deg", "latlon-10deg"])
def test_nearest_keeps_classes_whole(tmp_path, grid):
    ds = globe(
        tmp_path, 4.0, lambda lat, lon: np.floor(lat / 40) + np.floor(lon / 90), "tas", "degC"
    )
    got = regrid(ds, grid, methods={"tas": "nearest"})
    assert set(np.unique(got.tas)) <= set(np.unique(ds.tas))
    at = ds.tas[0].sel(lat=got.lat, lon=got.lon, method="nearest").values
    same = (at == got.tas[0].values).mean()
    assert same > 0.97  # a centre half-way between two cells belongs to the upper one


def test_method_suits_the_quantity():
    def of(units: str, **attrs) -> str:
        lat = {"lat": [0.0], "lon": [0.0]}
        return method_of(
            xr.DataArray(np.zeros((1, 1)), lat, ("lat", "lon"), attrs={"units": units, **attrs})
        )

    assert [of(u) for u in ("mm d-1", "%", "1", "W m-2")] == ["conservative"] * 4
    assert [of(u) for u in ("degC", "m s-1", "hPa", "m")] == ["linear"] * 4
    assert of("1", flag_values=[0, 1]) == "nearest"


def test_matrix_is_cached_and_a_damaged_one_made_again(tmp_path):
    ds = globe(tmp_path, 6.0, wavy)
    first = regrid(ds, "latlon-5deg", cache_dir=tmp_path / "cache").pr.values
    (file,) = (tmp_path / "cache" / "weights").iterdir()
    assert np.array_equal(regrid(ds, "latlon-5deg", cache_dir=tmp_path / "cache").pr.values, first)
    file.write_bytes(file.read_bytes()[:100])
    assert np.array_equal(regrid(ds, "latlon-5deg", cache_dir=tmp_path / "cache").pr.values, first)
    assert [item.name for item in file.parent.iterdir()] == [file.name]


def test_what_cannot_be_regridded_says_why(tmp_path):
    ds = globe(tmp_path, 6.0, wavy)
    with pytest.raises(HarmonisationError, match="grid 'r360x180' is not known; write latlon-"):
        regrid(ds, "r360x180")
    with pytest.raises(HarmonisationError, match="does not divide 180 degrees"):
        regrid(ds, "latlon-7deg")
    with pytest.raises(HarmonisationError, match="method 'cubic' is not known"):
        regrid(ds, "latlon-5deg", methods={"pr": "cubic"})
    with pytest.raises(HarmonisationError, match="it has no grid"):
        regrid(ds.drop_vars("cell_area"), "latlon-5deg")


@pytest.mark.parametrize("grid", ["latlon-10deg", "latlon-3deg", "latlon-90min"])
def test_integral_is_kept_with_missing_cells_and_over_the_date_line(tmp_path, grid):
    lat, lon = np.arange(-38.0, 40, 4), np.arange(152.0, 212, 4)  # to 148 west
    ds = syn.grid_dataset(days=1, lat=lat, lon=lon, name="pr", units="mm d-1", seed=7)
    ds.pr.values[:] = np.abs(ds.pr.values)
    path = syn.write(ds, tmp_path / "a.nc")
    entry = syn.entry({"pr": "pr"})
    source = harmonise.open_dataset(entry, syn.VARIABLES, [path], syn.request("pr"))
    ones = source.copy(data={"pr": source.pr.notnull() * 1.0})
    ones.pr.attrs = source.pr.attrs
    # what a target cell holds is its mean times the part of it that valid cells cover
    got = regrid(source, grid, min_coverage=0.0)
    part = regrid(ones.fillna(0.0), grid, min_coverage=0.0)
    inside = regrid(source.copy(data={"pr": ones.pr * 0 + 1}), grid, min_coverage=0.0)
    assert source.pr.isnull().any() and set(inside.pr.values.ravel()) <= {1.0, np.nan}
    before = float((source.pr.astype("f8") * source.cell_area).sum())
    covered = covered_area(got, source)
    after = float((got.pr[0].astype("f8") * part.pr[0] * covered).sum())
    assert after == pytest.approx(before, rel=1e-6)


def covered_area(target: xr.Dataset, source: xr.Dataset) -> np.ndarray:
    """Return the area of each target cell that the box of the source covers, m2."""
    south, north = float(source.lat_bnds.min()), float(source.lat_bnds.max())
    west, width = 150.0, 60.0
    lat = np.clip(target.lat_bnds.values, south, north)
    belts = np.sin(np.deg2rad(lat[:, 1])) - np.sin(np.deg2rad(lat[:, 0]))
    east = (target.lon_bnds.values - west) % 360  # degrees east of the western edge
    east[:, 1] = np.where(
        east[:, 1] <= east[:, 0], east[:, 0] + np.ptp(target.lon_bnds.values[0]), east[:, 1]
    )
    spans = np.clip(east[:, 1], 0, width) - np.clip(east[:, 0], 0, width)
    spans += np.clip(east[:, 1] - 360, 0, width)  # a cell that holds the western edge
    return 6371007.181**2 * belts[:, None] * np.deg2rad(spans)[None, :]
