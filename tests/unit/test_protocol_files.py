"""Protocol files: house defaults under a protocol's own keys, numbers of their day, and faults that are named."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from cds_service.b12.protocol import Protocol, RegimenFor
from cds_service.errors import KnowledgeFault
from cds_service.knowledge import roots
from cds_service.protocol_checks import BY_ANALYTE, UNITS, figures
from cds_service.protocol_files import Edition, load_editions, merged

UK, DE, HOUSE = "uk-nice-bnf", "de-label", "house"
TABLETS = """[[regimens]]
id = "tablets"
title = "Tablets"
whom = "standard"
substance = "cyanocobalamin"
routes = ["oral"]
"""
FIRST = "be-label"
"""A fault of the house is told of the first protocol that inherits it."""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The real protocols in a place where they may be broken."""
    return Path(shutil.copytree(roots().protocols, tmp_path / "protocols"))


def edit(folder: Path, stem: str, old: str, new: str) -> None:
    path = folder / f"{stem}.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def on(where: Mapping[str, tuple[Edition, ...]], day: date) -> Protocol:
    """The UK protocol of that day."""
    return next(one.protocol for one in reversed(where[UK]) if one.since <= day)


# (what is wrong): file, what is replaced, by what, and the fault's key and words
FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "two bands of one analyte in one unit": (
        UK, 'deficient_below = { value = 133, unit = "pmol/L"', 'deficient_below = { value = 133, unit = "ng/L"',
        "bands[1].indeterminate_to", "at least 133 ng/L",
    ),
    "bands that contradict each other": (
        UK, 'deficient_below = { value = 133, unit = "pmol/L"', 'deficient_below = { value = 136, unit = "pmol/L"',
        "bands[1].deficient_below", "expected about 180 ng/L, got 136 pmol/L",
    ),
    "a band that is unclear in one unit only": (
        UK, "indeterminate_to = { value = 258", "# indeterminate_to = { value = 258",
        "bands[1].indeterminate_to", "in both units or in none",
    ),
    "a wrong unit of a limit of safety": (
        HOUSE, 'potassium_low = { value = 3.5, unit = "mmol/L"', 'potassium_low = { value = 3.5, unit = "meq/L"',
        "safety.potassium_low.unit", "expected mmol/L, got meq/L",
    ),
    "a plausible span in an unknown unit": (
        HOUSE, 'high = 20, unit = "ng/mL"', 'high = 20, unit = "mg/mL"', "magnitudes[3].plausible.unit", "got mg/mL",
    ),
    "an empty source of a policy": (
        UK, 'b12_on_injections_source = "BNSSG', 'b12_on_injections_source = ""\n# "BNSSG',
        "monitoring.b12_on_injections_source", "expected a source",
    ),
    "limits out of order": (
        HOUSE, "warn_above = { value = 5000, ", "warn_above = { value = 1000, ",
        "limits[1].warn_above", "at least 1500",
    ),
    "usual doses above every label": (
        HOUSE, "usual = { low = 30, high = 1000, ", "usual = { low = 30, high = 1501, ",
        "limits[1].usual", "at most 1500",
    ),
    "no standard regimen": (
        UK, 'whom = "standard"', 'whom = "pregnancy"', "regimens", "first a standard regimen of injections, got none",
    ),
    "a standard regimen by mouth first": (
        DE, '[[regimens]]\nid = "de-standard"', f'{TABLETS}\n[[regimens]]\nid = "de-standard"',
        "regimens", "first a standard regimen of injections, got tablets",
    ),
    "no maintenance": (
        DE, "[regimens.maintenance]", f"{TABLETS}\n[regimens.maintenance]", "maintenance", "maintenance of de-standard",
    ),
    "a regimen of nothing": (
        DE, '[[regimens]]\nid = "de-oral"', f'{TABLETS}\n[[regimens]]\nid = "de-oral"',
        "regimens[1].maintenance", "loading or maintenance",
    ),
    "loading doses that nobody counts": (
        DE, "No number of loading doses", "No number of doses", "gaps", 'a gap with the words "loading doses"',
    ),
    "loading without an end": (DE, 'until = "for the first weeks"', "", "loading[0].doses", "got neither"),
    "loading with two ends": (
        UK, "doses = { low = 6,", "until = 'better'\ndoses = { low = 6,", "loading[0].doses", "got both",
    ),
    "a regimen of the same name": (UK, 'id = "uk-prophylaxis"', 'id = "uk-standard"', "regimens[4].id", "uk-standard"),
    "a regimen of the same name elsewhere": (
        UK, 'id = "uk-prophylaxis"', 'id = "nl-oral"', "regimens[4].id", "nl-oral as in nl-kompas.toml",
    ),
    "a route that is not labelled": (
        UK, 'routes = ["intramuscular"]', 'routes = ["subcutaneous"]', "regimens[0].routes", "got subcutaneous",
    ),
    "a substance without labelled routes": (
        DE, '[[routes]]\nsubstance = "cyanocobalamin"', '[[routes]]\nsubstance = "mecobalamin"',
        "regimens[0].routes", "labelled routes of cyanocobalamin",
    ),
    "a dose that the limits forbid": (
        DE, "low = 1500, high = 1500", "low = 1500, high = 15000", "regimens[0].dose", "10 to 5000 ug",
    ),
    "values of one number out of order": (
        UK, "since = 2018-09-01", "since = 2016-02-27", "maintenance.interval[1].since", "a later day than 2016-02-27",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_is_broken_is_named(copied: Path, fault: tuple[str, str, str, str, str]) -> None:
    stem, old, new, key, words = fault
    edit(copied, stem, old, new)

    with pytest.raises(KnowledgeFault) as found:
        load_editions(copied)
    assert found.value.file == f"{FIRST if stem == HOUSE else stem}.toml"
    assert key in found.value.key
    assert words in str(found.value)


# House defaults

GRACE = {"value": 7, "unit": "d", "since": date(2026, 1, 1), "source": "House default."}
HOUSES = {"timing": {"grace": GRACE, "lapse": GRACE}, "limits": [{"usual": GRACE}, {"usual": GRACE}]}


def test_a_protocols_own_keys_go_before_the_house_defaults_one_by_one() -> None:
    found = merged(HOUSES, {"id": "own", "timing": {"grace": {**GRACE, "value": 9}}})

    assert found == {**HOUSES, "id": "own", "timing": {"grace": {**GRACE, "value": 9}, "lapse": GRACE}}


def test_an_array_of_its_own_replaces_the_whole_array() -> None:
    assert merged(HOUSES, {"limits": [{"usual": {**GRACE, "value": 9}}]})["limits"] == [
        {"usual": {**GRACE, "value": 9}}
    ]


def test_a_number_never_borrows_the_source_of_the_house() -> None:
    bare = {"value": 9, "unit": "d", "since": date(2026, 1, 1)}

    assert merged(HOUSES, {"timing": {"grace": bare}})["timing"]["grace"] == bare


def test_a_value_of_many_days_goes_before_one_of_the_house() -> None:
    assert merged(HOUSES, {"timing": {"grace": [GRACE, GRACE]}})["timing"]["grace"] == [GRACE, GRACE]


# Numbers that changed


def maintenance(where: Mapping[str, tuple[Edition, ...]], day: date) -> tuple[int, int]:
    regimen = on(where, day).regimen(RegimenFor.STANDARD)
    assert regimen
    assert regimen.maintenance
    return int(regimen.maintenance.interval.low), int(regimen.maintenance.interval.high)


@pytest.mark.parametrize(
    ("day", "interval"),
    [
        (date(1999, 1, 1), (84, 92)),  # before the first, the first
        (date(2018, 8, 31), (84, 92)),
        (date(2018, 9, 1), (56, 92)),
        (date(2026, 11, 1), (56, 92)),
    ],
)
def test_a_number_is_the_one_of_the_day(copied: Path, day: date, interval: tuple[int, int]) -> None:
    assert maintenance(load_editions(copied), day) == interval


def test_each_of_several_changes_begins_on_its_own_day(copied: Path) -> None:
    values = ((5, "2016-01-01"), (6, "2017-01-01"), (7, "2020-01-01"))
    spelled = (f'{{ value = {value}, unit = "d", since = {day}, source = "A source." }}' for value, day in values)
    edit(copied, HOUSE, "\ngrace = {", f"\ngrace = [{', '.join(spelled)}]\nformer = {{")
    edit(copied, HOUSE, "\nformer = {", "\n# {")
    loaded = load_editions(copied)
    days = [date(2016, 12, 31), date(2017, 1, 1), date(2019, 12, 31), date(2020, 1, 1)]

    assert [int(on(loaded, day).timing.grace.value) for day in days] == [5, 6, 6, 7]
    assert [one.since for one in loaded[DE]] == [date.min, date(2017, 1, 1), date(2020, 1, 1)]
    assert [one.since for one in loaded[UK]] == [date.min, date(2017, 1, 1), date(2018, 9, 1), date(2020, 1, 1)]
    assert maintenance(loaded, date(2020, 1, 1)) == (56, 92)


def test_every_value_of_a_number_is_checked(copied: Path) -> None:
    edit(copied, UK, "low = 84, high = 92, unit", "low = 94, high = 92, unit")

    with pytest.raises(KnowledgeFault, match=r"maintenance\.interval\.low: expected at most 92, got 94"):
        load_editions(copied)


def test_the_unit_of_every_number_is_checked(copied: Path) -> None:
    editions = [one for found in load_editions(copied).values() for one in found]
    names = {key.rpartition(".")[2] for one in editions for key, _ in figures(one.protocol, "$")}

    assert not names - UNITS.keys() - BY_ANALYTE
