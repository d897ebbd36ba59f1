"""Check of prefect.yaml: ``python -m flows.check``; nothing is asked of a server.

Prefect deploys a file with a typing error as if the mistyped key were not there, and stops at the
first deployment that it refuses when the earlier ones are already changed.
"""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.deployment_file import AnchoredYamlFile, Deployment, DeploymentFile
from sco_pipeline.catalog.yaml_file import Location
from sco_pipeline.errors import CatalogError, unknown
from sco_pipeline.settings import Settings

Fault = tuple[Location, str]


def check(path: Path) -> DeploymentFile:
    """Read a prefect.yaml and check that it can be deployed as it stands.

    Parameters
    ----------
    path : Path
        The file; its entrypoints are relative to its directory.

    Returns
    -------
    DeploymentFile
        What it says.

    Raises
    ------
    CatalogError
        With one line for each fault: file, line, key, what was found and what was expected.
    """
    file = AnchoredYamlFile(path)
    try:
        content = DeploymentFile.model_validate(file.content)
    except ValidationError as error:
        faults = [(tuple(fault["loc"]), _sentence(fault)) for fault in error.errors()]
        raise _refusal(file, faults) from None
    faults = [*_duplicates(content), *_step_faults(content)]
    for number, deployment in enumerate(content.deployments):
        here: Location = ("deployments", number)
        faults += [((*here, *at), text) for at, text in _deployment_faults(deployment, path.parent)]
    if faults:
        raise _refusal(file, faults)
    return content


def _refusal(file: AnchoredYamlFile, faults: list[Fault]) -> CatalogError:
    return CatalogError("\n".join(f"{file.where(at)}: {text}" for at, text in faults))


def _sentence(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return f"unknown key {fault['loc'][-1]!r}; correct or remove it"
    if fault["type"] == "missing":
        return "this key is missing; add it"
    return f"{fault['msg']} (found {fault['input']!r:.80})"


def _duplicates(content: DeploymentFile) -> Iterator[Fault]:
    """Find names and slugs that stand twice, and a second work pool."""
    names = Counter(d.name for d in content.deployments)
    pools = {d.work_pool.name for d in content.deployments}
    for number, deployment in enumerate(content.deployments):
        here: Location = ("deployments", number)
        if names[deployment.name] > 1:
            yield (*here, "name"), f"{deployment.name!r} stands twice; rename one"
        if len(pools) > 1:
            yield (*here, "work_pool", "name"), f"one work pool is expected, found {sorted(pools)}"
        slugs = Counter(schedule.slug for schedule in deployment.schedules)
        for i, schedule in enumerate(deployment.schedules):
            if slugs[schedule.slug] > 1:
                at = (*here, "schedules", i, "slug")
                yield at, f"{schedule.slug!r} stands twice; give each schedule a slug of its own"


def _step_faults(content: DeploymentFile) -> Iterator[Fault]:
    """Find steps that do not exist, or are given what they do not take."""
    from prefect.utilities.importtools import import_object

    for kind in ("build", "push", "pull"):
        for i, step in enumerate(getattr(content, kind)):
            for name, given in step.items():
                try:
                    function = import_object(name)
                except (ImportError, AttributeError, ValueError):
                    yield (kind, i, name), f"no step {name!r} can be imported"
                    continue
                yield from (
                    ((kind, i, name, *at), text)
                    for at, text in _argument_faults(function, given.keys() - {"id", "requires"})
                )


def _argument_faults(function: Callable[..., Any], given: set[str]) -> Iterator[Fault]:
    known = inspect.signature(function).parameters
    for name in sorted(given - known.keys()):
        yield (name,), unknown("parameter", name, known)
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in given:
            yield (), f"the parameter {name!r} is missing; add it"


def _deployment_faults(deployment: Deployment, directory: Path) -> Iterator[Fault]:
    """Find what the flow of a deployment, the scheduler or the settings would not take."""
    from prefect.exceptions import MissingFlowError, ScriptError
    from prefect.flows import load_flow_from_entrypoint

    for name, value in deployment.work_pool.job_variables.env.items():
        if name.startswith("SCO_TOKENS") or "prefect.blocks." in value:
            at = ("work_pool", "job_variables", "env", name)
            yield at, "Prefect would keep the secret in clear; make a block, see deploy.md"
        field = name.removeprefix("SCO_").split("__")[0].lower()
        if name.startswith("SCO_") and field not in Settings.model_fields:
            at = ("work_pool", "job_variables", "env", name)
            known = (f"SCO_{field.upper()}" for field in Settings.model_fields)
            yield at, unknown("setting", name, known)
    try:
        entrypoint = str(directory / deployment.entrypoint)
        flow: Any = load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)
    except (MissingFlowError, ScriptError, OSError) as error:
        yield ("entrypoint",), f"no flow is at {deployment.entrypoint!r}: {error!s:.200}"
        return
    yield from _parameter_faults(flow, deployment)


def _parameter_faults(flow: Any, deployment: Deployment) -> Iterator[Fault]:
    """Find parameters that the flow does not take, and schedules that lack one."""
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.utilities.callables import parameter_schema
    from prefect.utilities.schema_tools import ValidationError as BadParameter
    from prefect.utilities.schema_tools import validate

    schema = parameter_schema(flow).model_dump_for_openapi()
    sets: list[tuple[Location, dict[str, Any], bool]] = [
        (("parameters",), deployment.parameters, False)
    ]
    for i, schedule in enumerate(deployment.schedules):
        at: Location = ("schedules", i)
        sets.append(((*at, "parameters"), {**deployment.parameters, **schedule.parameters}, True))
        try:
            CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
        except ValueError as error:
            yield (*at, "cron"), f"{schedule.cron!r} is not a cron line: {error!s:.120}"
    for at, given, complete in sets:
        for name in given.keys() - schema["properties"].keys():
            yield (*at, name), unknown("parameter", name, schema["properties"])
        try:
            validate(given, schema, raise_on_error=True, ignore_required=not complete)
        except BadParameter as error:
            yield at, f"flow {flow.name!r} refuses {given!r}: {error!s:.200}"


def main() -> None:
    """Check the file named on the command line, or prefect.yaml in this directory."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "prefect.yaml")
    try:
        content = check(path)
    except CatalogError as error:
        sys.exit(str(error))
    print(f"{path}: {len(content.deployments)} deployments can be deployed")


if __name__ == "__main__":
    main()
