"""The Prefect server of a run that is started by hand."""

from __future__ import annotations

import os
from pathlib import Path

from sco_pipeline.errors import ScoError


def use_embedded_server(home: Path) -> None:
    """Keep clear of the servers, profiles and databases that this user has.

    It takes effect if Prefect has not been imported yet.

    Parameters
    ----------
    home : Path
        Directory of the embedded server's database.
    """
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE"):
        os.environ.pop(name, None)
    home.mkdir(parents=True, exist_ok=True)
    os.environ["PREFECT_HOME"] = str(home.absolute())
    os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "true"


def require_server() -> None:
    """Wait for the server to answer, the embedded one included.

    Raises
    ------
    ScoError
        If none does; what is on disk is as it was.
    """
    from prefect import get_client
    from prefect.settings import get_current_settings

    try:
        with get_client(sync_client=True) as client:
            trouble = client.api_healthcheck()
    except (RuntimeError, ValueError) as error:
        trouble = error
    if trouble is not None:
        where = get_current_settings().api.url or "(none is named and the embedded one is off)"
        raise ScoError(
            f"no Prefect server answers at {where}: start it, correct PREFECT_API_URL, "
            "or make the product without one: sco run"
        ) from trouble
