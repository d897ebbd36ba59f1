import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from sco_pipeline.errors import IndicatorError
from sco_pipeline.registry import Registry


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules, one nested, that register one entry each."""
    root = tmp_path / "rooms_for_test"
    (root / "inner").mkdir(parents=True)
    (root / "__init__.py").write_text(
        "from sco_pipeline.registry import Registry\n"
        "from sco_pipeline.errors import IndicatorError\n"
        "table = Registry('thing', IndicatorError, 'rooms_for_test')\n"
    )
    (root / "inner" / "__init__.py").write_text("")
    (root / "one.py").write_text("from . import table\ntable.add('one', 1)\n")
    (root / "inner" / "two.py").write_text("from .. import table\ntable.add('two', 2)\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield root
    for name in [name for name in sys.modules if name.startswith("rooms_for_test")]:
        del sys.modules[name]


def test_modules_of_the_package_register_themselves(package):
    from rooms_for_test import table

    assert dict(table) == {"one": 1, "two": 2}
    assert len(table) == 2
    assert "one" in table
    assert "three" not in table


def test_an_unknown_name_raises_the_error_of_the_room(package):
    from rooms_for_test import table

    with pytest.raises(IndicatorError, match=r"unknown thing 'on'. Did you mean 'one'\?"):
        table["on"]


def test_a_name_is_given_once():
    table = Registry("thing", IndicatorError, "sco_pipeline.indicators")
    table.add("one", 1)
    with pytest.raises(IndicatorError, match="'one' is registered twice"):
        table.add("one", 2)


def test_a_module_that_cannot_be_imported_stops_the_program(package):
    (package / "broken.py").write_text("import no_such_module_at_all\n")
    from rooms_for_test import table

    for look in (list, lambda table: table["broken"], lambda table: table["two"]):
        with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
            look(table)


def test_an_entry_in_the_module_of_its_name_is_found_without_importing_the_others(package):
    (package / "broken.py").write_text("import no_such_module_at_all\n")
    (package / "two_words.py").write_text("from . import table\ntable.add('two-words', 3)\n")
    from rooms_for_test import table

    assert table["one"] == 1
    assert table["two-words"] == 3


@pytest.mark.parametrize("name", ["", ".one", "inner.two", "../one", "one two"])
def test_a_name_that_is_no_module_is_an_unknown_name(package, name):
    from rooms_for_test import table

    with pytest.raises(IndicatorError, match="unknown thing"):
        table[name]


def test_threads_that_look_at_once_all_see_everything(package):
    (package / "slow.py").write_text(
        "import time\nfrom . import table\ntime.sleep(0.3)\ntable.add('slow', 3)\n"
    )
    from rooms_for_test import table

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: table["slow"], range(8))) == [3] * 8
