"""The servers that are shaped here speak as the real ones do: others' clients understand them."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pandas as pd
import pystac_client
import pytest
import xarray as xr

from sco_pipeline.access import fetch
from tests.integration.test_interfaces import griddap, items, search_server
from tests.sample_files import REQUEST, entry_for, settings_for
from tests.servers import FaultServer

CONFORMS = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/item-search",
    "https://api.stacspec.org/v1.0.0/collections",
]


def test_pystac_client_finds_in_the_search_what_is_fetched(a: FaultServer, tmp_path: Path) -> None:
    search_server(a, items(a))
    root = {
        "type": "Catalog", "id": "root", "stac_version": "1.1.0", "description": "Root",
        "conformsTo": CONFORMS,
        "links": [
            {"rel": "self", "href": a.url("/stac")},
            {"rel": "root", "href": a.url("/stac")},
            {"rel": "data", "href": a.url("/stac/collections")},
            *({"rel": "search", "href": a.url("/stac/search"), "method": method,
               "type": "application/geo+json"} for method in ("GET", "POST")),
        ],
    }  # fmt: skip
    a.put("/stac", json.dumps(root).encode(), kind="application/json")
    found = pystac_client.Client.open(a.url("/stac")).search(
        collections=["sst"], datetime="2000-01-01T00:00:00Z/2000-12-31T23:59:59Z", limit=100
    )
    theirs = {}
    for item in found.items():
        (asset,) = (asset for asset in item.assets.values() if "data" in (asset.roles or ()))
        with urlopen(asset.href) as answer:
            theirs[asset.href] = answer.read()
    entry = entry_for(a.url("/stac/"), method="stac", options={"collection": "sst"})
    record = fetch(entry, REQUEST, settings_for(tmp_path, a.place))
    assert {file.url: Path(file.path).read_bytes() for file in record.files} == theirs
    assert len(theirs) == 5


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_pydap_reads_what_the_griddap_server_says_of_itself(a: FaultServer, tmp_path: Path) -> None:
    from pydap.client import open_url

    time = pd.date_range("2000-01-15", periods=12, freq="30D")
    latitude, longitude = np.arange(-80.0, 81, 10, "f4"), np.arange(5, 360, 10, "f4")
    values = np.zeros((12, latitude.size, longitude.size), "f4")
    axes = {"time": time, "latitude": latitude, "longitude": longitude}
    griddap(a, xr.Dataset({"sss": (tuple(axes), values)}, axes), tmp_path)
    dataset = open_url(a.url("/griddap/d"), protocol="dap2")
    assert dataset["sss"].shape == values.shape
    assert tuple(dim.rpartition("/")[2] for dim in dataset["sss"].dims) == tuple(axes)
    first, last = dataset["latitude"].attributes["actual_range"]
    assert (first, last) == (-80.0, 80.0)
