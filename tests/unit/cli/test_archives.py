"""Commands over what the agencies offer, as a user meets them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sco_pipeline.cli import main

ROOT = Path(__file__).parents[3]
Sco = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sco(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Sco:
    """Run the command in this process; returns exit code, standard output and error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sco", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalog with two faults in different files."""
    directory = tmp_path / "catalog"
    shutil.copytree(ROOT / "catalog", directory)
    for name, old, new in (
        ("datasets/esa/esa-cci-snow-swe.yaml", "license:", "licence:"),
        ("variables.yaml", "ecv: Ozone", "ecv: Ozon"),
    ):
        path = directory / name
        path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    monkeypatch.setenv("SCO_CATALOG_DIR", str(directory))
    return directory


def test_agencies_as_json_hold_27_with_their_certainty(sco: Sco) -> None:
    code, out, _ = sco("agencies", "--json")
    assert code == 0
    found = json.loads(out)
    assert len(found) == 27
    assert sorted(agency["membership"] for agency in found) == ["certain"] * 26 + ["inferred"]
    assert found[0]["evidence"][0]["url"].startswith("https://")
    assert len(json.loads(sco("agencies", "--all", "--json")[1])) > 27


def test_agencies_table_says_how_certain_the_count_is(sco: Sco) -> None:
    _, out, _ = sco("agencies")
    assert out.startswith("27 members on 31 January 2021: 26 named and 1 inferred (CSA)")
    assert "CSA: not named in any source of the period" in out


@pytest.mark.parametrize(
    ("arguments", "held", "missing"),
    [
        (["--ecv", "sea ice"], "esa-cci-sea-ice-concentration", "esa-cci-snow-swe"),
        (["--agency", "dlr"], "dlr-global-snowpack", "esa-cci-snow-swe"),
        (["--variable", "snw"], "esa-cci-snow-swe", "dlr-global-snowpack"),
        (["--login"], "theia-snow-s2-l2b", "esa-cci-snow-swe"),
        (["--no-login"], "esa-cci-snow-swe", "theia-snow-s2-l2b"),
        (["--region=-60,-30,-50,-20"], "inpe-merge-precipitation-daily", "theia-snow-s2-l2b"),
        (["--region", "mediterranean-basins"], "theia-snow-s2-l2b", "gistda-viirs-hotspots"),
        (["--from", "2021-01-01"], "dlr-global-snowpack", "esa-cci-snow-swe"),
        (["--to", "1985-12-31"], "esa-cci-snow-swe", "dlr-global-snowpack"),
    ],
)
def test_datasets_by_filter(sco: Sco, arguments: list[str], held: str, missing: str) -> None:
    code, out, _ = sco("datasets", "--json", *arguments)
    assert code == 0
    found = {entry["id"] for entry in json.loads(out)}
    assert held in found
    assert missing not in found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--agency", "dlrr"], "unknown agency 'dlrr'. Did you mean 'dlr'?"),
        (["--ecv", "see ice"], "Did you mean 'Sea ice'?"),
        (["--region", "mediterranean-basin"], "Did you mean 'mediterranean-basins'?"),
        (["--region", "1,2,3"], "expected west,south,east,north"),
    ],
)
def test_a_wrong_filter_is_one_line(sco: Sco, arguments: list[str], words: str) -> None:
    code, out, err = sco("datasets", *arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err


def test_show_a_dataset(sco: Sco) -> None:
    code, out, _ = sco("datasets", "show", "esa-cci-sst-cdr3-l4")
    assert code == 0
    for words in ("CC-BY-4.0", "10.1038/s41597-024-03147-w", "analysed_sst", "Embury"):
        assert words in out
    record = json.loads(sco("datasets", "show", "esa-cci-sst-cdr3-l4", "--json")[1])
    assert record["variables"]["tos"]["canonical_units"] == "degC"


def test_check_lists_every_error_and_fails(sco: Sco, broken: Path) -> None:
    code, out, err = sco("check")
    assert code == 1
    assert "valid" not in out
    lines = err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"sco: {broken}/datasets/esa/esa-cci-snow-swe.yaml:")
    assert "unknown key 'licence'. Did you mean 'license'?" in lines[0]
    assert lines[1].startswith(f"sco: {broken}/variables.yaml:")
    assert "'Ozon'. Did you mean 'Ozone'?" in lines[1]


def test_check_counts_notes_or_prints_each(sco: Sco) -> None:
    _, short, _ = sco("check")
    _, long, _ = sco("check", "--notes")
    assert "the archive is known without TLS only (1 of" in short
    assert "odin-smr-l2-api.yaml:" in long


def test_check_says_where_credentials_are_found_and_never_what_they_are(
    sco: Sco, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Environment, netrc, file: in that order, one line each."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine cds.climate.copernicus.eu login me password SECRET\n")
    (tmp_path / "tokens").mkdir()
    for scope in ("cds", "gistda"):
        (tmp_path / "tokens" / scope).write_text("SECRET\n")
    monkeypatch.setenv("SCO_TOKENS__EARTHDATA", "SECRET")
    monkeypatch.setenv("SCO_NETRC", str(netrc))
    monkeypatch.setenv("SCO_TOKEN_DIR", str(tmp_path / "tokens"))
    code, out, err = sco("check")
    assert code == 0
    assert "credential 'earthdata': from environment SCO_TOKENS__EARTHDATA (for 2 datasets)" in out
    assert f"credential 'cds': from netrc {netrc} (for 3 datasets)" in out
    assert f"credential 'gistda': from file {tmp_path / 'tokens/gistda'} (for 2 datasets)" in out
    assert "credentials not set: brazil-data-cube," in out
    assert "SECRET" not in out + err


def test_export(sco: Sco, tmp_path: Path) -> None:
    code, out, _ = sco("export-stac", str(tmp_path / "stac"))
    assert code == 0
    assert str(tmp_path / "stac" / "catalog.json") in out
    assert json.loads((tmp_path / "stac" / "catalog.json").read_text("utf-8"))["links"]
