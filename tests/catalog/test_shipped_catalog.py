"""The catalog that ships with the package."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from sco_pipeline.catalog import Catalog, DatasetEntry, load_catalog, members, membership_summary
from sco_pipeline.catalog.check import check
from sco_pipeline.catalog.describe import describe

MEMBERS = set(
    "aeb aem aep ageos asi azercosmos belspo cnes cnsa conae csa dlr esa essti ffg gistda hsa isa "
    "isro rosa snsa ssau uaesa uksa undp unoosa vast".split()
)
HEADLINE = (
    "esa-cci-sst-cdr3-l4",
    "inpe-samet-air-temperature-daily",
    "inpe-merge-precipitation-daily",
    "esa-cci-soil-moisture-combined",
    "duacs-sea-level-l4-daily",
    "clms-ndvi-300m-v2-10daily",
    "dlr-global-snowpack",
    "esa-cci-sea-ice-concentration",
    "esa-cci-ghg-xco2-obs4mips",
    "esa-cci-lst-ircdr-monthly",
    "dlr-s5p-tropomi-l3-daily",
    "esa-cci-fire-burned-area-grid",
    "esa-oc-cci-chlor-a-monthly",
    "grace-mascons-csr",
)
SAMPLES = [
    "ukmo-ostia-sst-monthly-sample",
    "ncar-darwin-soi-monthly-sample",
    "duacs-mediterranean-sea-level-sample",
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_every_file_is_right(catalog: Catalog) -> None:
    assert [str(problem) for problem in check(catalog) if problem.severity == "error"] == []


def test_the_27_members_of_january_2021(catalog: Catalog) -> None:
    on = dt.date(2021, 1, 31)
    certain = {a.id for a in catalog.agencies.values() if a.membership == "certain"}
    inferred = {a.id for a in catalog.agencies.values() if a.membership == "inferred"}
    assert inferred == {"csa"}
    assert certain | inferred == MEMBERS
    assert len(certain) == 26
    for agency in certain:
        member_by = catalog.agencies[agency].member_by
        assert member_by is not None
        assert member_by <= on
        assert "cnes-2020-05" in catalog.agencies[agency].evidence
    assert catalog.agencies["csa"].member_by is None
    assert "not named in any source" in (catalog.agencies["csa"].uncertainty or "")
    assert len(members(catalog, on)) == 27
    assert membership_summary(catalog).endswith("26 named and 1 inferred (CSA)")


def of_members(catalog: Catalog) -> list[DatasetEntry]:
    """The datasets that count: neither supporting nor samples."""
    return [e for e in catalog.datasets.values() if not e.supporting and not e.sample]


def test_count_of_datasets(catalog: Catalog) -> None:
    entries = of_members(catalog)
    fetchable = [entry for entry in entries if entry.fetchable]
    assert len(entries) == 67
    assert {entry.agency for entry in entries} == MEMBERS
    assert len(fetchable) == 57
    assert sum(not entry.needs_login for entry in fetchable) == 47
    # the same files stand under several members: count addresses, too
    assert len({(e.access.url, str(e.access.options)) for e in fetchable}) >= 45
    assert len({e.access.url for e in fetchable if not e.needs_login}) >= 35


def test_supporting_datasets_come_from_outside(catalog: Catalog) -> None:
    supporting = [entry for entry in catalog.datasets.values() if entry.supporting]
    assert {"arco-era5", "chirps-v2-monthly", "grace-mascons-csr"} <= {e.id for e in supporting}
    assert all(catalog.agencies[e.agency].membership == "none" for e in supporting)


def test_entries_are_complete(catalog: Catalog) -> None:
    for entry in of_members(catalog):
        assert entry.license_basis, entry.id
        assert entry.documentation, entry.id
        assert entry.address_status, entry.id
        assert entry.found_in, entry.id
        assert entry.coverage.extent, entry.id
        if entry.fetchable:
            assert entry.resolution or entry.grid, entry.id
            assert all(source.name_status for source in entry.variables.values()), entry.id
        else:
            assert len(entry.not_fetchable or "") > 40, entry.id
        if entry.role == "none":
            assert entry.producer, entry.id
        for label, text in describe(catalog, entry):
            assert "None" not in text, (entry.id, label)


def test_headline_subjects_have_an_entry_each(catalog: Catalog) -> None:
    for name in HEADLINE:
        assert catalog.datasets[name].fetchable, name
        assert not catalog.datasets[name].needs_login, name


@pytest.mark.shared
def test_facts_are_those_of_the_reference() -> None:
    path = Path(os.environ.get("SCO_SHARED", "../shared")) / "reference" / "members.yaml"
    if not path.is_file():
        pytest.skip("no reference beside the project")
    facts = yaml.safe_load(path.read_text(encoding="utf-8"))
    catalog = load_catalog()
    for member in facts["members"]:
        agency = catalog.agencies[member["acronym"].lower()]
        assert agency.name == member["name"]
        assert agency.country == member["country_or_organisation"]
        assert agency.membership == member["membership_confidence"]
        assert list(agency.evidence) == member["evidence"]
        for fact in member["datasets"]:
            entry = catalog.datasets[fact["id"]]
            assert entry.agency == agency.id
            assert (entry.role == "none") == fact["agency_role"].startswith("none"), entry.id
            host = re.search(r"(?:https?|s3)://([^/ ]+)", fact["access"]["endpoint"])
            if entry.fetchable and host and not host[1].startswith("dap."):
                text = entry.access.url + " ".join(entry.notes) + " ".join(entry.access.mirrors)
                assert host[1].split(".")[0] in text or "ceda" in text, entry.id
    assert {fact["dataset_id"] for fact in facts["headline_datasets"]} == set(HEADLINE)
    assert set(catalog.sources) == set(facts["sources"])


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_has_its_bytes(catalog: Catalog, name: str) -> None:
    access = catalog.datasets[name].access
    if access.method == "package":
        spec = find_spec(access.options["package"])
        assert spec is not None
        assert spec.origin is not None
        path = Path(spec.origin).parent / access.options["path"]
    else:
        path = catalog.directory / access.url
    assert hashlib.sha256(path.read_bytes()).hexdigest() == access.sha256
