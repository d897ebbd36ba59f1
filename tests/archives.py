"""Archives in the shape of the real ones, on loopback, under the real paths of the catalog.

Each is put on a `FaultServer`: the mirror setting leads the host of a catalog entry to the folder
of its name there, so that the entry's own address is what is asked for.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import netCDF4
import numpy as np

from sco_pipeline.catalog import Catalog, DatasetEntry
from sco_pipeline.settings import Limits, Settings
from tests import servers
from tests.sample_files import QUICK
from tests.servers import FaultServer

TOKENS = {"cds": "CDS-KEY", "earthdata": "EDL-KEY", "copernicus-marine": "CMEMS-KEY"}
_DATA = "http://esipfed.org/ns/fedsearch/1.1/data#"


def hosts_of(catalog: Catalog) -> set[str]:
    """Return every host that the catalog names."""
    hosts = {"stac.marine.copernicus.eu"}
    for entry in catalog.datasets.values():
        rule = entry.preliminary
        urls = [entry.access.url, *entry.access.mirrors, (rule and rule.url) or ""]
        hosts |= {urlsplit(url).netloc for url in urls if "//" in url}
        hosts |= set(entry.access.allowed_hosts)
    return {host for host in hosts if host and "{" not in host}


def settings_of(catalog: Catalog, server: FaultServer, root: Path, *places: str) -> Settings:
    """Return settings that lead every host of the catalog to its folder on the server."""
    return Settings(
        catalog_dir=catalog.directory,
        cache_dir=root / "cache",
        output_dir=root / "outputs",
        mirrors={host: server.url(f"/{host}") for host in hosts_of(catalog)},
        private_hosts=frozenset({server.place, *places}),
        tokens=TOKENS,
        netrc=root / "no-netrc",
        limits=Limits(**{**QUICK, "gap_seconds": 20, "rate_window_seconds": 20}),
    )


def path_of(url: str) -> str:
    """Return where a real address lies on the server."""
    parts = urlsplit(url)
    return f"/{parts.netloc}{parts.path}"


def cds(server: FaultServer, entry: DatasetEntry, body: bytes) -> str:
    """Serve one file as the Climate Data Store does; return the path of the request."""
    root = path_of(entry.access.url) + "/retrieve/v1"
    asked = f"{root}/processes/{entry.access.options['dataset']}/execution"

    def execute(handler: servers.Handler) -> None:
        inputs = json.loads(handler.body)["inputs"]
        fixed = entry.access.options["request"]
        wrong = {key: inputs.get(key) for key in fixed if inputs.get(key) != fixed[key]}
        if wrong:
            handler.answer(400, {}, json.dumps({"title": f"not understood: {wrong}"}).encode())
            return
        handler.answer(201, {}, json.dumps({"jobID": "j", "status": "accepted"}).encode())

    host = urlsplit(entry.access.url).netloc
    asset = {"href": f"https://{host}/made/file", "file:size": len(body)}
    server.play(asked, execute)
    done = servers.status(200, json.dumps({"status": "successful"}).encode())
    server.play(f"{root}/jobs/j", done)
    server.put(f"{root}/jobs/j/results", json.dumps({"asset": {"value": asset}}).encode())
    server.put(f"/{host}/made/file", body)
    return asked


def cmems(server: FaultServer, entry: DatasetEntry, store: Path) -> str:
    """Serve a Zarr store as Copernicus Marine does; return the path of the metadata."""
    product, dataset = entry.access.options["product"], entry.access.options["dataset"]
    base = f"/stac.marine.copernicus.eu/metadata/{product}"
    links = {"links": [{"rel": "item", "href": f"{dataset}_202311/dataset.stac.json"}]}
    server.put(f"{base}/product.stac.json", json.dumps(links).encode())
    host = "s3.waw3-1.cloudferro.com"
    assets = {"timeChunked": {"href": f"https://{host}/mdl/arco/timeChunked.zarr"}}
    item = json.dumps({"assets": assets}).encode()
    server.put(f"{base}/{dataset}_202311/dataset.stac.json", item)
    server.folders[f"/{host}/mdl/arco/timeChunked.zarr"] = store
    return f"{base}/product.stac.json"


def cmr(server: FaultServer, entry: DatasetEntry, name: str, body: bytes, start: str) -> str:
    """Serve one granule as the metadata repository and a data centre do; return the search."""
    host = urlsplit(entry.access.url).netloc
    link = {"rel": _DATA, "href": f"https://{host}/protected/{name}"}
    feed = {"feed": {"entry": [{"time_start": start, "updated": "v1", "links": [link]}]}}
    search = path_of(entry.access.url).rstrip("/") + "/granules.json"

    def answer(handler: servers.Handler) -> None:
        handler.answer(200, {}, json.dumps(feed).encode())

    server.play(search, answer)
    server.put(f"/{host}/protected/{name}", body)
    return search


def zarr_store(server: FaultServer, entry: DatasetEntry, store: Path) -> str:
    """Serve a Zarr store at its address; return the path."""
    server.folders[path_of(entry.access.url)] = store
    return path_of(entry.access.url)


def regional(path: Path, name: str, region: str) -> dict[str, Any]:
    """Return the regional value and the valid fraction of a product."""
    import xarray as xr

    with xr.open_dataset(path, engine="h5netcdf") as ds:
        return {
            "mean": float(ds[f"{name}_regional"].sel(region=region)),
            "valid": float(ds[f"{name}_valid_fraction"].sel(region=region)),
        }


def opendap(server: FaultServer, entry: DatasetEntry, path: Path) -> str:
    """Serve a NetCDF file by pydap at the address of an entry; return the path."""
    with warnings.catch_warnings():
        # webob, which pydap is built on, still imports cgi
        warnings.simplefilter("ignore", DeprecationWarning)
        from pydap.handlers.lib import BaseHandler
        from pydap.wsgi.ssf import ServerSideFunctions
        from webob import Request as WebRequest

    application = ServerSideFunctions(BaseHandler(_dap_dataset(path)))
    base = path_of(entry.access.url)

    def answer(handler: servers.Handler) -> None:
        asked = WebRequest.blank(handler.path.removeprefix(base.rpartition("/")[0]))
        found = asked.get_response(application)
        handler.answer(found.status_code, {"Content-Type": found.content_type}, found.body)

    for kind in ("dds", "das", "dods"):
        server.play(f"{base}.{kind}", answer)
    return base


def _dap_dataset(path: Path) -> Any:
    """Return the variables of a file as pydap has them: those over time and space as grids."""
    from pydap.model import BaseType, DatasetType, GridType

    made = DatasetType("file")
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        for name, variable in file.variables.items():
            facts = {key: variable.getncattr(key) for key in variable.ncattrs()}
            plain = {key: v.tolist() if hasattr(v, "tolist") else v for key, v in facts.items()}
            data, dims = np.asarray(variable[:]), variable.dimensions
            array = BaseType(name, data, dims=dims, attributes=plain)
            if variable.ndim < 3:
                made[name] = array
                continue
            made[name] = GridType(name, attributes=plain)
            made[name][name] = array
            for dim in dims:
                steps = np.arange(len(file.dimensions[dim]))
                axis = np.asarray(file[dim][:]) if dim in file.variables else steps
                made[name][dim] = BaseType(dim, axis, dims=(dim,))
    return made
