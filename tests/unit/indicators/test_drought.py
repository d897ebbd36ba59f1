"""SPI, SPEI and evapotranspiration against reference runs, and against SciPy's distributions."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from sco_pipeline.errors import IndicatorError
from sco_pipeline.indicators import compute_indicators
from sco_pipeline.indicators.kernels import spi_fit
from sco_pipeline.indicators.kernels.spi_scores import running_totals, scores

SITES = ("wichita", "era5land_oetztal", "arid_synthetic", "always_zero_month", "ec_1018935_gaps")
SCALES = (1, 3, 6, 12)


@pytest.fixture(scope="module")
def referee(shared):
    return shared / "referee" / "spi"


def site_of(referee, name):
    """A site as a Dataset of monthly rates, and what is said of it."""
    about = json.loads((referee / "sites.json").read_text())[name]
    table = pd.read_csv(referee / "inputs" / f"{name}.csv")
    time = pd.date_range(f"{about['first_year']}-01-01", periods=len(table), freq="MS")
    ds = xr.Dataset(coords={"time": time, "lat": about["latitude"]})
    days = time.days_in_month.to_numpy()
    names = {"prec": "pr", "tmean": "tas", "tmax": "tasmax", "tmin": "tasmin"}
    for column, variable in names.items():
        if column in table:
            values = table[column].to_numpy() / (days if column == "prec" else 1)
            ds[variable] = ("time", values, {"units": "mm d-1" if column == "prec" else "degC"})
    return ds, about


def cases(referee, name):
    """Every base period of a site, with the tag of its files."""
    ds, about = site_of(referee, name)
    for first, last in about["bases"]:
        yield ds, about, (first, last), f"{first}_{last}"


def compare(found, expected, fitted, where, tolerance):
    """Compare scores; months that cannot be fitted are missing in ours."""
    found, expected = np.asarray(found), np.asarray(expected, dtype=float)
    degenerate = ~fitted[np.arange(found.size) % 12]
    assert np.isnan(found[degenerate]).all(), where
    expected = np.where(degenerate | np.isinf(expected), np.nan, expected)
    np.testing.assert_array_equal(
        np.isnan(found) | np.isnan(expected), np.isnan(expected), err_msg=str(where)
    )
    held = np.isfinite(expected)
    np.testing.assert_allclose(found[held], expected[held], rtol=0, atol=tolerance, err_msg=where)
    return int(held.sum())


def holds(ds, base, scale, distribution, shift=0.0, loss=0.0):
    """Calendar months that have a fit."""
    days = ds["time"].dt.days_in_month.values
    totals = running_totals(((ds["pr"].values - loss) * days + shift)[None], scale)
    first = int(ds["time"].dt.year[0])
    return scores(totals, slice(base[0] - first, base[1] - first + 1), distribution, "top", 9, 4)[
        1
    ].holds[0]


@pytest.mark.shared
@pytest.mark.parametrize("distribution", ["gamma", "pearson3"])
@pytest.mark.parametrize("name", SITES)
def test_spi_equals_climate_indices(referee, name, distribution):
    tolerance = {"gamma": 1e-6, "pearson3": 1e-4}[distribution]
    compared = 0
    for ds, _, base, tag in cases(referee, name):
        file = f"spi_{distribution.rstrip('3')}_{tag}.csv"
        expected = pd.read_csv(referee / "expected_climate_indices" / name / file)
        for scale in SCALES:
            found = compute_indicators(
                ds, ["spi"], baseline=base, scale=scale, distribution=distribution
            )
            fitted = holds(ds, base, scale, distribution)
            where = f"{name} {tag} {scale}"
            compared += compare(found["spi"], expected[f"spi{scale}"], fitted, where, tolerance)
            assert int(found["spi_failed_fits"]) == (~fitted).sum()
    assert compared > 1000


@pytest.mark.shared
@pytest.mark.parametrize("name", SITES)
def test_parameters_and_zero_rules_equal_climate_indices(referee, name):
    for ds, _, base, tag in cases(referee, name):
        folder = referee / "expected_climate_indices" / name
        parameters = pd.read_csv(folder / f"gamma_parameters_{tag}.csv")
        days = ds["time"].dt.days_in_month.values
        first = int(ds["time"].dt.year[0])
        years = slice(base[0] - first, base[1] - first + 1)
        for scale in SCALES:
            totals = running_totals((ds["pr"].values * days)[None], scale)
            _, fit = scores(totals, years, "gamma", "top", 3.09, 4)
            expected = parameters[parameters["scale"] == scale]
            np.testing.assert_allclose(fit.zeros[0], expected["prob_zero"], atol=1e-12)
            for i, column in enumerate(("alpha", "beta")):
                finite = fit.holds[0]
                wanted = expected[column].to_numpy()
                np.testing.assert_allclose(fit.parameters[i][0][finite], wanted[finite], rtol=1e-6)
            degenerate = ~np.isfinite(expected["alpha"].to_numpy())
            np.testing.assert_array_equal(~fit.holds[0], degenerate)
        file = folder / f"spi_gamma_zero_handling_{tag}.csv"
        if not file.exists():
            continue
        expected = pd.read_csv(file)
        for scale in (1, 3):
            for rule, column in (("centre", "center_of_mass"), ("mean", "mean_zero")):
                found = compute_indicators(ds, ["spi"], baseline=base, scale=scale, zeros=rule)
                fitted = holds(ds, base, scale, "gamma")
                where = f"{name} {rule} {scale}"
                compare(found["spi"], expected[f"spi{scale}_{column}"], fitted, where, 1e-6)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["wichita", "era5land_oetztal", "ec_1018935_gaps"])
def test_spei_equals_climate_indices(referee, name):
    for ds, _, base, tag in cases(referee, name):
        folder = referee / "expected_climate_indices" / name
        days = ds["time"].dt.days_in_month.values
        pet = pd.read_csv(folder / "pet_thornthwaite.csv")["value"].to_numpy()
        found = compute_indicators(ds, ["pet_thornthwaite"])["pet_thornthwaite"]
        np.testing.assert_allclose(found * days, pet, rtol=0, atol=1e-9)
        ds = ds.assign(evspsblpot=("time", pet / days, {"units": "kg m-2 d-1"}))
        for distribution, tolerance in (("gamma", 1e-6), ("pearson3", 1e-4)):
            file = f"spei_{distribution.rstrip('3')}_{tag}.csv"
            expected = pd.read_csv(folder / file)
            for scale in SCALES:
                found = compute_indicators(
                    ds, ["spei"], baseline=base, scale=scale, distribution=distribution
                )["spei"]
                where = f"{name} {distribution} {scale}"
                every = np.ones(12, dtype=bool)
                compare(found, expected[f"spei{scale}"], every, where, tolerance)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["wichita", "era5land_oetztal", "ec_1018935_gaps"])
def test_evapotranspiration_and_spei_equal_r(referee, name):
    for ds, _, base, tag in cases(referee, name):
        folder = referee / "expected_R_SPEI" / name
        days = ds["time"].dt.days_in_month.values
        pet = pd.read_csv(folder / "pet.csv")
        found = compute_indicators(ds, ["pet_thornthwaite"], day_length="mid-month")
        np.testing.assert_allclose(
            found["pet_thornthwaite"] * days, pet["thornthwaite"], rtol=0, atol=1e-4
        )
        kinds = [("spei_loglogistic", "thornthwaite")]
        if "hargreaves" in pet:
            kinds.append(("spei_loglogistic_harg", "hargreaves"))
            found = compute_indicators(ds, ["pet_hargreaves"])["pet_hargreaves"]
            np.testing.assert_allclose(found * days, pet["hargreaves"], rtol=0, atol=1e-4)
        for kind, column in kinds:
            loss = ("time", pet[column].to_numpy() / days, {"units": "kg m-2 d-1"})
            inputs = ds.assign(evspsblpot=loss)
            expected = pd.read_csv(folder / f"{kind}_{tag}.csv")
            for scale in SCALES:
                found = compute_indicators(
                    inputs, ["spei"], baseline=base, scale=scale, limit=99.0
                )["spei"]
                every = np.ones(12, dtype=bool)
                wanted = expected[f"spei{scale}"].to_numpy()
                outside = np.isinf(wanted)
                compare(np.where(outside, np.nan, found), wanted, every, f"{name} {kind}", 1e-4)


@pytest.mark.shared
def test_spi_by_l_moments_equals_r_without_zeros(referee):
    for ds, _, base, tag in cases(referee, "era5land_oetztal"):
        folder = referee / "expected_R_SPEI" / "era5land_oetztal"
        for distribution, file in (("gamma-l-moments", "spi_gamma"), ("pearson3", "spi_pearson")):
            expected = pd.read_csv(folder / f"{file}_{tag}.csv")
            for scale in SCALES:
                found = compute_indicators(
                    ds, ["spi"], baseline=base, scale=scale, distribution=distribution, limit=99.0
                )["spi"]
                wanted = expected[f"spi{scale}"].to_numpy()
                held = np.isfinite(wanted)  # outside the support R has infinity
                np.testing.assert_allclose(found[held], wanted[held], rtol=0, atol=1e-4)


# ---- twins that run without the reference data ----


@pytest.fixture(scope="module")
def rain():
    random = np.random.default_rng(5)
    values = random.gamma(2.0, 30.0, size=(40, 12)) * (1.5 + np.sin(np.arange(12)))
    values[random.uniform(size=values.shape) < 0.15] = 0.0
    time = pd.date_range("1971-01-01", periods=480, freq="MS")
    rates = values.reshape(-1) / time.days_in_month.to_numpy()
    return xr.Dataset({"pr": ("time", rates, {"units": "mm d-1"})}, {"time": time})


def slow_spi(ds, scale, first, last, zeros):
    """Month by month with SciPy's gamma and normal distributions."""
    series = ds["pr"].to_series()
    totals = series * series.index.days_in_month
    totals = sum(totals.shift(step) for step in range(scale))
    out = pd.Series(np.nan, totals.index)
    for month in range(1, 13):
        own = totals[totals.index.month == month]
        sample = own[(own.index.year >= first) & (own.index.year <= last)].dropna()
        positive = sample[sample > 1e-9]
        share = 1 - len(positive) / len(sample)
        a = np.log(positive.mean()) - np.log(positive).mean()
        shape = (1 + np.sqrt(1 + 4 * a / 3)) / (4 * a)
        dist = stats.gamma(shape, scale=positive.mean() / shape)
        probability = share + (1 - share) * dist.cdf(own)
        score = stats.norm.ppf(probability)
        if zeros != "top" and share > 0:
            centre = stats.norm.ppf(share / 2)
            mean = -stats.norm.pdf(stats.norm.ppf(share)) / share
            score = np.where(own < 1e-9, centre if zeros == "centre" else mean, score)
        out[own.index] = np.where(own.isna(), np.nan, np.clip(score, -3.09, 3.09))
    return out.to_numpy()


@pytest.mark.parametrize("zeros", ["top", "centre", "mean"])
@pytest.mark.parametrize("scale", [1, 2, 24])
def test_spi_equals_a_slow_twin(rain, scale, zeros):
    found = compute_indicators(rain, ["spi"], baseline=(1976, 2005), scale=scale, zeros=zeros)
    expected = slow_spi(rain, scale, 1976, 2005, zeros)
    np.testing.assert_allclose(found["spi"], expected, rtol=0, atol=1e-10)
    assert int(found["spi_failed_fits"]) == 0


def test_probabilities_equal_scipy():
    random = np.random.default_rng(2)
    sample = random.gumbel(80, 25, size=(6, 35, 12))
    sample[3, 4, 5] = np.nan
    wanted = np.full(sample.shape, np.nan)
    fit = spi_fit.fit_pearson(sample)
    mean, deviation, skew = fit.parameters
    for cell in range(6):
        for month in range(12):
            dist = stats.pearson3(skew[cell, month], mean[cell, month], deviation[cell, month])
            wanted[cell, :, month] = dist.cdf(sample[cell, :, month])
    inside = (wanted > 0.001) & (wanted < 0.999)
    found = spi_fit.pearson_probability(sample, fit)
    np.testing.assert_allclose(found[inside], wanted[inside], rtol=0, atol=1e-12)
    fit = spi_fit.fit_log_logistic(sample)
    location, scale, shape = fit.parameters
    found = spi_fit.log_logistic_probability(sample, fit)
    y = -np.log(1 - shape[:, None] * (sample - location[:, None]) / scale[:, None])
    np.testing.assert_allclose(found, stats.logistic.cdf(y / shape[:, None]), atol=1e-12)


def test_fits_have_the_l_moments_of_their_sample():
    """The L-moments of the fitted quantile function, integrated, are those of the sample."""
    random = np.random.default_rng(8)
    sample = random.gamma(3, 20, size=(4, 60, 12))
    first, second, third = (m[0, 0] for m in spi_fit.l_moments(sample))
    brute = np.sort(sample[0, :, 0])
    n = brute.size
    pairs = np.abs(brute[:, None] - brute[None]).sum() / (n * (n - 1)) / 2
    assert second == pytest.approx(pairs, rel=1e-12) and first == pytest.approx(brute.mean())
    u = (np.arange(400_000) + 0.5) / 400_000

    def moments(quantiles):
        l1 = quantiles.mean()
        l2 = ((2 * u - 1) * quantiles).mean()
        return l1, l2, ((6 * u**2 - 6 * u + 1) * quantiles).mean() / l2

    xi, alpha, k = (p[0, 0] for p in spi_fit.fit_log_logistic(sample).parameters)
    quantiles = xi + alpha / k * (1 - ((1 - u) / u) ** k)
    np.testing.assert_allclose(moments(quantiles), (first, second, third), rtol=2e-3)
    mean, deviation, skew = (p[0, 0] for p in spi_fit.fit_pearson(sample).parameters)
    quantiles = stats.pearson3.ppf(u, skew, mean, deviation)
    np.testing.assert_allclose(moments(quantiles), (first, second, third), rtol=2e-3)
    shape, scale = (p[0, 0] for p in spi_fit.fit_gamma_by_l_moments(sample).parameters)
    np.testing.assert_allclose(
        moments(stats.gamma.ppf(u, shape, scale=scale))[:2], (first, second), rtol=1e-4
    )


def test_daily_rain_is_summed_with_at_most_three_missing_days(rain):
    days = pd.date_range("1971-01-01", "2010-12-31")
    rate = rain["pr"].to_series().reindex(days, method="ffill").to_numpy().copy()
    rate[:3] = np.nan  # three days: the month is kept, its mean is that of the others
    rate[31:35] = np.nan  # four days of February 1971: the month is missing
    daily = xr.Dataset({"pr": ("time", rate, {"units": "mm d-1"})}, {"time": days})
    found = compute_indicators(daily, ["spi"], baseline=(1976, 2005), scale=1)["spi"]
    expected = compute_indicators(rain, ["spi"], baseline=(1976, 2005), scale=1)["spi"]
    assert np.isnan(found[1]) and found.sizes["time"] == 480
    keep = np.arange(480) != 1
    np.testing.assert_allclose(found[keep], expected[keep], atol=1e-9)


def test_failed_fits_are_masked_and_counted_and_empty_cells_are_missing(rain):
    values = np.stack([rain["pr"].values] * 4, axis=1)
    values[1::12, 1] = 0.0  # February never has rain
    values[1::12, 2] = 2.0  # February is always the same
    values[:, 3] = np.nan
    time = rain["time"]
    ds = xr.Dataset({"pr": (("time", "cell"), values, {"units": "mm d-1"})}, {"time": time})
    found = compute_indicators(ds, ["spi"], baseline=(1971, 2000), scale=1)
    np.testing.assert_array_equal(found["spi_failed_fits"], [0, 1, 0, np.nan])
    assert np.isnan(found["spi"][1::12, 1]).all() and np.isnan(found["spi"][:, 3]).all()
    assert np.isfinite(found["spi"][0::12, 1]).all()
    chunked = compute_indicators(ds.chunk(time=50, cell=1), ["spi"], baseline=(1971, 2000), scale=1)
    xr.testing.assert_identical(chunked.compute(), found.compute())


def test_drought_area_is_the_share_of_dry_cells(rain):
    found = compute_indicators(
        rain, ["drought_area", "spi"], baseline=(1971, 2010), scale=6, threshold=-1.0
    )
    expected = np.where(found["spi"] <= -1.0, 100.0, 0.0)
    expected[:5] = np.nan
    np.testing.assert_array_equal(found["drought_area"], expected)
    assert 5 < float(found["drought_area"].mean()) < 30


def test_spei_reacts_to_temperature(rain):
    tas = 12 + 8 * np.sin((np.arange(480) - 3) * np.pi / 6) + np.linspace(0, 3, 480)
    ds = rain.assign(tas=("time", tas, {"units": "degC"})).assign_coords(lat=45.0)
    pet = compute_indicators(ds, ["pet_thornthwaite"])["pet_thornthwaite"]
    assert 0 <= float(pet.min()) and 3 < float(pet.max()) < 8
    ds = ds.assign(evspsblpot=pet.assign_attrs(units="kg m-2 d-1"))
    found = compute_indicators(ds, ["spei"], baseline=(1971, 2010), scale=12)["spei"]
    dry = compute_indicators(ds, ["spi"], baseline=(1971, 2010), scale=12)["spi"]
    assert float((found - dry)[-60:].mean()) < float((found - dry)[11:71].mean()) - 0.1


def test_hargreaves_against_fao_example_of_radiation():
    # FAO-56, example 8: 20 degrees south on 3 September, 32.2 MJ m-2 d-1
    from sco_pipeline.indicators.evapotranspiration import day_hours, top_radiation

    radiation = top_radiation(np.array([-20.0]), np.array([False]))[0, 0]
    assert radiation[7] < 32.2 < radiation[8]
    # FAO-56, example 9: the day length on 3 September is 11.7 h
    hours = day_hours(np.array([-20.0]), np.array([False]), "month-mean")[0, 0]
    assert hours[7] < 11.7 < hours[8]


@pytest.mark.parametrize(
    ("indicator", "baseline", "options", "sentence"),
    [
        ("spi", (1960, 1990), {}, "baseline 1960..1990 is not within the data of 'pr'"),
        ("spi", (1971, 2000), {"scale": 49}, "expected 1 to 48 whole months"),
        ("spi", (1971, 2000), {"distribution": "gama"}, "Did you mean 'gamma'"),
        ("spi", (1971, 2000), {"zeros": "middle"}, "zero rule"),
        ("pet_hargreaves", None, {}, "needs 'tasmin'"),
    ],
)
def test_bad_input_is_one_sentence(rain, indicator, baseline, options, sentence):
    with pytest.raises(IndicatorError, match=sentence):
        compute_indicators(rain, [indicator], baseline=baseline, **options)


def test_other_steps_and_missing_latitudes_are_refused(rain):
    weekly = rain.isel(time=slice(0, 60)).assign_coords(
        time=pd.date_range("2001-01-01", periods=60, freq="7D")
    )
    with pytest.raises(IndicatorError, match="expected daily or monthly values"):
        compute_indicators(weekly, ["spi"], baseline=(2001, 2001))
    warm = rain.rename(pr="tas")
    with pytest.raises(IndicatorError, match="no coordinate 'lat'"):
        compute_indicators(warm, ["pet_thornthwaite"])
    loss = rain["pr"].isel(time=slice(1, None)).rename("evspsblpot")
    from sco_pipeline.indicators.calculate import as_period
    from sco_pipeline.indicators.drought import spei

    with pytest.raises(IndicatorError, match="different times"):
        spei(rain["pr"], loss, baseline=as_period((1971, 2000)))


def test_one_year_and_a_short_record(rain):
    short = rain.isel(time=slice(0, 12))
    found = compute_indicators(short, ["spi"], baseline=(1971, 1971), scale=24)
    assert found["spi"].isnull().all()
    assert np.isnan(found["spi_failed_fits"])
    found = compute_indicators(short, ["spi"], baseline=(1971, 1971), scale=1)
    assert int(found["spi_failed_fits"]) == 12 and found["spi"].isnull().all()
