"""How often an order gives B12 against what its form and the protocol ask for."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.b12.cadence import Cadence, Fit, cadence_of, ends, interval_is_free, is_known_injection
from cds_service.b12.words import Substance
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
