"""The wheel brings the catalog, its sample and the geography along."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """A directory that holds what the wheel installs, far from the clone."""
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = place.glob("*.whl")
    site = place / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def test_the_catalog_is_the_one_of_the_clone(unpacked):
    ours, theirs = ROOT / "catalog", unpacked / "sco_pipeline" / "catalog" / "entries"
    names = {path.relative_to(ours) for path in ours.rglob("*") if path.is_file()}
    assert {path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file()} == names


def test_a_recipe_runs_from_the_wheel_alone(unpacked, tmp_path):
    code = (
        "import sco_pipeline as sco; print(sco.__file__);"
        "print(sco.run('mediterranean-sea-level').up_to_date)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(unpacked), "SCO_CACHE_DIR": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    origin, up_to_date = done.stdout.split()
    assert Path(origin).is_relative_to(unpacked)
    assert up_to_date == "False"
    assert (tmp_path / "outputs" / "mediterranean-sea-level" / "product.json").is_file()
