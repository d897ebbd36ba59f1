"""Deployment of everything that prefect.yaml says: ``python -m flows.deploy``.

Checks the file, makes what the server lacks (work pool, credentials, limits of the archives, the
automation that finds killed runs), deploys, and removes schedules that the file no longer has.
Doing it again changes nothing.
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
            pool_name = content.deployments[0].work_pool.name
            make_work_pool(client, pool_name)
            pass_on_credentials(client, pool_name)
            make_limits(client)
            make_automations(client)
            _deploy_all()
            remove_what_is_gone(client, content)


def _deploy_all() -> None:
    """Run Prefect's own command, which tells what went wrong."""
    command = ["prefect", "--no-prompt", "deploy", "--all"]
    if subprocess.run([sys.executable, "-m", *command], check=False).returncode:
        raise sco.ScoError(f"'{' '.join(command)}' failed; see above")


def make_work_pool(client: SyncPrefectClient, name: str) -> None:
    """Make the process work pool, if the server has none of that name."""
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    try:
        client.read_work_pool(name)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        new = WorkPoolCreate(name=name, type=ProcessWorker.type, base_job_template=template)
        client.create_work_pool(new)
        print(f"made the work pool {name!r}")


def pass_on_credentials(client: SyncPrefectClient, pool_name: str) -> None:
    """Let the work pool give runs each credential of the catalog that is a Secret block.

    The pool holds the name of the block only; a worker reads the secret when it starts a run.
    """
    from prefect.client.schemas.actions import WorkPoolUpdate

    catalog = sco.load_catalog(sco.Settings().catalog_dir)
    scopes = {entry.access.credential for entry in catalog.datasets.values()}
    template = client.read_work_pool(pool_name).base_job_template
    env = template["variables"]["properties"]["env"].setdefault("default", {})
    for scope in sorted(scope for scope in scopes if scope):
        block, name = f"sco-{scope}", f"SCO_TOKENS__{scope.upper().replace('-', '_')}"
        if name not in env and _has_secret(client, block):
            env[name] = f"{{{{ prefect.blocks.secret.{block} }}}}"
            client.update_work_pool(pool_name, WorkPoolUpdate(base_job_template=template))
            print(f"runs of the work pool {pool_name!r} get {name} from the block {block!r}")


def _has_secret(client: SyncPrefectClient, name: str) -> bool:
    from prefect.exceptions import ObjectNotFound

    try:
        client.read_block_document_by_name(name, "secret", include_secrets=False)
    except ObjectNotFound:
        return False
    return True


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
