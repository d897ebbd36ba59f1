"""What is wrong with a request can be said before anything is fetched or computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import IndicatorError, unknown
from .models import Period
from .recipes import IndicatorRequest

Baseline = Period | tuple[int | str, int | str] | None
FIELD = "field"


@dataclass(frozen=True)
class Signature:
    """What a request must fit.

    Attributes
    ----------
    id : str
        Name of the indicator.
    inputs : tuple of str
        Catalog variables, or ``("field",)`` for any variable.
    options : mapping
        Options with their defaults.
    needs_baseline : bool
        Whether it needs a base period.
    """

    id: str
    inputs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    needs_baseline: bool = field(default=False, kw_only=True)

    @property
    def takes_any_variable(self) -> bool:
        """Whether it is an indicator of any variable."""
        return self.inputs == (FIELD,)


def check_requests(
    requests: Sequence[IndicatorRequest], baseline: Baseline, known: Mapping[str, Signature]
) -> None:
    """Refuse indicators, options and names that cannot be computed, whatever the data are.

    Parameters
    ----------
    requests : sequence of IndicatorRequest
        What a recipe asks for.
    baseline : Period, (first year, last year) or None
        Base period.
    known : mapping of str to Signature
        The indicators; raises for a name that it does not hold.

    Raises
    ------
    IndicatorError
        For an unknown option, a missing baseline, a needless or missing ``of``, or a name that is
        given twice.
    """
    names: set[str] = set()
    for request in requests:
        entry = known[request.id]
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


def _check_field(entry: Signature, request: IndicatorRequest) -> None:
    """Refuse an `of` that is missing or does not belong there."""
    if entry.takes_any_variable and request.of is None:
        raise IndicatorError(
            f"indicator {entry.id!r} is one of any variable; say which, with 'of:'"
        )
    if not entry.takes_any_variable and request.of is not None:
        raise IndicatorError(
            f"indicator {entry.id!r} is one of {', '.join(entry.inputs)}; leave 'of:' out"
        )
