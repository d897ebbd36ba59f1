"""The contract refuses each breach by name."""

from __future__ import annotations

import numpy as np
import pytest

from sco_pipeline import harmonise
from sco_pipeline.errors import HarmonisationError
from tests import synthetic as syn


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = syn.write(syn.grid_dataset(), tmp_path_factory.mktemp("c") / "a.nc")
    return harmonise.open_dataset(
        syn.entry({"tas": "tas"}), syn.VARIABLES, [path], syn.request("tas")
    ).load()


def breaches():
    yield "no id", lambda ds: ds.drop_attrs(deep=False), "attribute 'dataset' is missing"
    yield "no variable", lambda ds: ds.drop_vars("tas"), "has no variable"
    yield "order", lambda ds: ds.transpose("lat", "lon", "time", "nv"), "has dimensions"
    yield "integers", lambda ds: ds.fillna(0).astype({"tas": "i4"}), "'tas' is int32"
    yield "units", lambda ds: ds.assign(tas=ds.tas.drop_attrs()), "in units None"
    yield "no bounds", lambda ds: ds.drop_vars("time_bnds"), "'time' and 'time_bnds' are needed"
    yield "time falls", lambda ds: ds.isel(time=slice(None, None, -1)), "not unique and rising"
    yield "twice", lambda ds: ds.isel(time=[0, 0, 1]), "not unique and rising"
    yield "middle", shifted, "must be the start of periods"
    yield "no area", lambda ds: ds.drop_vars("cell_area"), r"\['cell_area'\] are missing"
    yield "lat falls", lambda ds: ds.isel(lat=slice(None, None, -1)), "lat and lon must rise"
    yield "lon 0..360", lambda ds: ds.assign_coords(lon=ds.lon + 180), "leave"
    yield "area km2", area_units, "in 'km2', expected"
    yield "two layouts", lambda ds: ds.assign(b=ds.tas.isel(lat=0)), "different dimensions"


def shifted(ds):
    return ds.assign_coords(time=ds.time + np.timedelta64(12, "h"))


def area_units(ds):
    return ds.assign_coords(cell_area=ds.cell_area.assign_attrs(units="km2"))


def test_a_harmonised_dataset_meets_it(good):
    harmonise.check_contract(good)


@pytest.mark.parametrize(
    ("breach", "message"), [pytest.param(b, m, id=name) for name, b, m in breaches()]
)
def test_each_breach_is_named(good, breach, message):
    with pytest.raises(HarmonisationError, match=message):
        harmonise.check_contract(breach(good))
