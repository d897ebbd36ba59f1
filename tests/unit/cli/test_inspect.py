"""What ``sco inspect`` shows and takes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sco_pipeline.cli.app import app
from tests import synthetic as syn


def shown(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["inspect", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def path(tmp_path):
    ds = syn.grid_dataset(name="temp", units="")
    ds.temp.values[0, 0, 0] = np.nan
    return syn.write(ds, tmp_path / "a.nc")


def test_what_is_missing_is_asked_for_and_can_be_stated(path):
    assert "temp has no units, state them: units={'temp': '<units>'}" in shown(path)
    text = shown(path, "--units", "temp=degC", "--frequency", "day")
    assert "temp [degC]" in text and "refused" not in text and "quality" not in text
    assert "time 2001-01-01 to 2001-01-06, 5 steps" in text


def test_quality_checks_count_what_is_there(path):
    text = shown(path, "--units", "temp=degC", "--quality")
    heading, row = (line.split() for line in text.splitlines()[-2:])
    with syn.xr.open_dataset(path, engine="h5netcdf") as ds:
        valid = int(ds.temp.notnull().sum())
    found = dict(zip(heading, row, strict=True))
    assert found["valid"] == str(valid) and found["missing"] == str(120 - valid)


def test_hours_are_shown_where_a_period_does_not_end_at_midnight(tmp_path):
    ds = syn.grid_dataset(days=2)
    ds["time"] = ds.time[:1].values + np.array([0, 6]).astype("m8[h]")
    text = shown(syn.write(ds, tmp_path / "a.nc"))
    assert "steps of 6 h" in text and "time 2001-01-01 to 2001-01-01 12:00, 2 steps" in text


def test_json_holds_the_same(path):
    found = json.loads(shown(path, "--units", "temp=degC", "--quality", "--json"))
    assert found["format"] == "netcdf" and found["refused"] is None
    assert found["variables"] == {
        "temp": {"units": "degC", "sizes": {"time": 5, "lat": 4, "lon": 6}}
    }
    assert found["quality"]["temp"]["out_of_range"] == 0
    assert {"subject": "time", "found": "no bounds", "made": "bounds of one day each",
            "reason": "derived"} in found["changes"]  # fmt: skip


def test_an_option_that_is_no_pair_is_refused(path):
    result = CliRunner().invoke(app, ["inspect", str(path), "--units", "degC"])
    assert result.exit_code == 1 and "--units is 'degC', expected KEY=VALUE" in str(
        result.exception or result.output
    )
