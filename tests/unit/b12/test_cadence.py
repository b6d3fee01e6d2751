"""How often an order gives B12 against what its form and the protocol ask for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.b12.cadence import (
    Cadence,
    Fit,
    cadence_of,
    ends,
    fits,
    interval_is_free,
    is_known_injection,
    swallowed_like_injections,
    usual_interval,
)
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.policy import Span
from cds_service.b12.protocol import Protocol, RegimenFor
from cds_service.b12.record import Schedule
from cds_service.b12.words import Route, Substance, TimeUnit
from tests.helpers.patients import knowledge
from tests.helpers.reading import standing

PROTOCOLS = sorted(knowledge().protocols)
HYDROXO, CYANO = Substance.HYDROXOCOBALAMIN, Substance.CYANOCOBALAMIN


def cadence(draft: str, record: str = "PA", protocol: str = "uk-nice-bnf") -> Cadence | None:
    episode = standing(record, draft=draft, protocol=protocol)
    return cadence_of(episode, episode.drafts[0])


FITS = {
    "hydroxocobalamin 1 mg IM every 3 months": (Fit.WITHIN, None, False),
    "hydroxocobalamin 1 mg IM every 6 months": (Fit.LONGER, None, False),
    "hydroxocobalamin 1 mg IM every 6 months x 2": (Fit.LONGER, None, False),
    "hydroxocobalamin 1 mg IM every 6 weeks": (Fit.SHORTER, None, True),
    "hydroxocobalamin 1 mg IM monthly": (Fit.SHORTER, CYANO, True),
    "cyanocobalamin 1 mg IM monthly": (Fit.WITHIN, None, False),
    "cyanocobalamin 1 mg IM every 3 months": (Fit.LONGER, HYDROXO, False),
    "vitamin B12 1 mg IM every 6 weeks": (Fit.WITHIN, None, False),
}


@pytest.mark.parametrize(("draft", "expected"), FITS.items())
def test_an_interval_fits_its_form_or_another(draft: str, expected: tuple[Fit, Substance | None, bool]) -> None:
    found = cadence(draft)

    assert found
    assert (found.fit, found.other, found.labelled) == expected


@pytest.mark.parametrize(
    "draft",
    [
        "hydroxocobalamin 1 mg IM",
        "hydroxocobalamin 1 mg IM once",
        "hydroxocobalamin 1 mg IM every 6 months x 1",
        "hydroxocobalamin 1 mg IM weekly x 6",
        "hydroxocobalamin 1 mg IV monthly",
        "mecobalamin 500 mcg IM monthly",
        "cyanocobalamin 1 mg oral daily",
        "cyanocobalamin 1 mg daily",
    ],
)
def test_what_is_no_maintenance_has_no_cadence(draft: str) -> None:
    assert cadence(draft) is None


def test_the_cause_widens_what_is_labelled() -> None:
    half_yearly = "hydroxocobalamin 1 mg IM every 6 months"

    dietary, unknown, lifelong = (cadence(half_yearly, cause) for cause in ("dietary B12 deficiency", "", "PA"))

    assert dietary
    assert unknown
    assert lifelong
    assert dietary.fit is Fit.WITHIN
    assert (unknown.fit, unknown.labelled) == (Fit.LONGER, True)
    assert (lifelong.fit, lifelong.labelled) == (Fit.LONGER, False)


def test_leber_disease_has_an_interval_of_its_own() -> None:
    leber, standard = (cadence("hydroxocobalamin 1 mg IM monthly", cause) for cause in ("Leber", "PA"))

    assert leber
    assert standard
    assert (leber.fit, standard.fit) == (Fit.WITHIN, Fit.SHORTER)


PREVENTED = {"": Fit.WITHIN, "bariatric surgery": Fit.WITHIN, "B12 deficiency": Fit.LONGER, "neuropathy": Fit.LONGER}


@pytest.mark.parametrize(("record", "fit"), PREVENTED.items())
def test_the_interval_of_prevention_is_right_until_there_is_a_deficiency(record: str, fit: Fit) -> None:
    found = cadence("cyanocobalamin 1 mg IM every 2 months", record, "be-label")

    assert found
    assert found.fit is fit


EDGES = {("8.9", "10"): False, ("9", "10"): True, ("10", "9"): True, ("10.1", "9"): False}


@pytest.mark.parametrize(("days", "fit"), EDGES.items())
def test_a_tenth_more_or_less_still_fits(days: tuple[str, str], fit: bool) -> None:  # noqa: FBT001 - a table's cell
    ordered, usual = map(Decimal, days)
    span = Span(usual, usual, "d", date(2026, 11, 1), "a test")

    assert fits(Schedule(Decimal(1), ordered, ordered, TimeUnit.DAY), span, Decimal("0.1")) is fit


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    months=st.integers(1, 12),
    substance=st.sampled_from(["cyanocobalamin", "hydroxocobalamin", "vitamin B12"]),
    record=st.sampled_from(["", "PA", "neuropathy", "dietary B12 deficiency", "bariatric surgery"]),
    protocol=st.sampled_from(PROTOCOLS),
)
def test_the_unit_of_an_interval_does_not_matter(months: int, substance: str, record: str, protocol: str) -> None:
    """A month is 30 days as well as the twelfth of a year."""
    exact = Decimal("30.4375") * months
    written = [f"{months} months", f"{exact} days", f"{exact / 7:.4f} weeks", f"{Decimal(months) / 12:.4f} years"]
    rounded = [f"{30 * months} days"]

    found = [cadence(f"{substance} 1 mg IM every {one}", record, protocol) for one in written + rounded]

    assert len({(one.fit, one.other, one.labelled) if one else None for one in found}) == 1


@settings(max_examples=25, deadline=None, derandomize=True)
@given(days=st.integers(1, 400), protocol=st.sampled_from(PROTOCOLS), substance=st.sampled_from([CYANO, HYDROXO]))
def test_a_longer_interval_is_never_the_shorter_one(days: int, protocol: str, substance: Substance) -> None:
    here, later = (cadence(f"{substance.value} 1 mg IM every {one} days", "PA", protocol) for one in (days, days + 1))

    order = (Fit.SHORTER, Fit.WITHIN, Fit.LONGER)
    assert here
    assert later
    assert order.index(here.fit) <= order.index(later.fit)


FREE = {
    ("", "hydroxocobalamin 1 mg IM monthly"): "",
    ("", "hydroxocobalamin 1 mg IM monthly as needed"): "given as needed",
    ("", 'hydroxocobalamin text "1 mg IM monthly as needed"'): "given as needed",
    ("", "hydroxocobalamin 1 mg IM weekly x 6 then 1 mg IM monthly as needed"): "given as needed",
    ("deceased", "hydroxocobalamin 1 mg IM monthly"): "the patient has died",
    ("palliative care", "hydroxocobalamin 1 mg IM monthly"): "care at the end of life",
}


@pytest.mark.parametrize(("asked", "because"), FREE.items())
def test_some_intervals_are_free(asked: tuple[str, str], because: str) -> None:
    record, draft = asked
    episode = standing(record, draft=draft)

    assert interval_is_free(episode, episode.drafts[0]) == because


ENDS = {
    "1 mg IM daily": False,
    "1 mg IM daily x 7": True,
    "1 mg IM daily for 7 days": True,
    "1 mg IM daily until 2027-01-01": True,
    '1 mg IM daily text "1 mg IM daily for 7 days"': True,
    '1 mg IM daily text "1 mg IM daily"': False,
    "1 mg IM daily x 7 then 1 mg IM monthly": False,
    'text "1 mg IM daily for 7 days then 1 mg IM monthly"': False,
    'text "1 mg IM monthly then 1 mg IM daily for 7 days"': True,
}


@pytest.mark.parametrize(("draft", "expected"), ENDS.items())
def test_an_order_ends_where_its_last_step_does(draft: str, expected: bool) -> None:  # noqa: FBT001 - a table's cell
    assert ends(standing("", draft=draft).drafts[0]) is expected


KNOWN = {
    "1 mg IM daily": True,
    "1 mg SC daily": True,
    "1 mg daily": False,
    "1 mg IV daily": False,
    "1 mg oral daily": False,
    "[cyanocobalamin 1 mg/mL] 1 mL daily": True,
    "[cyanocobalamin 1 mg tablet] 1 tablet daily": False,
}


@pytest.mark.parametrize(("draft", "expected"), KNOWN.items())
def test_an_injection_is_known_by_route_or_product(draft: str, expected: bool) -> None:  # noqa: FBT001 - a table's cell
    assert is_known_injection(standing("", draft=draft).drafts[0]) is expected


USUAL = {
    ("vitamin B12 1 mg IM", "uk-nice-bnf"): (28, 92),
    ("vitamin B12 1 mg IM", "nl-kompas"): (28, 62),
    ("vitamin B12 1 mg IM", "us-practice"): (28, 31),
    ("cyanocobalamin 500 mcg nasal weekly", "us-label"): (7, 7),
    ("cyanocobalamin 250-500 mcg nasal weekly", "us-label"): (7, 7),
    ("cyanocobalamin 499 mcg nasal weekly", "us-label"): None,
    ("cyanocobalamin nasal weekly", "us-label"): None,
    ("cyanocobalamin 500 mcg nasal weekly", "us-practice"): None,
}


@pytest.mark.parametrize(("asked", "days"), USUAL.items())
def test_the_usual_interval_of_a_form(asked: tuple[str, str], days: tuple[int, int] | None) -> None:
    draft, protocol = asked
    episode = standing("", draft=draft, protocol=protocol)
    usual = usual_interval(episode, episode.drafts[0])

    assert ((usual.low, usual.high) if usual else None) == days


def under(protocol: Protocol, draft: str) -> tuple[Episode, B12Order]:
    episode = replace(standing("PA", draft=draft, protocol=protocol.id), protocol=protocol)
    return episode, episode.drafts[0]


def test_a_protocol_need_not_give_maintenance_or_spacing() -> None:
    full = knowledge().protocols["uk-nice-bnf"]
    monthly = "hydroxocobalamin 1 mg IM monthly"
    loading_only = replace(full, regimens=tuple(replace(one, maintenance=None) for one in full.regimens))
    own_spacing = replace(full, spacing=tuple(replace(one, elsewhere=None) for one in full.spacing))

    usual, found = usual_interval(*under(loading_only, monthly)), cadence_of(*under(own_spacing, monthly))

    assert usual
    assert found
    assert (usual.low, usual.high) == (56, 92)
    assert (found.fit, found.labelled) == (Fit.SHORTER, False)
    assert usual_interval(*under(replace(loading_only, spacing=()), "vitamin B12 1 mg IM monthly")) is None


def test_a_cobalamin_of_no_named_kind_is_spaced_as_any_that_the_protocol_knows() -> None:
    full = knowledge().protocols["uk-nice-bnf"]
    cyano = replace(full, spacing=full.spacing[:1])

    usual = usual_interval(*under(cyano, "vitamin B12 1 mg IM monthly"))

    assert usual
    assert (usual.low, usual.high) == (28, 31)


@pytest.mark.parametrize(("mcg", "judged"), [(249, False), (250, True), (500, True)])
def test_a_nasal_dose_is_spaced_from_the_smallest_that_the_protocol_gives(mcg: int, judged: bool) -> None:  # noqa: FBT001 - a table's cell
    full = knowledge().protocols["us-label"]
    [nasal] = [one for one in full.regimens if Route.NASAL in one.routes]
    assert nasal.maintenance
    ranged = replace(nasal.maintenance, dose=replace(nasal.maintenance.dose, low=Decimal(250)))
    own = replace(full, regimens=(replace(nasal, maintenance=ranged),))

    assert bool(usual_interval(*under(own, f"cyanocobalamin {mcg} mcg nasal weekly"))) is judged


SWALLOWED = {
    "cyanocobalamin 1 mg oral every 25.1 days": False,
    "cyanocobalamin 1 mg oral every 25.2 days": True,
    "cyanocobalamin 1 mg sublingual monthly": True,
    "cyanocobalamin 1 mg oral once": False,
    "cyanocobalamin 500 mcg nasal monthly": False,
    "cyanocobalamin 1 mg IM monthly": False,
}


@pytest.mark.parametrize(("draft", "alike"), SWALLOWED.items())
def test_b12_by_mouth_at_the_interval_of_injections(draft: str, alike: bool) -> None:  # noqa: FBT001 - a table's cell
    episode = standing("", draft=draft, protocol="uk-nice-bnf")

    assert bool(swallowed_like_injections(episode, episode.drafts[0])) is alike


def test_b12_by_mouth_is_right_at_any_interval_that_the_protocol_gives_it() -> None:
    full = knowledge().protocols["us-practice"]
    injected, *_, swallowed = (one for one in full.regimens if one.whom is RegimenFor.STANDARD)
    monthly = replace(injected, routes=(Route.ORAL, Route.SUBLINGUAL))
    unspaced = replace(monthly, maintenance=None)
    own = (unspaced, replace(swallowed, substance=CYANO), monthly)
    draft = "cyanocobalamin 1 mg oral monthly"

    assert swallowed_like_injections(*under(full, draft))
    assert swallowed_like_injections(*under(replace(full, regimens=own), draft)) is None
    assert swallowed_like_injections(*under(replace(full, spacing=()), draft)) is None
