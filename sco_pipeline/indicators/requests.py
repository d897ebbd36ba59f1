"""What is wrong with a request can be said before anything is fetched or computed."""

from __future__ import annotations

from collections.abc import Sequence

from ..catalog import IndicatorRequest, Period
from ..errors import IndicatorError, unknown
from .indicator import Indicator, indicators

Baseline = Period | tuple[int | str, int | str] | None


def check_requests(requests: Sequence[IndicatorRequest], baseline: Baseline) -> None:
    """Refuse indicators, options and names that cannot be computed, whatever the data are.

    Parameters
    ----------
    requests : sequence of IndicatorRequest
        What a recipe asks for.
    baseline : Period, (first year, last year) or None
        Base period.

    Raises
    ------
    IndicatorError
        For an unknown indicator or option, a missing baseline, a needless or missing ``of``, or a
        name that is given twice.
    """
    names: set[str] = set()
    for request in requests:
        entry = indicators[request.id]
        for option in request.options:
            if option not in entry.options:
                raise IndicatorError(
                    f"indicator {entry.id!r}: {unknown('option', option, entry.options)}"
                )
        if entry.needs_baseline and baseline is None:
            raise IndicatorError(
                f"indicator {entry.id!r} needs a baseline; add 'baseline:' to the recipe"
            )
        _check_field(entry, request)
        if request.output in names:
            raise IndicatorError(f"two results are called {request.output!r}; give one a 'name:'")
        names.add(request.output)


def _check_field(entry: Indicator, request: IndicatorRequest) -> None:
    """Refuse an `of` that is missing or does not belong there."""
    if entry.takes_any_variable and request.of is None:
        raise IndicatorError(
            f"indicator {entry.id!r} is one of any variable; say which, with 'of:'"
        )
    if not entry.takes_any_variable and request.of is not None:
        raise IndicatorError(
            f"indicator {entry.id!r} is one of {', '.join(entry.inputs)}; leave 'of:' out"
        )
