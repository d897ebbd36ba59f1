"""Entries are read, cross-checked, and refused with file, line and key."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from sco_pipeline.catalog import load_catalog, read_catalog
from sco_pipeline.errors import CatalogError

from .conftest import DATASET, Write

AGENCIES = "agencies.yaml"
SEA = "datasets/esa/sea-daily.yaml"
RECIPE = "recipes/sea.yaml"


def refusal(directory: Path) -> str:
    with pytest.raises(CatalogError) as caught:
        load_catalog(directory)
    return str(caught.value)


def test_reads_all_tables(directory: Path) -> None:
    catalog = load_catalog(directory)
    assert list(catalog.agencies) == ["esa", "csa", "noaa"]
    entry = catalog.datasets["sea-daily"]
    assert entry.id == "sea-daily"
    assert entry.coverage.end == dt.date(2009, 12, 31)
    assert entry.variables["tos"].name == "sst"
    assert entry.fetchable
    assert not entry.needs_login
    assert catalog.where("dataset", "sea-daily", ("access", "url")).endswith("15: access.url")
    assert catalog.where("agency", "csa", ("membership",)).endswith(
        "agencies.yaml:12: csa.membership"
    )


def test_entries_are_frozen(directory: Path) -> None:
    entry = load_catalog(directory).datasets["sea-daily"]
    with pytest.raises(ValidationError, match="frozen"):
        entry.title = "other"  # type: ignore[misc]


def test_unknown_id_names_the_nearest(directory: Path) -> None:
    with pytest.raises(
        CatalogError, match=r"unknown dataset 'sea-dayly'. Did you mean 'sea-daily'"
    ):
        load_catalog(directory).datasets["sea-dayly"]


def test_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="SCO_CATALOG_DIR"):
        load_catalog(tmp_path / "absent")


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "words"),
    [
        (SEA, "license:", "licence:", 4, "licence: unknown key 'licence'. Did you mean 'license'"),
        (SEA, "license: CC-BY-4.0\n", "", 1, "license: this key is missing"),
        (
            SEA,
            "  method:",
            "  methd:",
            14,
            "access.methd: unknown key 'methd'. Did you mean 'method'",
        ),
        (
            SEA,
            "name: sst",
            "nme: sst",
            18,
            "variables.tos.nme: unknown key 'nme'. Did you mean 'name'",
        ),
        (
            SEA,
            "south: 30",
            "sout: 30",
            10,
            "coverage.bbox.sout: unknown key 'sout'. Did you mean 'south'",
        ),
        (SEA, "agency: esa", "agency: eza", 1, "agency: unknown agency 'eza'. Did you mean 'esa'"),
        (SEA, "  tos:", "  toz:", 18, "variables.toz: unknown variable 'toz'"),
        (SEA, "role: producer", "role: friend", 2, "role: Input should be 'producer'"),
        (SEA, "south: 30", "south: 60", 10, "is not above south"),
        (SEA, "start: 2000-01-01", "start: soon", 8, "coverage.start"),
        (SEA, "{day:%Y}/", "{0.__class__}/", 15, "field {0.__class__} is not allowed"),
        (SEA, "{day:%Y}/", "{day.__class__:%Y}/", 15, "is not allowed"),
        (SEA, "{day:%Y}/", "{day!r:%Y}/", 15, "is not allowed"),
        (SEA, "{day:%Y}/", "{day}/", 15, "needs a date format"),
        (SEA, "{day:%Y}/", "{day:%Q}/", 15, "needs a date format"),
        (SEA, "{day:%Y}/", "{day:%Y/", 15, "access.url"),
        (SEA, "method: http", "method: portal", 1, "belong together"),
        (SEA, "of the sea", "of the \u202esea", 3, "title"),
        (SEA, "title:", "documentation: javascript:alert(1)\ntitle:", 3, "documentation"),
        (AGENCIES, "  evidence: [page]\n", "", 1, "needs 'member_by' and 'evidence'"),
        (
            AGENCIES,
            "evidence: [page]",
            "evidence: [pages]",
            7,
            "esa.evidence.0: unknown source 'pages'. Did you mean 'page'",
        ),
        (AGENCIES, "  uncertainty: not named in the list\n", "", 8, "needs 'uncertainty'"),
        (AGENCIES, "csa:", '"; rm -rf": ', 8, "; rm -rf.id"),
        ("variables.yaml", "[-5, 45]", "[45, -5]", 1, "is not [lowest, highest]"),
        ("variables.yaml", "[-5, 45]", "[-5, .inf]", 6, "finite"),
        (
            RECIPE,
            "sea-daily",
            "see-daily",
            3,
            "inputs.tos: unknown dataset 'see-daily'. Did you mean 'sea-daily'",
        ),
        (RECIPE, "{tos: sea-daily}", "{pr: sea-daily}", 3, "has no variable 'pr'; found ['tos']"),
        (
            RECIPE,
            "{id: anomaly, of: tos}",
            "{id: anomaly, optins: {}}",
            5,
            "unknown key 'optins'. Did you mean 'options'",
        ),
        (
            RECIPE,
            "baseline: [2001, 2005]",
            "baseline: {start: 2001-01-01, ende: 2005-12-31}",
            6,
            "unknown key 'ende'. Did you mean 'end'",
        ),
        (RECIPE, "cadence: once", "cadence: weekly", 7, "cadence"),
        (RECIPE, "title: The sea", "title: The sea\nid: lake", 2, "must equal 'sea'"),
    ],
)
def test_refused_with_file_line_and_key(
    directory: Path, edit: Write, file: str, old: str, new: str, line: int, words: str
) -> None:
    path = edit(file, old, new)
    message = refusal(directory)
    assert message.startswith(f"{path}:{line}: "), message
    assert words in message


def test_control_characters_never_reach_the_message(directory: Path, edit: Write) -> None:
    edit("datasets/esa/sea-daily.yaml", "agency: esa", 'agency: "\\e[31mesa"')
    message = refusal(directory)
    assert "\x1b" not in message


def test_file_name_must_be_an_id(directory: Path) -> None:
    (directory / "datasets" / "Sea Daily.yaml").write_text(DATASET)
    assert "Sea Daily.yaml:1: id: " in refusal(directory)


def test_the_same_id_twice(directory: Path) -> None:
    other = directory / "datasets" / "other"
    other.mkdir()
    (other / "sea-daily.yaml").write_text(DATASET)
    assert "stands in" in refusal(directory)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("agencies.yaml", "- a\n- b\n", "must map ids to entries"),
        ("agencies.yaml", "", "must map ids to entries"),
        ("agencies.yaml", "esa: 3\n", "must map keys to values"),
        ("recipes/empty.yaml", "", "must map keys to values"),
    ],
)
def test_wrong_shape(directory: Path, name: str, text: str, words: str) -> None:
    (directory / name).write_text(text)
    assert words in refusal(directory)


def test_required_files(directory: Path) -> None:
    (directory / "variables.yaml").unlink()
    assert "variables.yaml is missing" in refusal(directory)


def test_all_errors_at_once(directory: Path, edit: Write) -> None:
    edit("agencies.yaml", "country: Canada", "land: Canada")
    edit("datasets/esa/sea-daily.yaml", "tos: {", "pr: {")
    (directory / "recipes" / "broken.yaml").write_text("a: [1\n")
    catalog, errors = read_catalog(directory)
    texts = [str(error) for error in errors]
    assert len(texts) == 3
    assert "unknown key 'land'" in texts[0]
    assert "broken.yaml" in texts[1]
    assert "has no variable 'tos'" in texts[2]
    assert "csa" not in catalog.agencies
    assert "sea" in catalog.recipes


def test_an_entry_with_a_fault_is_named_once(directory: Path, edit: Write) -> None:
    edit("datasets/esa/sea-daily.yaml", "license:", "licence:")
    _, errors = read_catalog(directory)
    assert len(errors) == 1
