"""What recipes may ask for stands in a table that is right, and is not the last word."""

import json

import pytest

import sco_pipeline as sco
from sco_pipeline import abilities
from sco_pipeline.abilities import refuse_what_cannot_be_made
from sco_pipeline.catalog import Recipe, load_catalog
from sco_pipeline.errors import ScoError
from scripts.make_abilities import table

RECIPE = {
    "id": "demo", "title": "Demo", "summary": "Demo.", "inputs": {"tos": "x", "tasmax": "x"},
    "indicators": [{"id": "climatology", "of": "tos"}], "cadence": "once", "formats": ["netcdf"],
    "regions": ["boxes"],
    "baseline": {"start": "2000-01-01", "end": "2009-12-31"},
}  # fmt: skip


def recipe(**more: object) -> Recipe:
    return Recipe.model_validate({**RECIPE, **more})


def test_the_table_is_what_the_registries_say():
    assert abilities.TABLE.read_text() == table(), "run: python scripts/make_abilities.py"


def test_every_recipe_of_the_catalog_stands_in_the_table():
    for entry in load_catalog().recipes.values():
        if not any(request.statistic == "quantile" for request in entry.regional):
            assert abilities._is_in_table(entry), entry.id


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"indicators": [{"id": "climatolgy", "of": "tos"}]}, "Did you mean 'climatology'"),
        ({"indicators": [{"id": "su", "options": {"treshold": 1}}]}, "Did you mean 'threshold'"),
        ({"indicators": [{"id": "climatology"}]}, "say which, with 'of:'"),
        ({"indicators": [{"id": "su", "of": "tasmax"}]}, "leave 'of:' out"),
        ({"baseline": None}, "needs a baseline"),
        ({"formats": ["netcfd"]}, "Did you mean 'netcdf'"),
        ({"regional": [{"of": "tos", "statistic": "maximun"}]}, "Did you mean 'maximum'"),
        ({"regional": [{"of": "tos", "statistic": "area_above"}]}, r"options \['threshold'\]"),
        (
            {"regional": [{"of": "tos", "statistic": "quantile", "options": {"q": 2}}]},
            "expected 0 to 1",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_sentence_of_its_registry(more, sentence):
    with pytest.raises(ScoError, match=sentence):
        refuse_what_cannot_be_made(recipe(**more))


def test_what_the_table_lacks_is_asked_of_the_registries(tmp_path, monkeypatch):
    empty = tmp_path / "abilities.json"
    empty.write_text(json.dumps({"formats": [], "statistics": {}, "indicators": {}}))
    monkeypatch.setattr(abilities, "TABLE", empty)
    abilities._table.cache_clear()
    try:
        refuse_what_cannot_be_made(recipe(regional=[{"of": "tos", "statistic": "maximum"}]))
    finally:
        abilities._table.cache_clear()


def test_every_public_name_of_the_package_is_found_and_listed():
    assert set(sco.__all__) <= set(dir(sco))
    for name in sco.__all__:
        assert getattr(sco, name) is not None
    import sco_pipeline.computing  # a module beside the function `compute`

    assert callable(sco.compute) and sco_pipeline.computing
    with pytest.raises(AttributeError, match="no attribute 'fech'"):
        sco.fech  # noqa: B018
