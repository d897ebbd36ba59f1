"""The check of prefect.yaml finds what Prefect would pass over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest
import yaml

from flows.check import check
from sco_pipeline.catalog.models import Cadence
from sco_pipeline.errors import CatalogError

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "prefect.yaml").read_text(encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A directory with the flows, where an edited copy can lie."""
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    return tmp_path


def test_the_shipped_file_can_be_deployed() -> None:
    content = check(ROOT / "prefect.yaml")
    scheduled = [d for d in content.deployments if d.schedules]
    cadences = {d.parameters["cadence"] for d in scheduled if "cadence" in d.parameters}
    assert cadences == {"daily", "monthly", "yearly"} == set(get_args(Cadence)) - {"once"}
    assert {d.name for d in scheduled} == cadences | {"nightly"}
    assert all(s.timezone == "UTC" for d in content.deployments for s in d.schedules)


def block(text: str, place: int) -> tuple[int, int]:
    """First and last line of the part between empty lines that holds a place."""
    start = text.rfind("\n\n", 0, place) + 2
    end = text.find("\n\n", place)
    return text[:start].count("\n") + 1, text[: end if end > 0 else len(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("found", "typed", "said"),
    [
        ("  schedules:", "  schedulez:", "unknown key 'schedulez'"),
        ("collision_strategy: ENQUEUE\n\n", "collision_strategy: CANCEL_NEW\n\n", "'ENQUEUE'"),
        ("parameters: {cadence: yearly}", "parameters: {cadnce: yearly}", "'cadence'?"),
        ("parameters: {cadence: yearly}", "parameters: {cadence: hourly}", "hourly"),
        ("parameters: {cadence: yearly}", "parameters: {}", "cadence"),
        ("indicators.py:indicator\n", "indicators.py:indicatr\n", "no flow is at"),
        ("indicators.py:indicator\n", "indikator.py:indicator\n", "no flow is at"),
        ('cron: "0 7 10 2 *"', 'cron: "0 7 10 13 *"', "is not a cron line"),
        ("timezone: UTC, slug: yearly", "timezone: Europe/Paris, slug: yearly", "'UTC'"),
        ("slug: yearly}", "slug: x}\n  - {cron: 0 0 1 1 *, timezone: UTC, slug: x}", "twice"),
        ("- name: monthly", "- name: daily", "'daily' stands twice"),
        ("SCO_DASK: threads", "SCO_DAKS: threads", "Did you mean 'SCO_DASK'?"),
        ("SCO_DASK: threads", "SCO_TOKENS__ESA: abc", "in clear"),
        ("SCO_DASK: threads", 'X: "{{ prefect.blocks.secret.x }}"', "in clear"),
        ("steps.set_working_directory:", "steps.set_working_dir:", "can be imported"),
        ("    directory: ", "    directoryy: ", "Did you mean 'directory'?"),
        ("tags: [sco, yearly]", "tags: []", "at least 1 item"),
        ("name: sco\n", "name: sco\n    namez: other\n", "unknown key 'namez'"),
    ],
)  # fmt: skip
def test_a_typing_error_is_named_with_its_line(
    clone: Path, found: str, typed: str, said: str
) -> None:
    assert TEXT.count(found) >= 1
    text = typed.join(TEXT.rsplit(found, 1))
    assert yaml.safe_load(text) != yaml.safe_load(TEXT)
    path = clone / "prefect.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as refused:
        check(path)
    first = str(refused.value).splitlines()[0]
    assert said in first
    line = int(first.removeprefix(f"{path}:").split(":")[0])
    first_line, last_line = block(text, text.index(typed))
    assert first_line <= line <= last_line


def test_all_faults_are_told_at_once(clone: Path) -> None:
    text = TEXT.replace("cadence: daily}", "cadnce: daily}").replace("indicator\n", "indicatr\n")
    (clone / "prefect.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as refused:
        check(clone / "prefect.yaml")
    assert "cadnce" in str(refused.value)
    assert "indicatr" in str(refused.value)


def test_the_automation_of_killed_runs_waits_for_three_heartbeats() -> None:
    from prefect.events.schemas.automations import AutomationCore
    from prefect.settings.models.flows import FlowsSettings

    text = (ROOT / "flows/server/automations.yaml").read_text(encoding="utf-8")
    (content,) = yaml.safe_load(text)["automations"]
    automation = AutomationCore.model_validate(content)
    frequency = FlowsSettings.model_fields["heartbeat_frequency"].default
    assert automation.trigger.within.total_seconds() == 3 * frequency


def test_the_settings_of_the_server_are_known_to_prefect() -> None:
    from prefect.settings import Settings

    known = set(Settings().to_environment_variables(include_aliases=True)) | {"DO_NOT_TRACK"}
    known |= {name for name in _names(Settings)}
    lines = (ROOT / "flows/server/server.env").read_text(encoding="utf-8").splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert named <= known


def _names(model: type) -> set[str]:
    """Environment variables of a tree of Prefect settings."""
    from pydantic import BaseModel

    prefix = model.model_config.get("env_prefix", "")
    names = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= _names(kind)
        names.add(f"{prefix}{name}".upper())
    return names
