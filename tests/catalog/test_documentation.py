"""The example of the guide is a valid entry."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path

from sco_pipeline.catalog import check_directory

ROOT = Path(__file__).parents[2]


def test_the_guide_to_a_dataset_works(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "how-to" / "add-a-dataset.md").read_text("utf-8")
    found = re.search(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert found
    directory = tmp_path / "catalog"
    shutil.copytree(ROOT / "catalog", directory)
    path = directory / "datasets" / "aeb" / "example-daily-rain.yaml"
    path.write_text(textwrap.dedent(found[1]), "utf-8")
    report = check_directory(directory)
    assert report.errors == ()
    assert report.catalog.datasets["example-daily-rain"].latency_days == 2


def test_the_counts_of_the_reference_page_hold() -> None:
    page = (ROOT / "docs" / "reference" / "catalog.md").read_text("utf-8")
    catalog = check_directory(ROOT / "catalog").catalog
    counted = [e for e in catalog.datasets.values() if not e.supporting and not e.sample]
    fetchable = [e for e in counted if e.fetchable]
    open_ones = [e for e in fetchable if not e.needs_login]
    assert f"**{len(counted)} datasets linked to the members.**" in page
    assert f"can fetch {len(fetchable)} of them; {len(open_ones)} need no login" in page
    assert f"**{len(counted) - len(fetchable)} entries that no script can fetch**" in page
