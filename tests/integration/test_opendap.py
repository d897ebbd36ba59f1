"""OPeNDAP: a pydap server over real arrays; only the wanted part travels, and arrives right."""

from __future__ import annotations

import datetime as dt
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sco_pipeline.access import dap2, fetch
from sco_pipeline.catalog.models import BBox, Period, Request
from sco_pipeline.errors import AccessError
from tests import servers
from tests.sample_files import entry_for, settings_for
from tests.servers import Content, FaultServer

COVERAGE = {"start": "2000-01-01", "end": "2000-12-31"}


def dataset() -> xr.Dataset:
    time = pd.date_range("2000-01-01", periods=12, freq="MS")
    lat, lon = np.arange(-40.0, 41, 10), np.arange(0.0, 360, 30)
    rng = np.random.default_rng(3)
    return xr.Dataset(
        {
            "sst": (("time", "lat", "lon"), rng.normal(290, 5, (12, 9, 12)).astype("f4"),
                    {"units": "K", "long_name": "a; {b}", "_FillValue": np.float32(-9)}),
            "packed": (("time", "lat", "lon"), rng.integers(-300, 300, (12, 9, 12)).astype("i2"),
                       {"units": "K", "scale_factor": 0.01, "add_offset": 273.15}),
            "mask": (("lat", "lon"), rng.integers(0, 5, (9, 12)).astype("u1"), {"units": "1"}),
        },
        {"time": ("time", (time - pd.Timestamp("1970-01-01")).days.to_numpy("i4"),
                  {"units": "days since 1970-01-01", "calendar": "standard"}),
         "lat": ("lat", lat, {"units": "degrees_north", "standard_name": "latitude"}),
         "lon": ("lon", lon, {"units": "degrees_east", "standard_name": "longitude"})},
        {"title": "Demo"},
    )  # fmt: skip


def as_pydap(ds: xr.Dataset) -> Any:
    from pydap.model import BaseType, DatasetType, GridType

    made = DatasetType("demo", attributes={"NC_GLOBAL": dict(ds.attrs)})
    for name in ds.coords:
        made[name] = BaseType(name, ds[name].values, dims=(name,), attributes=dict(ds[name].attrs))
    for name, da in ds.data_vars.items():
        attrs = {k: v.item() if hasattr(v, "item") else v for k, v in da.attrs.items()}
        grid = GridType(name, attributes=attrs)
        grid[name] = BaseType(name, da.values, dims=da.dims, attributes=attrs)
        for dim in da.dims:
            grid[dim] = BaseType(dim, ds[dim].values, dims=(dim,))
        made[name] = grid
    return made


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def pydap_server() -> Iterator[tuple[str, list[tuple[str, int]]]]:
    with warnings.catch_warnings():
        # webob, which pydap is built on, still imports cgi
        warnings.simplefilter("ignore", DeprecationWarning)
        from pydap.handlers.lib import BaseHandler
        from pydap.wsgi.ssf import ServerSideFunctions

        application = ServerSideFunctions(BaseHandler(as_pydap(dataset())))
    sent: list[tuple[str, int]] = []

    def counting(environ: Any, start_response: Any) -> Any:
        query = environ.get("QUERY_STRING", "")
        content = b"".join(application(environ, start_response))
        sent.append((environ["PATH_INFO"] + ("?" + query if query else ""), len(content)))
        return [content]

    server = make_server("127.0.0.1", 0, counting, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}", sent
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["sst", "packed", "mask"])
def test_values_and_attributes_arrive(
    pydap_server: tuple[str, Any], tmp_path: Path, name: str
) -> None:
    place, _ = pydap_server
    entry = entry_for(
        f"http://{place}/demo",
        method="opendap",
        coverage=COVERAGE,
        variables={"tos": {"name": name}},
    )
    (file,) = fetch(entry, Request(variables=("tos",)), settings_for(tmp_path, place)).files
    original = dataset()
    with xr.open_dataset(file.path, engine="h5netcdf", decode_cf=False) as copy:
        np.testing.assert_array_equal(copy[name].values, original[name].values)
        assert copy[name].dtype == original[name].dtype
        assert copy[name].dims == original[name].dims
        for key, value in original[name].attrs.items():
            assert copy[name].attrs[key] == value
        for coordinate in original[name].coords:
            np.testing.assert_array_equal(copy[coordinate].values, original[coordinate].values)
        assert copy.attrs["title"] == "Demo"


def test_only_the_wanted_part_travels(pydap_server: tuple[str, Any], tmp_path: Path) -> None:
    place, sent = pydap_server
    entry = entry_for(f"http://{place}/demo", method="opendap", coverage=COVERAGE)
    request = Request(
        variables=("tos",),
        period=Period(start=dt.date(2000, 3, 1), end=dt.date(2000, 5, 31)),
        bbox=BBox(west=60, south=-15, east=125, north=15),
    )
    sent.clear()
    record = fetch(entry, request, settings_for(tmp_path, place))
    original = dataset()
    with xr.open_dataset(record.files[0].path, engine="h5netcdf") as copy:
        assert copy.sst.shape == (3, 5, 5)
        part = original.sst.isel(time=slice(2, 5)).sel(lat=copy.lat.values, lon=copy.lon.values)
        np.testing.assert_array_equal(copy.sst.values, part.values)
        assert copy.lon.values.tolist() == [30, 60, 90, 120, 150]
    data = [(path, size) for path, size in sent if ".dods?sst" in path]
    assert len(data) == 1
    assert data[0][1] < 3 * 5 * 5 * 4 + 200
    with xr.open_dataset(record.files[0].path, engine="h5netcdf") as copy:
        assert copy.time.values[0] == np.datetime64("2000-03-01")


DDS = b"Dataset {\n Float64 lat[lat = 3];\n Float32 sst[lat = 3];\n} demo;\n"
DAS = b'Attributes {\n sst {\n String units "K";\n }\n}\n'


def answers(a: FaultServer, data: bytes) -> None:
    a.put("/d.dds", DDS)
    a.put("/d.das", DAS)
    lat = np.array([1.0, 2, 3], ">f8").tobytes()
    count = (3).to_bytes(4, "big") * 2
    a.play("/d.dods?lat%5B0%3A1%3A2%5D", servers.serve(Content(DDS + b"\nData:\n" + count + lat)))
    a.play("/d.dods?sst%5B0%3A1%3A2%5D", servers.unsized(data))


@pytest.mark.parametrize(
    ("data", "match", "retryable"),
    [
        (DDS + b"\nData:\n" + (3).to_bytes(4, "big") * 2 + b"\0" * 8, "too early", True),
        (DDS + b"\nData:\n" + (2).to_bytes(4, "big") * 2 + b"\0" * 8, "2 values instead", False),
        (b'Error {\n code = 500;\n message = "disk is away";\n};', "disk is away", False),
        (b"<html>login</html>", "holds no data", False),
    ],
)
def test_broken_answers_are_never_values(
    a: FaultServer, tmp_path: Path, data: bytes, match: str, retryable: bool
) -> None:
    answers(a, data)
    entry = entry_for(a.url("/d"), method="opendap", coverage=COVERAGE)
    with pytest.raises(AccessError, match=match) as caught:
        fetch(entry, Request(variables=("tos",)), settings_for(tmp_path, a.place))
    assert caught.value.retryable is retryable
    answers(
        a, DDS + b"\nData:\n" + (3).to_bytes(4, "big") * 2 + np.arange(3, dtype=">f4").tobytes()
    )
    (file,) = fetch(entry, Request(variables=("tos",)), settings_for(tmp_path, a.place)).files
    with xr.open_dataset(file.path, engine="h5netcdf") as copy:
        assert copy.sst.values.tolist() == [0, 1, 2]


def test_not_an_opendap_address(a: FaultServer, tmp_path: Path) -> None:
    for suffix in (".dds", ".das"):
        a.put(f"/d{suffix}", b"<html></html>")
    entry = entry_for(a.url("/d"), method="opendap", coverage=COVERAGE)
    with pytest.raises(AccessError, match="describes no arrays"):
        fetch(entry, Request(variables=("tos",)), settings_for(tmp_path, a.place))


def test_attributes_with_quotes_and_lists() -> None:
    text = """Attributes { NC_GLOBAL { String title "say \\"A\\"; {b}"; }
      my%20sst { Int16 _FillValue -5; Float32 valid_range 1.5, 2.5; Float64 odd NaN; } }"""
    found = dap2.read_das(text)
    assert found["NC_GLOBAL"]["title"] == 'say "A"; {b}'
    assert found["my sst"]["_FillValue"] == np.int16(-5)
    assert found["my sst"]["valid_range"].tolist() == [1.5, 2.5]
    assert np.isnan(found["my sst"]["odd"])


def test_descriptor_with_grids_and_structures() -> None:
    text = """Dataset {
        Int32 time[time = 2];
        Grid {
          ARRAY:
            Int16 my%20sst[time = 2][lat = 3];
          MAPS:
            Int32 time[time = 2];
            Float64 lat[lat = 3];
        } my%20sst;
        Structure { Float32 inner[2]; } s;
        String words[2];
        Float64 alone;
    } d;"""
    found = dap2.read_dds(text)
    assert set(found) == {"time", "my sst", "alone"}
    assert found["my sst"].path == "my%20sst.my%20sst"
    assert (found["my sst"].dims, found["my sst"].shape) == (("time", "lat"), (2, 3))
    assert found["alone"].shape == ()
