"""How far a run is: a progress artifact, and one line in the log for each step."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact

if TYPE_CHECKING:
    from sco_pipeline.access.progress import Progress as FetchProgress

log = logging.getLogger("sco_pipeline.flows")
FETCHED = 0.5  # share of a recipe; the other half is computing and writing
SECONDS_BETWEEN_UPDATES = 5.0


class Progress:
    """The share of each recipe of a run that is done.

    Parameters
    ----------
    recipes : sequence of str
        Ids of the recipes of the run.
    """

    def __init__(self, recipes: Sequence[str]) -> None:
        self._done = dict.fromkeys(recipes, 0.0)
        self._shown = time.monotonic()
        description = f"{len(recipes)} recipes"
        created = create_progress_artifact(0.0, key="progress", description=description)
        self._artifact = cast(UUID, created)

    def note(self, recipe: str, share: float, what: str) -> None:
        """Say in the log what was done, and that this share of the recipe is done with it."""
        self._done[recipe] = share
        get_run_logger().info("%3.0f %% %s %s", self._percent(), what, recipe)
        self._show()

    @contextmanager
    def inside(self, recipe: str) -> Iterator[None]:
        """Show every few seconds which share of dask's graph is computed."""
        from dask.callbacks import Callback

        def after_task(
            key: object, result: object, graph: object, state: Mapping[str, Any], worker: object
        ) -> None:
            if time.monotonic() - self._shown < SECONDS_BETWEEN_UPDATES:
                return
            finished = len(state["finished"])
            open_tasks = sum(len(state[kind]) for kind in ("ready", "waiting", "running"))
            share = FETCHED + (1 - FETCHED) * finished / (finished + open_tasks)
            self._done[recipe] = max(self._done[recipe], share)
            self._show()

        with Callback(posttask=after_task):
            yield

    def _percent(self) -> float:
        return 100.0 * sum(self._done.values()) / max(1, len(self._done))

    def _show(self) -> None:
        self._shown = time.monotonic()
        update_progress_artifact(self._artifact, round(self._percent(), 1))


def fetch_reporter(recipe: str) -> Callable[[FetchProgress], None]:
    """Return a function that shows how far a fetch has come, every few seconds.

    Parameters
    ----------
    recipe : str
        Id of the recipe; the artifact is named after it.

    Returns
    -------
    callable
        Takes a report of `sco_pipeline.access`, from any thread.
    """
    artifact = cast(UUID, create_progress_artifact(0.0, key=f"{recipe}-fetch"))
    guard = threading.Lock()
    shown = time.monotonic()

    def report(state: FetchProgress) -> None:
        nonlocal shown
        finished = state.files_done == state.files_total
        with guard:
            if not finished and time.monotonic() - shown < SECONDS_BETWEEN_UPDATES:
                return
            shown = time.monotonic()
        share = state.files_done / max(1, state.files_total)
        said = f"{state.files_done} of {state.files_total} files of {state.dataset}"
        said += f", {state.bytes_done / 1e6:.1f} MB fetched"
        log.info("%s: %s", recipe, said)
        update_progress_artifact(artifact, round(100.0 * share, 1), description=said)

    return report
