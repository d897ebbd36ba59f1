"""The page stands alone, runs nothing and says what the series say."""

from __future__ import annotations

import html.parser

import numpy as np
import pytest

from sco_pipeline.outputs import describe, writers
from sco_pipeline.outputs.findings import finding, year_to_date
from sco_pipeline.outputs.rank_table import rank_rows
from sco_pipeline.outputs.series import series_of


class Reader(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def read(path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


@pytest.fixture
def described(product, recipe, catalog, records):
    return describe(product, recipe, catalog, records)


def test_everything_is_inside(described, recipe, tmp_path):
    for name in ("maps", "series"):
        writers[name](described, recipe, tmp_path)
    (path,) = writers["report"](described, recipe, tmp_path)
    page = read(path)
    sources = [value for name, value in page.attributes if name in ("src", "href")]
    assert len(sources) == 5
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "script" not in page.tags
    described_pictures = [value for name, value in page.attributes if name == "alt"]
    assert all(len(text) > 20 for text in described_pictures)
    for words in ("CC-BY-4.0", "Contains data of An Agency", "A demo.", "April 2006 to March 2008"):
        assert words in page.text


def test_text_is_never_markup(described, recipe, tmp_path):
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    described["region_name"] = ("region", [evil, '"><b>'])
    described.attrs.update(license=evil, acknowledgement=evil, comment=evil)
    described["tos_anomaly_regional"].attrs["long_name"] = evil
    hostile = recipe.model_copy(update={"title": evil, "summary": evil})
    writers["series"](described, hostile, tmp_path)
    (path,) = writers["report"](described, hostile, tmp_path)
    page = read(path)
    assert {"script", "b"}.isdisjoint(page.tags)
    assert all(not name.startswith("on") for name, _ in page.attributes)
    assert evil in page.text


@pytest.mark.parametrize(
    ("latest", "expected"),
    [
        (9.0, "Niño 3: +9.0 °C in March 2008, the highest of 24 values."),
        (-9.0, "Niño 3: −9.0 °C in March 2008, the lowest of 24 values."),
        (2.1, "Niño 3: +2.10 °C in March 2008, the second highest of 24 values (tied)."),
        (np.nan, "Niño 3: +2.10 °C in February 2008, the second highest of 23 values."),
    ],
)
def test_rank_of_the_latest(described, latest, expected):
    values = np.linspace(-2, 2, 24)
    values[[3, 22, 23]] = 3.0, 2.1, latest
    described["tos_anomaly_regional"][0] = values
    (series,) = series_of(described)
    assert finding(series, described, 0) == expected


def test_too_few_values_give_no_rank(described):
    described["tos_anomaly_regional"][0, 4:] = np.nan
    assert finding(series_of(described)[0], described, 0) is None


def test_counts_of_the_quality_checks_are_a_table(described, recipe, tmp_path):
    assert (
        "Quality of the inputs" not in read(writers["report"](described, recipe, tmp_path)[0]).text
    )
    counts = ("quality_check", [12345, 6, 0, 2])
    described = described.assign_coords(
        quality_check=["valid", "missing", "out_of_range", "jump"]
    ).assign(tos_quality_count=counts)
    page = read(writers["report"](described, recipe, tmp_path)[0])
    assert "Quality of the inputs" in page.text
    for cell in ("tosValues12,345Missing6Out of range0Jump from step to step2",):
        assert cell in page.text


def test_rank_among_the_same_month_of_other_years(station, recipe, catalog, records):
    values = np.tile(np.arange(12.0), 20)
    values[-1] = 10.5  # the lowest December, and higher than most values of all months
    station["soi_anomaly"][:] = values
    described = describe(station, recipe, catalog, records)
    (series,) = series_of(described)
    text = finding(series, described, 0)
    assert text == "+10.5 in December 1885, the lowest of 20 December values."


def test_year_to_date_is_told_against_the_same_part_of_other_years(
    station, recipe, catalog, records
):
    values = np.add.outer(np.arange(20.0), np.arange(12.0)).ravel()  # each year one above the last
    values[-3:] = np.nan
    station["soi_anomaly"][:] = values
    recipe = recipe.model_copy(update={"baseline": None})
    described = describe(station, recipe, catalog, records)
    (series,) = series_of(described)
    text = year_to_date(series, described, 0)
    # mean of 19 to 27 is 23, of all years 4 + 9.5
    assert text == "23.0 from January to September 1885, +9.5 from normal, the highest of 20 years."
    station["soi_anomaly"][-8] = np.nan
    assert (
        year_to_date(series_of(describe(station, recipe, catalog, records))[0], described, 0)
        is None
    )


def test_ranks_of_the_latest_values_are_a_table_with_ties(station, recipe, catalog, records):
    values = np.tile(np.arange(12.0), 20)
    values[-1], values[-25], values[-13] = 10.5, 10.5, 20_000.0
    station["soi_anomaly"][:] = values
    described = describe(station, recipe, catalog, records)
    (series,) = series_of(described)
    header, row = rank_rows(series, described)
    assert header[0] == "Rank from the highest, no unit"
    assert row == (
        "Station", "December 1885", "10", "", "19", "20", "1", "20,000 (1884)", "10 (1883)"
    )  # fmt: skip


def test_ranks_stand_in_the_report(station, recipe, catalog, records, tmp_path):
    station["soi_anomaly"][:] = np.arange(240.0)
    described = describe(station, recipe, catalog, records)
    page = read(writers["report"](described, recipe, tmp_path)[0])
    assert "Ranks of the latest values" in page.text
    assert "December 1885239120" in page.text.replace(" ", "").replace("December", "December ")
