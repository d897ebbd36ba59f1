"""What every registered indicator says about itself, and how each was checked independently."""

import re
from pathlib import Path

import pytest

from sco_pipeline.catalog.vocabulary import ecv_fault, standard_name_fault
from sco_pipeline.indicators import indicators

HERE = Path(__file__).parent
TESTS = HERE.parents[1]

CHECKED_BY = {
    # the reference implementation of the ETCCDI indices
    "test_etccdi_referee.py": (
        "reference run",
        "su id tr fd txx txn tnx tnn dtr gsl tx90p tx10p tn90p tn10p wsdi csdi rx1day rx5day sdii "
        "r10mm r20mm rnnmm cdd cwd r95ptot r99ptot prcptot",
    ),
    "test_etccdi_heat.py": (
        "independent computation",
        "ehf hwn hwf hwd hwm hwa hddheat cddcold gddgrow txm tnm tmm",
    ),
    "test_statistics.py": (
        "closed form",
        "climatology anomaly standardised_anomaly warm_months period_mean departure variability",
    ),
    "test_variants.py": ("closed form", "r95pfrac r99pfrac"),
    "test_period_statistics.py": ("peer library", "mean maximum minimum"),
    "test_climatologies.py": (
        "peer library",
        "daily_climatology seasonal_climatology annual_climatology year_to_date stripes",
    ),
    "test_records.py": ("peer library", "rank record percentile_rank"),
    "test_trend.py": ("reference run", "trend"),
    "test_sea_level.py": (
        "independent computation",
        "sea_level_anomaly sea_level_trend sea_level_acceleration rate acceleration deseasonalised "
        "seasonal_range water_storage_anomaly water_storage_mass water_storage_trend",
    ),
    "test_extremes.py": ("published value", "return_level peak_return_level"),
    "test_marine_heatwaves.py": (
        "reference run",
        "marine_heatwaves marine_cold_spells marine_heatwave_threshold",
    ),
    "test_ocean.py": (
        "independent computation",
        "sst_index degree_heating_weeks chlorophyll_anomaly",
    ),
    "test_drought.py": (
        "reference run",
        "spi spei drought_area pet_thornthwaite pet_hargreaves",
    ),
    "test_sea_ice.py": (
        "published value",
        "sea_ice_extent sea_ice_area sea_ice_extent_anomaly sea_ice_season snow_covered_area "
        "snow_season max_swe",
    ),
    "test_vegetation.py": (
        "independent computation",
        "vci phenology burned_area_sum fire_count hot_nights urban_heat soil_moisture_class "
        "soil_moisture_drought_area",
    ),
    "test_gases.py": (
        "published value",
        "growth_rate gas_trend aod_exceedance_days pm25_exceedance_days exceedance_days",
    ),
    "test_xclim_adapter.py": ("peer library", "xclim"),
}
"""Module of tests: the kind of its independent check, and the indicators that it checks."""

OF_THE_FIELD = "of the variable"
WITHOUT_DOI = re.compile(r"WMO-No|WMO \(2017\)|WMO ET-SCI|ISBN|https://|WMO \(2012\)")


@pytest.mark.parametrize("name", indicators)
def test_an_indicator_says_what_it_is(name):
    entry = indicators[name]
    assert entry.definition.endswith((".", ".)")), entry.definition
    assert entry.long_name and entry.units
    assert "doi" in entry.references or WITHOUT_DOI.search(entry.references), entry.references
    if entry.standard_name and "{" not in entry.standard_name:
        units = "1" if entry.standard_name.startswith("number_of_days_") else entry.units
        units = units.removeprefix("1e6 ")  # UDUNITS knows factors, the checker of the catalog not
        assert standard_name_fault(entry.standard_name, units) is None
    assert "{" not in entry.definition


OF_FORMULAS = (
    "mean median sum number share longest run runs max min sqrt exp ln percentile stretch days "
    "running if slope extent"
).split()


@pytest.mark.parametrize("name", indicators)
def test_an_indicator_has_a_formula(name):
    entry = indicators[name]
    assert 5 < len(entry.formula) <= 88 and entry.formula.count("(") == entry.formula.count(")")
    if name != "xclim":
        words = re.findall(r"[a-z]+", entry.formula.lower())
        assert set(words) & set(OF_FORMULAS) or re.search(r"[-+*/^=]", entry.formula)
    options = {part for part in re.findall(r"\b[a-z]+_[a-z_]+\b", entry.formula)}
    assert options <= {*entry.options, *entry.inputs}, "options go by their names"


@pytest.mark.parametrize("name", indicators)
def test_an_indicator_belongs_to_an_essential_climate_variable(name):
    entry = indicators[name]
    if entry.ecv is None:  # then a product takes that of the variable
        assert entry.takes_any_variable
    else:
        assert ecv_fault(entry.ecv) is None


def test_every_indicator_has_an_independent_check():
    found = [name for _, names in CHECKED_BY.values() for name in names.split()]
    assert sorted(found) == sorted(indicators)


@pytest.mark.parametrize("module", CHECKED_BY)
def test_the_check_names_the_indicator(module):
    text = (HERE / module).read_text(encoding="utf-8")
    if module == "test_etccdi_referee.py":  # the names are those of the reference files
        text += (TESTS / "unit" / "indicators" / "slow_indices.py").read_text(encoding="utf-8")
    for name in CHECKED_BY[module][1].split():
        assert re.search(rf"\b{name}\b", text), f"{module} does not name {name}"
