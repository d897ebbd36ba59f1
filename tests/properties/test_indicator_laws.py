"""Bad input to every indicator: empty cells, short records, gaps at the edges, wrong baselines."""

import functools
import warnings

import cloudpickle
import numpy as np
import pytest
import xarray as xr

from sco_pipeline.catalog import IndicatorRequest, load_catalog
from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import cells, indicators
from sco_pipeline.indicators.calculate import calculate
from tests.indicator_recipes import BASELINE, DAYS, LAT, LON, MONTHS, RECIPES, values

CASES = {
    request.output: (recipe, request)
    for recipe, made in RECIPES.items()
    if recipe != "months-of-heat"
    for request in (
        IndicatorRequest.model_validate({"id": one} if isinstance(one, str) else one)
        for one in made.indicators
    )
}
CELL = {"lat": 0, "lon": 2}
OF_AREAS = (  # one value for all cells
    "sea_ice_extent sea_ice_area sea_ice_extent_anomaly snow_covered_area water_storage_mass "
    "sst_index urban_heat"
).split()


@functools.cache
def data(recipe):
    made = RECIPES[recipe]
    variables = load_catalog().variables
    times = DAYS if made.frequency == "day" else MONTHS
    fields = {
        name: (("time", "lat", "lon"), values(name, times), about(variables[name]))
        for name in made.variables
    }
    area = np.broadcast_to(np.cos(np.deg2rad(LAT))[:, None] * 1e10, (LAT.size, LON.size))
    coords = {"time": times, "lat": LAT, "lon": LON, "cell_area": (("lat", "lon"), area)}
    return xr.Dataset(fields, coords)


def about(variable):
    return {"units": variable.units, "long_name": variable.long_name}


def compute(ds, request, baseline=BASELINE):
    """One indicator, after the result that it is of."""
    before = [one for _, one in CASES.values() if one.output == request.of]
    return calculate(ds, [*before, request], baseline=tuple(baseline)).compute()


def changed(recipe, value):
    """The data with one value throughout in one cell."""
    ds = data(recipe).copy(deep=True)
    for variable in ds.data_vars:
        ds[variable][{**CELL}] = value
    return ds


def results(ds):
    counts = ("_valid_days", "_valid_values")
    return {n: da for n, da in ds.data_vars.items() if not str(n).endswith(counts)}


@functools.cache
def whole(name):
    recipe, request = CASES[name]
    return compute(data(recipe), request)


def test_every_indicator_is_here():
    assert {request.id for _, request in CASES.values()} == set(indicators) - {"xclim"}


@pytest.mark.parametrize("name", CASES)
def test_an_empty_cell_is_missing_and_changes_no_other(name):
    recipe, request = CASES[name]
    found = results(compute(changed(recipe, np.nan), request))
    for part, da in found.items():
        if request.id in OF_AREAS:
            assert "lat" not in da.dims
            continue
        assert da.isel(CELL).isnull().all(), part
        expected = whole(name)[part].copy(deep=True)
        expected[{**CELL}] = np.nan
        np.testing.assert_allclose(da, expected, rtol=1e-12, atol=1e-12, err_msg=part)


@pytest.mark.parametrize("value", [-1.8, 0.0])
@pytest.mark.parametrize("name", CASES)
def test_a_cell_that_never_changes_changes_no_other(name, value):
    """As the sea under ice, or the ground without snow."""
    recipe, request = CASES[name]
    for part, da in results(compute(changed(recipe, value), request)).items():
        if request.id in OF_AREAS or part.endswith("significant"):  # of the whole field
            continue
        assert not np.isinf(da).any(), part
        kept = xr.ones_like(da.isel(dict.fromkeys(set(da.dims) - set(CELL), 0)), dtype=bool)
        kept[{**CELL}] = False
        np.testing.assert_array_equal(da.where(kept), whole(name)[part].where(kept), err_msg=part)


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_latitude_and_chunks_change_no_bit(name):
    recipe, request = CASES[name]
    flipped = compute(data(recipe).isel(lat=slice(None, None, -1)), request)
    cut = compute(data(recipe).chunk(time=100, lat=2, lon=1), request)
    for part, da in results(whole(name)).items():
        if request.id not in OF_AREAS:  # sums over cells follow their order
            np.testing.assert_array_equal(flipped[part].sortby("lat"), da, err_msg=part)
            np.testing.assert_array_equal(cut[part], da, err_msg=part)


@pytest.mark.parametrize("name", CASES)
def test_a_record_without_values_has_none(name):
    recipe, request = CASES[name]
    ds = data(recipe) * np.nan
    for variable in ds.data_vars:
        ds[variable].attrs = data(recipe)[variable].attrs
    if request.id == "urban_heat":
        with pytest.raises(IndicatorError, match="no urban cell"):
            compute(ds, request)
        return
    for part, da in results(compute(ds, request)).items():
        assert da.isnull().all(), part


@pytest.mark.parametrize("name", CASES)
def test_a_record_of_one_year_is_refused_in_a_sentence_or_has_an_answer(name):
    recipe, request = CASES[name]
    ds = data(recipe).sel(time="1991")
    try:
        found = compute(ds, request, (1991, 1991))
    except IndicatorError as error:
        assert len(str(error)) < 300 and "\n" not in str(error)
        return
    for da in results(found).values():
        assert not np.isinf(da.values).any()


@pytest.mark.parametrize(
    "name", [n for n, (_, r) in CASES.items() if indicators[r.id].needs_baseline]
)
def test_a_baseline_outside_the_data_is_refused(name):
    recipe, request = CASES[name]
    with pytest.raises(IndicatorError, match="base"):
        compute(data(recipe), request, (1961, 1990))


@pytest.mark.parametrize("name", CASES)
def test_gaps_at_the_edges_never_become_numbers(name):
    recipe, request = CASES[name]
    ds = data(recipe).copy(deep=True)
    first, last = ds["time"].dt.year == 1991, ds["time"].dt.year == 2002
    for variable in set(ds.data_vars) - {"built_up"}:
        ds[variable] = ds[variable].where(~(first | last))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = results(compute(ds, request, (1992, 2000)))
    for part, da in found.items():
        axis = next((dim for dim in ("time", "year") if dim in da.dims), None)
        if axis is None:
            continue
        outside = np.isin(da[axis].dt.year, (1991, 2002))
        if request.id == "degree_heating_weeks":  # its twelve weeks may lack three
            outside = outside & (da[axis].values > np.datetime64("2002-01-21"))
        assert da.isel({axis: outside}).isnull().all(), part


@pytest.mark.parametrize("name", CASES)
def test_a_task_does_not_carry_the_data(name, monkeypatch):
    """A kernel that holds a field would take its graph to every worker."""
    kernels = []

    def spied(kernel, fields, *rest):
        kernels.append(cloudpickle.dumps(kernel))
        return tiled(kernel, fields, *rest)

    tiled = cells._tiled
    monkeypatch.setattr(cells, "_tiled", spied)
    recipe, request = CASES[name]
    compute(data(recipe).chunk(time=400), request)
    assert not any(b"DataArray" in pickled for pickled in kernels)
