"""Prefect flows: they bind steps and hold no science, no paths and no defaults.

Prefect reads its settings when it is imported, so what every flow of this project needs is said
here, before that. What stands in the environment already wins.
"""

import logging
import os

for _name, _value in {
    "PREFECT_LOGGING_EXTRA_LOGGERS": "sco_pipeline",  # the package's log shows in the run
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",  # dask's threads know no run
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # a cold disk needs more than 20
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}.items():
    os.environ.setdefault(_name, _value)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Log an error raised on purpose as one line; a defect keeps its traceback."""
    from sco_pipeline.errors import ScoError

    if record.exc_info and isinstance(record.exc_info[1], ScoError):
        record.exc_info = None
    return True


logging.getLogger("sco_pipeline").setLevel(logging.INFO)
for _name in ("prefect.flow_runs", "prefect.task_runs"):
    logging.getLogger(_name).addFilter(_without_traceback)
