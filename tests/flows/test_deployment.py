"""Deployments on a real Prefect server, run by a real worker."""

from __future__ import annotations

import datetime as dt
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import sco_pipeline as sco
from tests.flows.archive import Archive, darwin
from tests.flows.processes import ROOT, environment, process, run, server, wait_until
from tests.servers import FaultServer, drip


class Site:
    """A server with deployments and a worker, and the catalog that its runs use."""

    def __init__(self, api: str, env: dict[str, str], archive: Archive, root: Path) -> None:
        self.api, self.env, self.archive, self.root = api, env, archive, root

    def client(self) -> Any:
        """A client of this server; the harness of the other tests has another one."""
        from prefect.client.orchestration import SyncPrefectClient

        return SyncPrefectClient(self.api)

    def deployment(self, name: str) -> Any:
        with self.client() as client:
            return client.read_deployment_by_name(name)

    def runs(self, name: str) -> list[Any]:
        from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName

        named = DeploymentFilter(name=DeploymentFilterName(any_=[name]))
        with self.client() as client:
            return list(client.read_flow_runs(deployment_filter=named))

    def start(self, **parameters: Any) -> Any:
        with self.client() as client:
            deployment = client.read_deployment_by_name("indicator/recipe")
            return client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id

    def ended(self, run_id: Any, seconds: float = 180) -> Any:
        with self.client() as client:

            def final() -> Any:
                state = client.read_flow_run(run_id).state
                return state if state and state.is_final() else None

            return wait_until(final, seconds, f"run {run_id} ends")

    def logs(self, run_id: Any) -> str:
        from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId

        of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
        with self.client() as client:
            answer = client._client.post(
                "/logs/filter", json={"logs": of_run.model_dump(mode="json")}
            )
        return "\n".join(f"{entry['name']}: {entry['message']}" for entry in answer.json())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    catalog = root / "catalog"
    catalog.mkdir()
    with FaultServer() as files, server(root / "home", root / "server.log") as api:
        archive = Archive(files, catalog)
        env = environment(
            root / "home",
            PREFECT_API_URL=api,
            PREFECT_WORKER_QUERY_SECONDS="2",
            **archive.environment(root),
        )
        started = Site(api, env, archive, root)
        # makes the work pool, runs 'prefect --no-prompt deploy --all', adds limits and automation
        done = run(["-m", "flows.deploy"], env)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("successfully created") == 5
        with process(
            ["-m", "prefect", "worker", "start", "--pool", "sco"], env, root / "worker.log"
        ):
            yield started


def test_every_cron_deployment_gets_scheduled_runs(site: Site) -> None:
    for name in ("daily", "monthly", "yearly"):
        runs = wait_until(lambda name=name: site.runs(name), 60, f"{name} gets scheduled runs")
        assert all(found.state.is_scheduled() and found.auto_scheduled for found in runs)
        assert {found.parameters["cadence"] for found in runs} == {name}
        (schedule,) = site.deployment(f"indicators/{name}").schedules
        assert schedule.active
        assert schedule.schedule.timezone == "UTC"
    first = min(found.expected_start_time for found in site.runs("monthly"))
    assert (first.day, first.hour, first.utcoffset()) == (5, 6, dt.timedelta(0))
    assert site.deployment("indicators/daily").concurrency_options.collision_strategy == "ENQUEUE"


def test_the_worker_runs_a_scheduled_run(site: Site) -> None:
    """A run that the scheduler itself makes, of a schedule that comes soon."""
    from prefect.client.schemas.schedules import RRuleSchedule

    for name in ("down", "gone"):
        (site.archive.directory / "recipes" / f"{name}.yaml").unlink()
    start = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=8)
    rule = f"DTSTART:{start:%Y%m%dT%H%M%SZ}\nRRULE:FREQ=DAILY;COUNT=1"
    deployment = site.deployment("indicators/daily")
    with site.client() as client:
        client.create_deployment_schedules(deployment.id, [(RRuleSchedule(rrule=rule), True)])

    def completed() -> Any:
        return [found for found in site.runs("daily") if found.state.is_completed()]

    done = wait_until(completed, 180, "a scheduled run of the daily deployment is completed")
    assert done[0].auto_scheduled
    assert (site.root / "outputs/good/good.nc").is_file()
    assert site.archive.hits("good") == 1
    said = "sco_pipeline.pipeline: good: wrote"
    wait_until(lambda: said in site.logs(done[0].id), 30, "the package's log is in the run")


def test_two_runs_that_are_asked_for_share_one_fetch_and_keep_its_credential(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One product of both; the Secret block is in no deployment, run, log or product."""
    from prefect.blocks.system import Secret
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows import deploy

    site.archive.add("closed", cadence="once", credential="my-archive")
    site.archive.server.put("/closed.nc", darwin())
    monkeypatch.setenv("SCO_CATALOG_DIR", str(site.archive.directory))
    with temporary_settings({PREFECT_API_URL: site.api}), site.client() as client:
        Secret(value="S3CR3T").save("sco-my-archive")  # type: ignore[call-arg]
        deploy.pass_on_credentials(client, "sco")
        pool = client.read_work_pool("sco").model_dump_json()
    runs = [site.start(recipe="closed"), site.start(recipe="closed")]
    assert all(site.ended(found).is_completed() for found in runs)
    told_once = ("closed: wrote 1 files", "closed is up to date")
    logs = wait_until(
        lambda: (
            (text := "".join(site.logs(found) for found in runs))
            and all(part in text for part in told_once)
            and text
        ),
        60,
        "the logs of both runs arrive",
    )
    assert [logs.count(part) for part in told_once] == [1, 1]
    written = sorted(path.name for path in (site.root / "outputs/closed").iterdir())
    assert written == ["closed.nc", "product.json"]
    (hit,) = site.archive.server.hits("/closed.nc")
    assert hit.headers["Authorization"] == "Bearer S3CR3T"
    with site.client() as client:
        told = [pool, site.deployment("indicator/recipe").model_dump_json(), logs]
        told += [run.model_dump_json() for run in client.read_flow_runs()]
        told += [run.model_dump_json() for run in client.read_task_runs()]
        told += [artifact.model_dump_json() for artifact in client.read_artifacts()]
    assert not any("S3CR3T" in text for text in told)
    kept = [p for p in (site.root / "outputs").rglob("*") if p.is_file()]
    kept += [p for p in (site.root / "cache").rglob("*") if p.is_file()]
    kept += [site.root / "server.log", site.root / "worker.log"]
    assert not any(b"S3CR3T" in path.read_bytes() for path in kept)


def test_bad_parameters_are_refused_before_any_download(site: Site) -> None:
    from prefect.exceptions import PrefectHTTPStatusError

    before = len(site.archive.server.hits())
    with pytest.raises(PrefectHTTPStatusError, match="recipe"):
        site.start(force=True)
    with pytest.raises(PrefectHTTPStatusError, match="force"):
        site.start(recipe="good", force="perhaps")
    state = site.ended(site.start(recipe="goood"))
    assert state.is_failed()
    assert state.message.endswith("CatalogError: unknown recipe 'goood'. Did you mean 'good'?")
    assert len(site.archive.server.hits()) == before


def test_deploying_makes_what_the_server_lacks_and_removes_what_is_gone(site: Site) -> None:
    from prefect.client.schemas.schedules import CronSchedule

    from flows import deploy
    from flows.check import check

    yearly = site.deployment("indicators/yearly")
    with site.client() as client:
        assert client.read_work_pool("sco").type == "process"
        assert client.read_global_concurrency_limit_by_name("archive-ncar").limit == 2
        assert len(client.read_automations_by_name("mark-killed-runs-as-crashed")) == 1
        gone = (CronSchedule(cron="0 0 1 1 *"), True)
        client.create_deployment_schedules(yearly.id, [gone], slug="gone")
        for _ in range(2):
            deploy.make_automations(client)
            deploy.remove_what_is_gone(client, check(ROOT / "prefect.yaml"))
        assert len(client.read_automations_by_name("mark-killed-runs-as-crashed")) == 1
    assert [s.slug for s in site.deployment("indicators/yearly").schedules] == ["yearly"]


def test_a_killed_run_is_marked_as_crashed_and_the_next_one_works(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL: the heartbeat stops, the shipped automation sees it, nothing half is published."""
    from prefect.events.schemas.automations import AutomationCore

    text = (ROOT / "flows/server/automations.yaml").read_text(encoding="utf-8")
    (content,) = yaml.safe_load(text)["automations"]
    content["trigger"]["within"] = 12  # 540 s otherwise; nothing else is changed
    content["name"] = "quick"
    site.archive.add("killed", cadence="once")
    site.archive.server.play("/killed.nc", drip(darwin(), 0.2))
    with site.client() as client:
        client.create_automation(AutomationCore.model_validate(content))
    log = site.root / "killed.log"
    with process(["-m", "flows.indicators", "killed"], site.env, log) as child:
        wait_until(lambda: site.archive.hits("killed"), 120, "the download has begun")
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    with site.client() as client:
        (found,) = [flow_run for flow_run in client.read_flow_runs() if flow_run.name == "killed"]
    state = site.ended(found.id)
    assert state.is_crashed()
    assert "has not been heard of" in state.message
    assert not (site.root / "outputs/killed").exists()
    del site.archive.server.plays["/killed.nc"]
    site.archive.server.put("/killed.nc", darwin())
    for name, value in site.archive.environment(site.root).items():
        monkeypatch.setenv(name, value)
    assert sco.run("killed").up_to_date is False
    assert sorted(path.name for path in (site.root / "outputs/killed").iterdir()) == [
        "killed.nc", "product.json",
    ]  # fmt: skip
