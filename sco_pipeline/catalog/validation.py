"""Content of a file as a model, or one sentence with file, line and key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError

from ..errors import CatalogError, unknown
from .models import Model
from .yaml_file import Location

Entry = TypeVar("Entry", bound=Model)


def validate(model: type[Entry], content: Any, where: Callable[[Location], str]) -> Entry:
    """Return `content` as `model`; `where` tells file, line and key of a location."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        # An unknown key often explains a missing one, so it comes first.
        faults = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        raise CatalogError(_sentence(model, faults[0], where)) from error


def _sentence(model: type[Model], fault: Any, where: Callable[[Location], str]) -> str:
    location = tuple(fault["loc"])
    place = where(location)
    if fault["type"] == "extra_forbidden":
        return f"{place}: {unknown('key', str(location[-1]), _keys_at(model, location[:-1]))}"
    if fault["type"] == "missing":
        return f"{place}: this key is missing; add it"
    message = fault["msg"].removeprefix("Value error, ")
    if isinstance(fault["input"], dict | list):
        return f"{place}: {message}"
    return f"{place}: {message} (found {fault['input']!r:.80})"


def _keys_at(model: type[Model], location: Location) -> list[str]:
    """Return the keys that the part of a model at a location may have."""
    found: set[type[Model]] = {model}
    for step in location:
        inner: set[type[Model]] = set()
        for part in found:
            if step in part.model_fields:
                inner |= set(_models_in(part.model_fields[str(step)].annotation))
        # A step that is no field is an index, a key of a mapping or the tag of a union.
        found = inner or found
    return sorted(key for part in found for key in part.model_fields)


def _models_in(annotation: Any) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, tuple, list, dict):
        for argument in get_args(annotation):
            yield from _models_in(argument)
