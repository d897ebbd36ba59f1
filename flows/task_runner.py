"""Tasks in threads that do not hold up the end of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Self, cast

from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner


class DaemonThreadExecutor(Executor):
    """One daemon thread for each call, of which so many work at a time."""

    def __init__(self, max_workers: int) -> None:
        self._slots = threading.BoundedSemaphore(max_workers)
        self._futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in a thread of its own, as soon as there is a slot."""
        future: Future[Any] = Future()
        self._futures.append(future)

        def work() -> None:
            with self._slots:
                if not future.set_running_or_notify_cancel():
                    return
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:
                    future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Cancel what has not begun; wait for the others unless they are to be cancelled."""
        for future in self._futures:
            if cancel_futures:
                future.cancel()
            elif wait:
                future.exception()


class PromptTaskRunner(ThreadPoolTaskRunner[Any]):
    """A `ThreadPoolTaskRunner` whose sleeping tasks end with the run.

    A task that waits an hour for its next try sleeps in its thread. Prefect's own pool waits for
    that thread before it lets a terminated run end, and so does the interpreter.
    """

    def __enter__(self) -> Self:
        """Start, with threads that nobody waits for."""
        super().__enter__()
        if self._executor is not None:
            self._executor.shutdown()
        self._executor = DaemonThreadExecutor(self._max_workers)  # type: ignore[assignment]
        return self


# products are made one after the other, in the thread of the flow
FETCHES_SIDE_BY_SIDE = cast("TaskRunner[PrefectFuture[Any]]", PromptTaskRunner(max_workers=8))
