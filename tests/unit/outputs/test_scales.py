"""Scales fit the quantity, are round, symmetric where zero matters, and safe for colour-blind."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from sco_pipeline.outputs.scales import is_count, is_diverging, nice_step, scale_of, sides_of
from sco_pipeline.outputs.text import number


def field(values, name="x", **attrs):
    return xr.DataArray(np.asarray(values, dtype=float), dims="cell", name=name, attrs=attrs)


@pytest.mark.parametrize(
    ("name", "attrs", "expected"),
    [
        ("tos_anomaly", {"indicator": "anomaly"}, True),
        ("zos_departure", {"indicator": "departure"}, True),
        ("tas_trend", {"indicator": "trend"}, True),
        ("spi3", {"indicator": "spi"}, True),
        ("soi_standardised_anomaly", {"indicator": "standardised_anomaly"}, True),
        ("tos_climatology", {"standard_name": "sea_surface_temperature"}, False),
        ("zos_variability", {"cell_methods": "time: standard_deviation"}, False),
        ("tos_warm_months", {"indicator": "warm_months"}, False),
        ("ndvi", {"standard_name": "normalized_difference_vegetation_index"}, False),
        ("ndvi_anomaly", {"standard_name": "normalized_difference_vegetation_index"}, True),
        ("tas_trend_pvalue", {"indicator": "trend"}, False),
        ("tas_trend_significant", {"indicator": "trend"}, False),
        ("tas_trend_lower", {"indicator": "trend"}, True),
    ],
)
def test_diverging_by_meaning(name, attrs, expected):
    assert is_diverging(field([1.0], name, **attrs)) is expected


@given(
    st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=2, max_size=50),
    st.booleans(),
)
def test_levels_rise_hold_the_values_and_are_symmetric(values, diverging):
    scale = scale_of(field(values, "anomaly" if diverging else "mean"))
    levels = np.array(scale.levels)
    assert (np.diff(levels) > 0).all()
    assert 3 <= levels.size <= 15
    if diverging:
        assert np.allclose(levels, -levels[::-1])
        assert 0.0 in levels
        assert scale.extend in ("neither", "both")
    if scale.extend == "neither":
        noise = 1e-5 * (levels[-1] - levels[0])
        assert min(values) >= levels[0] - noise
        assert max(values) <= levels[-1] + noise


@given(st.floats(1e-9, 1e9), st.integers(2, 12))
def test_nice_step_covers_the_span(span, count):
    step = nice_step(span, count)
    assert step * count >= span * (1 - 1e-6)
    assert nice_step(span, count) < 2.6 * span / count
    mantissa = step / 10 ** np.floor(np.log10(step * 1.0000001))
    assert any(np.isclose(mantissa, nice) for nice in (1, 2, 2.5, 5, 10))


def test_counts_have_whole_levels_from_zero():
    scale = scale_of(field([0, 1, 2, 5, 7], "tos_warm_months"))
    assert scale.levels[0] == 0
    assert all(level == int(level) for level in scale.levels)
    assert scale.colours == "YlOrRd"


def test_temperature_is_sequential_around_its_own_values():
    scale = scale_of(field(np.linspace(20, 30, 200), standard_name="sea_surface_temperature"))
    assert scale.colours == "cmo.thermal"
    assert scale.levels[0] >= 20
    assert scale.levels[-1] <= 31


@pytest.mark.parametrize("values", [[3.0, 3.0], [0.0], [np.nan, np.nan], [-2.0]])
def test_odd_fields_have_a_scale(values):
    levels = scale_of(field(values)).levels
    assert list(levels) == sorted(set(levels))


def test_chlorophyll_grows_by_factors():
    name = {"standard_name": "mass_concentration_of_chlorophyll_a_in_sea_water"}
    scale = scale_of(field(np.geomspace(0.03, 8, 500), **name))
    assert scale.levels == (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    assert [number(level, scale.levels) for level in scale.levels[:3]] == ["0.02", "0.05", "0.1"]


@pytest.mark.parametrize(
    ("low", "high", "levels"),
    [
        (0.06, 0.9, (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)),
        (20.0, 60.0, (20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0)),
    ],
)
def test_a_narrow_range_of_chlorophyll_has_finer_levels(low, high, levels):
    name = {"standard_name": "mass_concentration_of_chlorophyll_a_in_sea_water"}
    assert scale_of(field(np.geomspace(low, high, 100), **name)).levels == levels


def test_wet_is_green_and_dry_is_brown():
    about = {"standard_name": "lwe_precipitation_rate"}
    assert scale_of(field([-1.0, 1.0], "pr_anomaly", **about)).colours == "BrBG"
    assert scale_of(field([-1.0, 1.0], "lwe_trend")).colours == "BrBG"


def test_bars_have_the_colours_of_the_maps():
    warm, wet, icy = (sides_of(field([1.0], name)) for name in ("tos", "pr_precip", "siconc"))
    assert warm == ("#2065ab", "#b1182b")
    assert icy == warm[::-1]
    assert wet[0] == "#8b500a"


def test_open_water_is_not_black():
    _, colours = scale_of(field(np.linspace(0, 100, 300), "siconc_climatology")).norm_and_map()
    assert max(colours(0)[:3]) > 0.5 and min(colours(255)[:3]) > 0.85


def test_wavelengths_are_no_waves():
    name = {"long_name": "Aerosol optical depth at the wavelength of 550 nm"}
    assert scale_of(field([0.1, 0.5], "aod_period_mean", **name)).colours == "YlOrBr"


def test_no_days_at_all_have_whole_levels():
    scale = scale_of(field([0.0, 0.0, 0.0], "wsdi", units="d"))
    assert scale.levels[:2] == (0.0, 1.0)
    assert is_count(field([0.0, 2.0], "marine_heatwaves_count_regional", units="1"))


def without_green_cones(rgb: np.ndarray) -> np.ndarray:
    """Return colours as seen with deuteranopia (Machado et al. 2009, severity 1)."""
    matrix = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    )
    return np.clip(rgb**2.2 @ matrix.T, 0, 1) ** (1 / 2.2)


@pytest.mark.parametrize(
    ("name", "attrs"),
    [
        ("tos_anomaly", {}),
        ("pr_anomaly", {"standard_name": "precipitation_flux"}),
        ("ndvi_anomaly", {}),
        ("tos", {"standard_name": "sea_surface_temperature"}),
        ("x", {}),
        ("tos_warm_months", {}),
    ],
)
def test_all_colours_differ_without_green_cones(name, attrs):
    values = np.linspace(-3, 3, 500) if "anomaly" in name else np.arange(12)
    scale = scale_of(field(values, name, **attrs))
    norm, colours = scale.norm_and_map()
    middles = (np.array(scale.levels[1:]) + np.array(scale.levels[:-1])) / 2
    seen = without_green_cones(np.array([colours(norm(value))[:3] for value in middles]))
    distance = np.linalg.norm(seen[:, None] - seen[None, :], axis=-1)
    assert distance[~np.eye(len(seen), dtype=bool)].min() > 0.05
