"""A store that lies at several addresses: the first one that gives everything."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import AccessError
from .absence import NotThereError
from .addresses import clean, through_mirror
from .receive import Received, Receiver

logger = logging.getLogger(__name__)


def from_first(
    receiver: Receiver, addresses: Sequence[str], receive: Callable[[str], Received]
) -> Received:
    """Receive from the first address that has everything, and say which if it was a mirror.

    Parameters
    ----------
    receiver : Receiver
        Knows the mirrors of the settings.
    addresses : sequence of str
        The address and the mirrors of the catalog entry.
    receive : callable
        Receives everything from one address.

    Returns
    -------
    Received
        With ``served_by``, if it did not come from the address itself.

    Raises
    ------
    AccessError
        If all fail: one for which waiting may help, else that of the address itself.
    NotThereError
        If the address answers that there is nothing.
    """
    failures: list[AccessError | NotThereError] = []
    for address in addresses:
        try:
            received = receive(address)
        except (AccessError, NotThereError) as error:
            failures.append(error)
            if len(addresses) > 1:
                logger.warning("dataset %s: %s", receiver.entry.id, error)
            continue
        mirrored = through_mirror(address, receiver.settings.mirrors)
        if mirrored or failures:
            return replace(received, served_by=clean(mirrored or address))
        return received
    waiting = (f for f in failures if isinstance(f, AccessError) and f.retryable)
    first = failures[0]
    raise first if isinstance(first, NotThereError) else next(waiting, first)
