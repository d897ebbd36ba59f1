"""What every task states, and which errors are worth waiting for."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from sco_pipeline.errors import AccessError, ChecksumError, OutputError


class State:
    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome

    def result(self, raise_on_failure: bool) -> Any:
        assert raise_on_failure is False
        if isinstance(self.outcome, ZeroDivisionError):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (AccessError("503", retryable=True), True),
        (ChecksumError("cut", retryable=True), True),
        (AccessError("404"), False),
        (OutputError("full"), False),
        (ValueError("a defect"), False),
        (ZeroDivisionError("the state itself cannot be read"), False),
        (None, False),
    ],
)
def test_only_errors_that_say_so_are_waited_for(outcome: Any, expected: bool) -> None:
    from flows.retries import waiting_may_help

    assert waiting_may_help(None, None, State(outcome)) is expected


def test_every_task_states_what_it_keeps_and_when_it_tries_again() -> None:
    from prefect import Flow, Task
    from prefect.cache_policies import NO_CACHE

    import flows
    from flows.retries import waiting_may_help

    modules = [
        importlib.import_module(f"flows.{found.name}")
        for found in pkgutil.iter_modules(flows.__path__)
    ]
    found = [value for module in modules for value in vars(module).values()]
    tasks = {id(task): task for task in found if isinstance(task, Task)}
    assert len(tasks) >= 2
    for task in tasks.values():
        assert task.cache_policy is NO_CACHE
        assert task.persist_result is False
        assert task.retry_condition_fn is waiting_may_help
        assert task.retry_jitter_factor > 0
        assert task.retries == len(task.retry_delay_seconds)
    flows_found = [value for value in found if isinstance(value, Flow)]
    assert flows_found
    assert not any(value.persist_result for value in flows_found)


def test_flow_modules_are_short() -> None:
    import flows.indicators
    import flows.steps

    for module in (flows.indicators, flows.steps):
        with Path(module.__file__).open(encoding="utf-8") as file:
            assert len(file.readlines()) <= 60
