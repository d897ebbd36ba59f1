"""Deployment of everything that prefect.yaml says: ``python -m flows.deploy``.

Checks the file, makes what the server lacks (work pool, limits of the archives, the automation
that finds killed runs), deploys, and removes schedules that the file no longer has. Doing it again
changes nothing.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

import sco_pipeline as sco
from flows.archives import limit_names
from flows.check import check
from flows.command_line import clean_end
from flows.deployment_file import DeploymentFile
from flows.servers import require_server

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

FILE = Path("prefect.yaml")
AUTOMATIONS = Path(__file__).parent / "server" / "automations.yaml"
SLOTS_OF_AN_ARCHIVE = 2  # fetches at a time, over all runs of the server
TAG = "sco"  # on every deployment of this project


def main() -> None:
    """Deploy prefect.yaml of this directory to the server that the environment names."""
    from prefect import get_client

    with clean_end():
        content = check(FILE)
        require_server()
        with get_client(sync_client=True) as client:
            make_work_pool(client, content.deployments[0].work_pool.name)
            make_limits(client)
            make_automations(client)
            _prefect("deploy", "--all")
            remove_what_is_gone(client, content)


def _prefect(*arguments: str) -> None:
    """Run a prefect command; its output tells what went wrong."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    if subprocess.run(command, check=False).returncode:
        raise sco.ScoError(f"'prefect {' '.join(arguments)}' failed; see above")


def make_work_pool(client: SyncPrefectClient, name: str) -> None:
    """Make the process work pool, if the server has none of that name."""
    from prefect.exceptions import ObjectNotFound

    try:
        client.read_work_pool(name)
    except ObjectNotFound:
        _prefect("work-pool", "create", name, "--type", "process")


def make_limits(client: SyncPrefectClient) -> None:
    """Make a limit for each archive of the catalog; one that exists keeps its number."""
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate

    catalog = sco.load_catalog(sco.Settings().catalog_dir)
    wanted = {name for recipe in catalog.recipes.values() for name in limit_names(recipe, catalog)}
    found = {limit.name for limit in client.read_global_concurrency_limits(limit=200, offset=0)}
    for name in sorted(wanted - found):
        new = GlobalConcurrencyLimitCreate(name=name, limit=SLOTS_OF_AN_ARCHIVE)
        client.create_global_concurrency_limit(new)
        print(f"made the limit {name!r} of {SLOTS_OF_AN_ARCHIVE} fetches at a time")


def make_automations(client: SyncPrefectClient) -> None:
    """Make the shipped automations; one that exists is kept as it is."""
    from prefect.events.schemas.automations import AutomationCore

    for content in yaml.safe_load(AUTOMATIONS.read_text(encoding="utf-8"))["automations"]:
        if not client.read_automations_by_name(content["name"]):
            client.create_automation(AutomationCore.model_validate(content))
            print(f"made the automation {content['name']!r}")


def remove_what_is_gone(client: SyncPrefectClient, content: DeploymentFile) -> None:
    """Remove schedules that are not in the file; name deployments that are not, and leave them."""
    kept = {d.name: {schedule.slug for schedule in d.schedules} for d in content.deployments}
    for deployment in _deployments(client):
        if deployment.name not in kept:
            print(f"the server has {deployment.name!r}, which {FILE} has not; delete it by hand")
            continue
        for schedule in deployment.schedules:
            if schedule.slug not in kept[deployment.name]:
                client.delete_deployment_schedule(deployment.id, schedule.id)
                print(f"removed the schedule {schedule.slug!r} of {deployment.name!r}")


def _deployments(client: SyncPrefectClient) -> list[Any]:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

    tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    return list(client.read_deployments(deployment_filter=tagged))


if __name__ == "__main__":
    main()
