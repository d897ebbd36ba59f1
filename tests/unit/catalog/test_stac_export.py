"""The exported catalog is valid STAC and can be walked over HTTP."""

from __future__ import annotations

import json
import os
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sco_pipeline.catalog import Catalog, load_catalog
from sco_pipeline.catalog.stac_export import DATACUBE, SCIENTIFIC, export_stac
from sco_pipeline.errors import OutputError

pystac = pytest.importorskip("pystac")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def exported(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("stac") / "export"
    export_stac(catalog, directory)
    return directory


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests short."""


@pytest.fixture(scope="module")
def address(exported: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(exported)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/catalog.json"
    server.shutdown()
    server.server_close()
    thread.join()


def contents(directory: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(directory.rglob(name))]


def core_fault(content: dict[str, Any], kind: str) -> str | None:
    """Validate under the official schemas that pystac brings along; return the fault."""
    from pystac.validation.stac_validator import JsonSchemaSTACValidator

    try:
        JsonSchemaSTACValidator().validate_core(content, kind, "1.1.0")
    except pystac.STACValidationError as error:
        return str(error)
    return None


def test_every_object_is_valid_under_the_official_schemas(exported: Path) -> None:
    catalogs = contents(exported, "catalog.json")
    collections = contents(exported, "collection.json")
    assert len(catalogs) > 27
    assert len(collections) == 78
    for content in catalogs:
        assert content["stac_version"] == "1.1.0"
        assert core_fault(content, pystac.STACObjectType.CATALOG) is None
    for content in collections:
        assert core_fault(content, pystac.STACObjectType.COLLECTION) is None, content["id"]


@pytest.mark.parametrize("key", ["license", "extent", "links", "description"])
def test_the_schemas_do_refuse(exported: Path, key: str) -> None:
    content = contents(exported, "collection.json")[0]
    del content[key]
    assert core_fault(content, pystac.STACObjectType.COLLECTION)


@pytest.mark.skipif("SCO_STAC_SCHEMAS" not in os.environ, reason="needs the extension schemas")
def test_extensions_are_valid_under_the_official_schemas(exported: Path) -> None:
    from jsonschema import Draft7Validator

    folder = Path(os.environ["SCO_STAC_SCHEMAS"])
    for name in ("datacube", "scientific"):
        schema = json.loads((folder / f"{name}.json").read_text("utf-8"))
        validator = Draft7Validator(schema)
        for content in contents(exported, "collection.json"):
            assert [e.message for e in validator.iter_errors(content)] == [], content["id"]


def test_extension_fields_follow_their_texts(exported: Path) -> None:
    for content in contents(exported, "collection.json"):
        assert content["stac_extensions"] == [DATACUBE, SCIENTIFIC]
        dimensions = content["cube:dimensions"]
        assert dimensions["time"]["type"] == "temporal"
        assert len(dimensions["time"]["extent"]) == 2
        for name, axis in (("lon", "x"), ("lat", "y")):
            if name in dimensions:
                assert dimensions[name]["type"] == "spatial"
                assert dimensions[name]["axis"] == axis
                low, high = dimensions[name]["extent"]
                assert low < high
        for variable in content["cube:variables"].values():
            assert set(variable["dimensions"]) <= set(dimensions)
            assert variable["type"] in ("data", "auxiliary")
            assert variable["unit"]
        assert content["sci:citation"]
        if "sci:doi" in content:
            assert any(link["rel"] == "cite-as" for link in content["links"])


def test_a_collection_by_hand(exported: Path) -> None:
    path = exported / "esa" / "esa-cci-sst-cdr3-l4" / "collection.json"
    content = json.loads(path.read_text("utf-8"))
    assert content["license"] == "CC-BY-4.0"
    assert content["extent"]["temporal"]["interval"] == [["1980-01-01T00:00:00Z", None]]
    assert content["extent"]["spatial"]["bbox"] == [[-180, -90, 180, 90]]
    assert content["providers"][0]["name"] == "European Space Agency"
    assert content["providers"][0]["roles"] == ["producer"]
    assert content["cube:dimensions"]["time"]["step"] == "P1D"
    assert content["cube:variables"]["tos"]["unit"] == "degC"
    assert content["item_assets"]["data"]["type"] == "application/netcdf"
    assert {link["rel"] for link in content["links"]} == {
        "root", "parent", "about", "license", "cite-as"
    }  # fmt: skip


def test_a_substitute_does_not_name_the_agency_as_provider(exported: Path) -> None:
    path = exported / "uaesa" / "esa-cci-lst-gulf-substitute" / "collection.json"
    names = [provider["name"] for provider in json.loads(path.read_text("utf-8"))["providers"]]
    assert names == ["University of Leicester for ESA LST CCI"]


def test_agencies(exported: Path) -> None:
    content = json.loads((exported / "agencies.json").read_text("utf-8"))
    members = [a for a in content["agencies"] if a["membership"] != "none"]
    assert len(members) == 27
    assert content["title"].startswith("27 members on 31 January 2021")
    assert all(a["datasets"] for a in members)


def test_pystac_reads_the_extensions(address: str, catalog: Catalog) -> None:
    from pystac.extensions.datacube import DatacubeExtension
    from pystac.extensions.scientific import ScientificExtension

    root = pystac.Catalog.from_file(address)
    found = {collection.id: collection for collection in root.get_all_collections()}
    assert set(found) == {e.id for e in catalog.datasets.values() if not e.sample}
    ostia = found["esa-cci-sst-cdr3-l4"]
    cube = DatacubeExtension.ext(ostia)
    assert cube.dimensions["lon"].dim_type == "spatial"
    assert cube.variables["tos"].dimensions == ["time", "lon", "lat"]
    assert ScientificExtension.ext(ostia).doi == "10.1038/s41597-024-03147-w"
    assert ostia.item_assets["data"].media_type == "application/netcdf"


def test_pystac_client_walks_it(address: str, catalog: Catalog) -> None:
    client = pytest.importorskip("pystac_client")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a static catalog states no API conformance
        root = client.Client.open(address)
        agencies = {child.id: child for child in root.get_children()}
        datasets = [c.id for agency in agencies.values() for c in agency.get_children()]
    assert len([a for a in agencies if catalog.agencies[a].membership != "none"]) == 27
    assert len(datasets) == len(set(datasets)) == 78


def test_all_links_lead_somewhere(exported: Path) -> None:
    for path in exported.rglob("*.json"):
        for link in json.loads(path.read_text("utf-8")).get("links", []):
            if link["href"].startswith("."):
                assert (path.parent / link["href"]).is_file(), (path, link)
            else:
                assert link["href"].startswith(("https://", "http://")), link


def test_written_again_and_never_over_something_else(catalog: Catalog, tmp_path: Path) -> None:
    first = export_stac(catalog, tmp_path / "out")
    before = {path: path.read_bytes() for path in first}
    assert export_stac(catalog, tmp_path / "out") == first
    assert {path: path.read_bytes() for path in first} == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match="something other than a former export"):
        export_stac(catalog, tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
