"""The catalog that ships with the package."""

from __future__ import annotations

import datetime as dt
import hashlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from sco_pipeline.catalog import Catalog, load_catalog

MEMBERS = set(
    "aeb aem aep ageos asi azercosmos belspo cnes cnsa conae csa dlr esa essti ffg gistda hsa isa "
    "isro rosa snsa ssau uaesa uksa undp unoosa vast".split()
)
SAMPLES = [
    "ukmo-ostia-sst-monthly-sample",
    "ncar-darwin-soi-monthly-sample",
    "duacs-mediterranean-sea-level-sample",
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


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
