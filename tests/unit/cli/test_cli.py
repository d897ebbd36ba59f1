"""The sco command, as a user meets it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sco_pipeline.cli import main
from sco_pipeline.regions import read_regions

ROOT = Path(__file__).parents[3]


@pytest.fixture
def sco(monkeypatch, capsys):
    """Run the command in this process; returns exit code, standard output and error."""

    def run(*arguments, **environment):
        monkeypatch.setattr(sys, "argv", ["sco", *arguments])
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setenv("COLUMNS", "120")
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main()
        return subprocess.CompletedProcess(arguments, ended.value.code or 0, *capsys.readouterr())

    return run


def test_the_command_is_installed_and_ends_with_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "sco_pipeline.cli", "run", "no-such-recipe"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("sco: unknown recipe 'no-such-recipe'; of the ")
    assert done.stderr.endswith(" is the nearest\n")


@pytest.mark.parametrize(
    "command", ["datasets", "indicators", "regions", "recipes", "run", "check"]
)
def test_help_has_an_example(sco, command):
    done = sco(command, "--help")
    assert done.returncode == 0
    assert f"sco {command}" in done.stdout
    assert "Example" in done.stdout


def test_an_unknown_recipe_names_the_nearest_and_ends_with_one_line(sco):
    done = sco("run", "equatorial-st")
    assert done.returncode == 1
    assert done.stderr == "sco: unknown recipe 'equatorial-st'. Did you mean 'equatorial-sst'?\n"
    assert done.stdout == ""


def test_a_broken_catalog_file_is_refused_with_file_line_and_key(sco, tmp_path):
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog")
    recipe = tmp_path / "catalog" / "recipes" / "equatorial-sst.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("cadence: once", "cadense: once"), encoding="utf-8")
    line = text.split("cadence: once")[0].count("\n") + 1
    done = sco("run", "equatorial-sst", SCO_CATALOG_DIR=str(tmp_path / "catalog"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (
        f"{recipe}:{line}: cadense: unknown key 'cadense'. Did you mean 'cadence'?" in done.stderr
    )


def test_listings_are_json_on_request(sco):
    recipes = json.loads(sco("recipes", "--json").stdout)
    assert "equatorial-sst" in {recipe["id"] for recipe in recipes}


def test_a_listing_shows_every_recipe_on_one_line(sco):
    done = sco("recipes")
    assert done.returncode == 0
    assert sum(line.startswith("equatorial-sst") for line in done.stdout.splitlines()) == 1


def test_check_says_what_is_valid(sco):
    done = sco("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "valid" in done.stdout


def test_regions_are_found_by_name_in_every_set(sco):
    done = sco("regions", "show", "France")
    assert done.returncode == 0
    rows = [line.split(maxsplit=2) for line in done.stdout.splitlines()[2:] if line.strip()]
    assert ["countries", "fra", "France"] in [[cell.strip() for cell in row] for row in rows]
    assert {"mediterranean-coastal-seas", "countries"} <= {row[0] for row in rows}


def test_regions_of_a_file_are_shown_with_repairs_and_hash(sco, tmp_path):
    crossing = [[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]
    parks = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "Bow Tie"},
                "geometry": {"type": "Polygon", "coordinates": [crossing]},
            }
        ],
    }
    (tmp_path / "parks.geojson").write_text(json.dumps(parks))
    done = sco("regions", "show", str(tmp_path / "parks.geojson"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 regions" in done.stdout
    assert "Bow Tie" in done.stdout
    assert "repaired" in done.stdout
    assert read_regions(tmp_path / "parks.geojson").sha256 in done.stdout


def test_a_region_that_nobody_knows_is_one_line(sco):
    done = sco("regions", "show", "nino-boxs")
    assert done.returncode == 1
    assert "Did you mean 'nino-boxes'?" in done.stderr
