"""What prefect.yaml may say. Prefect passes over keys that it does not know; this does not."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sco_pipeline.catalog.models import Id, Text
from sco_pipeline.catalog.yaml_file import YamlFile

Entrypoint = Annotated[str, StringConstraints(pattern=r"^[\w/.-]+\.py:\w+$")]
Steps = list[dict[str, dict[str, Any]]]


class AnchoredYamlFile(YamlFile):
    """YAML with line numbers in which a definition may be used more than once."""

    allows_anchors = True


class Part(BaseModel):
    """Base of all parts: frozen, strict about keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Schedule(Part):
    """When a deployment runs; the slug is how the server recognises it at the next deploy."""

    cron: Text
    timezone: Literal["UTC"]
    slug: Id
    active: bool = True
    parameters: dict[str, Any] = {}


class ConcurrencyLimit(Part):
    """How many runs at a time; CANCEL_NEW would drop runs, so it may not be said."""

    limit: int = Field(ge=1)
    collision_strategy: Literal["ENQUEUE"]


class JobVariables(Part):
    """What a process worker is told."""

    env: dict[str, str] = {}
    working_dir: str | None = None
    stream_output: bool = True


class WorkPool(Part):
    """Where runs are carried out."""

    name: Id
    work_queue_name: Id | None = None
    job_variables: JobVariables = JobVariables()


class Deployment(Part):
    """One flow with its parameters and schedules."""

    name: Id
    description: Text
    entrypoint: Entrypoint
    parameters: dict[str, Any] = {}
    tags: list[Id] = Field(min_length=1)
    schedules: list[Schedule] = []
    concurrency_limit: ConcurrencyLimit
    work_pool: WorkPool


class DeploymentFile(Part):
    """The whole of prefect.yaml."""

    name: Text
    definitions: Any = None
    build: Steps = []
    push: Steps = []
    pull: Steps = Field(min_length=1)
    deployments: list[Deployment] = Field(min_length=1)
