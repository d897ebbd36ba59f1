"""When a task is worth another try, and how long it waits first."""

from __future__ import annotations

from typing import Any, TypedDict

from prefect.cache_policies import NO_CACHE, CachePolicy

from sco_pipeline.errors import AccessError


class TaskOptions(TypedDict):
    """What every task of this project states."""

    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Any
    cache_policy: CachePolicy
    persist_result: bool


def waiting_may_help(task: object, run: object, state: Any) -> bool:
    """Tell whether the error of a failed task says that waiting may help; never raises.

    An exception in here would make Prefect give up without a word, so what cannot be read is
    "no".
    """
    try:
        error = state.result(raise_on_failure=False)
    except Exception:
        return False
    return isinstance(error, AccessError) and error.retryable


# Seconds of waiting belong to the client in `access`; here are minutes to an hour, with jitter.
# The checked file cache is the cache, so Prefect keeps none.
LONG_WAITS: TaskOptions = {
    "retries": 3,
    "retry_delay_seconds": [60, 600, 3600],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": waiting_may_help,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
