"""The offline check finds what the models cannot see, and says where."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sco_pipeline.catalog import load_catalog
from sco_pipeline.catalog.check import Abilities, Problem, check, check_directory
from sco_pipeline.errors import CatalogError

from .conftest import DATASET, Write

SEA = "datasets/esa/sea-daily.yaml"


def errors(directory: Path) -> list[str]:
    return [str(problem) for problem in check_directory(directory).errors]


def test_a_right_catalog_has_no_problems(directory: Path) -> None:
    able = Abilities({"http"}, {"netcdf"}, set(), {"anomaly"})
    assert check(load_catalog(directory), able) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "words"),
    [
        ("variables.yaml", "units: degC", "units: degree-ish", 4, "tos.units: unit 'degree-ish'"),
        ("variables.yaml", "sea_surface_temperature\n", "sea_temp\n", 3, "CF standard name"),
        ("variables.yaml", "units: mm d-1", "units: Pa", 9, "pr.standard_name: units 'Pa' do not"),
        ("variables.yaml", "ecv: Precipitation", "ecv: Rain", 11, "Essential Climate Variable"),
        (SEA, "ecv: [Sea surface temperature]", "ecv: [Sea temperature]", 6, "ecv: unknown"),
        (SEA, "file_units: K", "file_units: m", 18, "'m' does not convert to 'degC'"),
        (SEA, "file_units: K", "units: kelvinish", 18, "cannot be read"),
        (SEA, "address_status: seen\n", "", 1, "address_status"),
        (SEA, "role: producer", "role: producer\nsupporting: true", 3, "'esa' is a member"),
        (SEA, "agency: esa", "agency: noaa", 1, "'noaa' is no member; say 'supporting: true'"),
        (SEA, "https://", "ftp://", 15, "is no address"),
        (SEA, "https://", "file:///", 15, "is no address"),
        (SEA, "https://example.org", "https://", 15, "is no address"),
        (
            SEA,
            "method: http",
            "method: http\n  mirrors: ['https://b.org/{month:%Y}/x.nc']",
            15,
            "has the fields ['month']",
        ),
        ("recipes/sea.yaml", "of: tos", "of: pr", 5, "no input 'pr'"),
    ],
)
def test_errors_with_place(
    directory: Path, edit: Write, file: str, old: str, new: str, line: int, words: str
) -> None:
    path = edit(file, old, new)
    found = errors(directory)
    assert len(found) == 1, found
    assert found[0].startswith(f"{path}:{line}: "), found
    assert words in found[0]


def test_unreadable_files_and_checks_together(directory: Path, edit: Write) -> None:
    edit("variables.yaml", "ecv: Precipitation", "ecv: Rain")
    (directory / "recipes" / "broken.yaml").write_text("a: [\n")
    report = check_directory(directory)
    assert len(report.errors) == 2
    assert report.catalog.recipes["sea"].title == "The sea"


def test_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="does not exist"):
        check_directory(tmp_path / "absent")


def test_what_is_not_available_yet_is_a_note(directory: Path, edit: Write) -> None:
    path = edit(SEA, "format: netcdf", "format: netcdf\nfixes: [shift]")
    report = check_directory(directory, Abilities({"s3"}, {"zarr"}, {"other"}))
    assert report.errors == ()
    assert [str(note) for note in report.notes] == [
        f"{path}:15: access.method: access method 'http' is not available yet",
        f"{path}:12: format: reader of the format 'netcdf' is not available yet",
        f"{path}:13: fixes: fix 'shift' is not available yet",
    ]


def test_unknown_indicator_is_an_error(directory: Path) -> None:
    report = check_directory(directory, Abilities(indicators={"trend"}))
    assert [problem.message for problem in report.errors] == ["unknown indicator 'anomaly'"]
    assert report.errors[0].place.endswith("recipes/sea.yaml:5: indicators.0")


def test_archive_without_tls_is_a_note(directory: Path, edit: Write) -> None:
    edit(SEA, "https://", "http://")
    report = check_directory(directory)
    assert report.errors == ()
    assert ["TLS" in note.message for note in report.notes] == [True]


def test_recipe_of_what_cannot_be_fetched(directory: Path, edit: Write) -> None:
    edit(SEA, "method: http", "method: portal")
    edit(SEA, "address_status: seen", "not_fetchable: only on paper")
    found = errors(directory)
    assert len(found) == 1
    assert "dataset 'sea-daily' cannot be fetched: only on paper" in found[0]


def test_local_files_exist_and_have_their_sum(directory: Path) -> None:
    content = b"bytes"
    (directory / "samples").mkdir()
    (directory / "samples" / "a.nc").write_bytes(content)
    sums = {"right": hashlib.sha256(content).hexdigest(), "wrong": "0" * 64}
    path = directory / "datasets" / "local.yaml"
    local = DATASET.replace("method: http", "method: local").replace(
        "https://example.org/{day:%Y}/sst_{day:%Y%m%d}.nc", "{where}\n  sha256: '{sha256}'"
    )
    for where, sha256, words in (
        ("samples/a.nc", "right", None),
        ("samples/a.nc", "wrong", "has the sha256"),
        ("samples/b.nc", "right", "does not exist"),
        ("../../etc/passwd", "right", "leads out of"),
    ):
        path.write_text(local.replace("{where}", where).replace("{sha256}", sums[sha256]))
        found = errors(directory)
        assert (found == []) if words is None else (words in found[0]), found


def test_region_set_files_have_their_sum(directory: Path) -> None:
    regions = directory / "regions"
    regions.mkdir()
    (regions / "areas.geojson").write_text("{}")
    (regions / "areas.yaml").write_text(
        "title: Areas\nsource: drawn\nlicense: CC0-1.0\nfile: areas.geojson\n"
        f"sha256: '{'0' * 64}'\nid_field: id\nname_field: name\n"
    )
    found = errors(directory)
    assert len(found) == 1
    assert "areas.yaml:4: file: 'areas.geojson' has the sha256" in found[0]


def test_problem_is_one_line() -> None:
    assert str(Problem("error", "a:1", "b")) == "a:1: b"
    assert str(Problem("error", "", "b")) == "b"
