"""The file reads back equal, is the same for the same product, and passes the checker."""

from __future__ import annotations

import hashlib
import re
import threading

import numpy as np
import pytest
import xarray as xr

from sco_pipeline.errors import OutputError
from sco_pipeline.outputs import describe, writers
from sco_pipeline.outputs.encoding import CHUNK_VALUES, chunk_sizes


@pytest.fixture
def described(product, recipe, catalog, records):
    return describe(product, recipe, catalog, records)


@pytest.fixture
def path(described, recipe, tmp_path):
    (path,) = writers["netcdf"](described, recipe, tmp_path)
    return path


def issues(path, checker):
    """Return the compliance checker's results of high priority that did not pass."""
    from compliance_checker.suite import CheckSuite

    suite = CheckSuite()
    suite.load_all_available_checkers()
    with suite.load_dataset(str(path)) as ds:
        results, errors = suite.run_all(ds, [checker])[checker]
    assert not errors
    return {
        str(r.name): r.msgs
        for r in results
        if r.weight == 3 and r.value not in (True, None) and r.value[0] < r.value[1]
    }


def test_reads_back_equal(path, described):
    with xr.open_dataset(path, engine="h5netcdf", decode_coords="all") as found:
        for name, da in described.data_vars.items():
            stored = da.astype("float32") if "region" not in da.dims else da
            xr.testing.assert_equal(
                found[name].drop_vars(found[name].coords), stored.drop_vars(stored.coords)
            )
            read = found[name].encoding | found[name].attrs
            assert {key: read.get(key) for key in da.attrs} == da.attrs
        for name, da in described.coords.items():
            assert np.array_equal(found[name].values.astype(da.dtype), da.values), name
        assert found.attrs == described.attrs


def test_same_product_same_bytes(path, product, recipe, catalog, records, tmp_path):
    again = describe(product, recipe, catalog, records)
    (other,) = writers["netcdf"](again, recipe, tmp_path / "other")
    assert hashlib.sha256(other.read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_scalar_coordinates_stand_where_they_belong(path):
    with xr.open_dataset(path, engine="h5netcdf", decode_coords=False) as found:
        links = {name: set(found[name].attrs.get("coordinates", "").split()) for name in found}
    assert "coordinates" not in xr.open_dataset(path, engine="h5netcdf").attrs
    assert links["tos_warm_months"] == {"tos_warm_months_threshold"}
    assert links["tos_anomaly"] == {"reference_epoch"}
    assert links["tos_anomaly_regional"] == {"reference_epoch", "region_name"}
    assert links["tos_variability"] == {"period"}
    assert links["tos_climatology"] == {"climatological_time"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("kind", ["product", "station", "model_years", "projected"])
def test_compliance(kind, request, recipe, catalog, records, tmp_path):
    product = request.getfixturevalue(kind)
    (path,) = writers["netcdf"](describe(product, recipe, catalog, records), recipe, tmp_path)
    assert issues(path, "cf:1.11") == {}
    # ACDD wants a standard name of every variable; CF has none for these
    missing = {
        name: msgs for name, msgs in issues(path, "acdd").items() if msgs != ["standard_name"]
    }
    assert missing == {}


def test_fill_value_and_filters(path):
    import h5py

    with h5py.File(path) as file:
        anomaly = file["tos_anomaly"]
        assert anomaly.dtype == np.float32
        assert anomaly.attrs["_FillValue"][0] == np.float32(9.969209968386869e36)
        assert anomaly[0, 0, 0] == np.float32(9.969209968386869e36)
        assert file["tos_anomaly_regional"].dtype == np.float64
        assert file["time"].attrs["units"] == b"days since 1970-01-01"
        assert file["time"][0] == 13239.0  # 2006-04-01


@pytest.mark.parametrize("shape", [(3, 4), (7200, 3600), (5000, 180, 360), (10**6,)])
def test_chunks_fit(shape):
    chunks = chunk_sizes(shape)
    assert np.prod(chunks) <= CHUNK_VALUES
    assert all(1 <= chunk <= size for chunk, size in zip(chunks, shape, strict=True))
    assert np.prod(chunks) >= min(CHUNK_VALUES / 4, np.prod(shape))


def test_a_file_that_reads_back_wrong_is_refused(described, recipe, tmp_path, monkeypatch):
    (path,) = writers["netcdf"](described, recipe, tmp_path)
    before = path.read_bytes()
    whole = xr.Dataset.to_netcdf

    def damaged(self, target, **keywords):
        changed = self.assign(tos_anomaly=self["tos_anomaly"] + 1)
        return whole(changed, target, **keywords)

    monkeypatch.setattr(xr.Dataset, "to_netcdf", damaged)
    with pytest.raises(OutputError, match=re.escape("'tos_anomaly' reads back with other values")):
        writers["netcdf"](described, recipe, tmp_path)
    assert path.read_bytes() == before


def test_eight_threads(described, recipe, tmp_path):
    digests, threads = [], []

    def work(i):
        (path,) = writers["netcdf"](described, recipe, tmp_path / str(i))
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())

    for i in range(8):
        threads.append(threading.Thread(target=work, args=(i,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(digests) == 8
    assert len(set(digests)) == 1


def test_grid_mapping_and_units_of_a_projected_grid(projected, recipe, catalog, records, tmp_path):
    described = describe(projected, recipe, catalog, records)
    (path,) = writers["netcdf"](described, recipe, tmp_path)
    with xr.open_dataset(path, engine="h5netcdf", decode_coords="all") as found:
        assert {"lat", "lon", "crs", "cell_area", "su_threshold"} <= set(found["su"].coords)
        assert found["su"].attrs["units"] == "1"  # canonical unit of number_of_days_...
        assert np.array_equal(found["su"].values, projected["su"].values)
    assert [p.name for p in writers["maps"](described, recipe, tmp_path)] == ["su.png"]


def test_a_day_that_only_a_model_has(model_years, recipe, catalog, records, tmp_path):
    described = describe(model_years, recipe, catalog, records)
    assert described.attrs["time_coverage_end"] == "2002-02-28T23:59:59Z"
    (path,) = writers["netcdf"](described, recipe, tmp_path)
    with xr.open_dataset(path, engine="h5netcdf") as found:
        assert found["time"].dt.calendar == "360_day"
        assert (found["time"].values == model_years["time"].values).all()
    drawn = [p.name for p in writers["maps"](described, recipe, tmp_path)]
    assert drawn == ["tas_anomaly.png", "tas_normal.png"]


def test_five_thousand_inputs_are_all_named(product, recipe, catalog, records, tmp_path):
    (file,) = records[0].files
    many = [
        file.model_copy(update={"url": f"https://agency.example/{i:050d}"}) for i in range(5000)
    ]
    described = describe(
        product, recipe, catalog, [records[0].model_copy(update={"files": tuple(many)})]
    )
    (path,) = writers["netcdf"](described, recipe, tmp_path)
    with xr.open_dataset(path, engine="h5netcdf") as found:
        assert len(found.attrs["source"].splitlines()) == 5000
