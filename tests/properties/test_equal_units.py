"""A dose and a result mean the same in every unit that they can be written in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.patients import knowledge, request_of
from tests.properties.charts import FEW, PROTOCOLS, days, judge, kinds, records

PER_PMOL = Decimal("1.3554")  # pg/mL in a pmol/L of B12
PER_NG = Decimal("8.468")  # nmol/L in a ng/mL of methylmalonic acid
NEAR = Decimal("0.02")  # share about a limit in which two units of one protocol may differ by rounding
order_hooks = st.sampled_from(["order-select", "order-sign", "medication-refill"])


def plain(number: Decimal) -> str:
    """A number without an exponent, exact to far below a laboratory's precision."""
    return format(number.quantize(Decimal("1e-9")).normalize(), "f")


def masses(mcg: int) -> list[str]:
    """A dose in micrograms, milligrams and grams."""
    return [f"{plain(Decimal(mcg) / by)} {unit}" for unit, by in (("mcg", 1), ("mg", 1000), ("g", 1_000_000))]


@FEW
@given(
    mcg=st.integers(1, 3_000_000),
    protocol=PROTOCOLS,
    record=records,
    hook=order_hooks,
    route=st.sampled_from(["IM", "SC", "IV", "oral", "nasal"]),
    substance=st.sampled_from(["cyanocobalamin", "hydroxocobalamin", "mecobalamin", "vitamin B12"]),
)
def test_a_dose_means_the_same_in_every_unit_of_mass(
    mcg: int, protocol: str, record: str, hook: str, route: str, substance: str
) -> None:
    found = [
        kinds(judge(request_of(hook, record, f"{substance} {dose} {route} monthly"), protocol)) for dose in masses(mcg)
    ]
    assert found[0] == found[1] == found[2]


@FEW
@given(
    mcg=st.integers(10, 1000),
    strength=st.sampled_from([250, 500, 1000, 5000]),
    protocol=PROTOCOLS,
    record=records,
    hook=order_hooks,
    substance=st.sampled_from(["cyanocobalamin", "hydroxocobalamin"]),
)
def test_a_dose_means_the_same_as_a_volume(
    mcg: int, strength: int, protocol: str, record: str, hook: str, substance: str
) -> None:
    """In the sizes of replacement doses: beyond them the product's strength is in question too, which a mass lacks."""
    product = f"{substance} contained {strength} mcg/mL"
    written = [f"{mcg} mcg", f"{plain(Decimal(mcg) / strength)} mL"]
    found = [kinds(judge(request_of(hook, record, f"{product} {dose} IM monthly"), protocol)) for dose in written]
    assert found[0] == found[1]


@FEW
@given(
    mcg=st.integers(10, 3_000_000),
    day=days,
    times=st.integers(1, 12),
    record=records,
    protocol=PROTOCOLS,
    hook=st.sampled_from(["patient-view", "encounter-discharge"]),
)
def test_a_dose_on_record_means_the_same_in_every_unit(
    mcg: int, day: str, times: int, record: str, protocol: str, hook: str
) -> None:
    product = "hydroxocobalamin contained 1000 mcg/mL"
    written = [*masses(mcg), f"{plain(Decimal(mcg) / 1000)} mL"]
    found = [
        kinds(
            judge(
                request_of(
                    hook,
                    f"{record}; given {times} times from {day} every 2 days {product} {dose} IM; "
                    f"ordered {day} {product} {dose} IM every 3 months; stated {product} {dose} oral daily",
                    "",
                ),
                protocol,
            )
        )
        for dose in written
    ]
    assert all(one == found[0] for one in found)


def in_units(*ways: tuple[str, str, Decimal]) -> Callable[[Decimal], list[str]]:
    """How a value in the first unit is written in each: (name of the test, unit, how many of the first it is)."""
    return lambda value: [f"{name} {plain(value / by)} {unit}" for name, unit, by in ways]


ONE, TEN, THOUSAND = Decimal(1), Decimal(10), Decimal(1000)
RESULTS = {
    "B12": in_units(
        ("B12", "pg/mL", ONE), ("B12", "ng/L", ONE), ("B12", "ng/dL", TEN), ("B12", "ng/mL", THOUSAND),
        ("B12", "ug/L", THOUSAND), ("B12 molar", "pmol/L", PER_PMOL),
    ),
    "MMA": in_units(
        ("MMA", "nmol/L", ONE), ("MMA", "umol/L", THOUSAND), ("MMA", "nmol/mL", THOUSAND),
        ("MMA mass", "ng/mL", PER_NG),
    ),
    "homocysteine": in_units(("homocysteine", "umol/L", ONE), ("homocysteine", "nmol/mL", ONE)),
    "haemoglobin": in_units(("haemoglobin", "g/L", ONE), ("haemoglobin", "g/dL", TEN)),
    "potassium": in_units(("potassium", "mmol/L", ONE), ("potassium", "meq/L", ONE)),
    "ferritin": in_units(("ferritin", "ng/mL", ONE), ("ferritin", "ug/L", ONE)),
    "folate": in_units(("folate", "ng/mL", ONE), ("folate", "ug/L", ONE)),
}  # fmt: skip
SPANS = {
    "B12": (40, 3000), "MMA": (60, 9000), "homocysteine": (4, 200), "haemoglobin": (45, 180), "potassium": (2, 6),
    "ferritin": (3, 900), "folate": (1, 30),
}  # fmt: skip


def limits(protocol: str) -> list[Decimal]:
    """The protocol's limits of B12, in pg/mL: the same ones in mass and molar units differ by rounding."""
    figures = [
        figure
        for band in knowledge().protocols[protocol].bands
        if band.analyte == "total vitamin B12"
        for figure in (band.deficient_below, band.indeterminate_to)
        if figure
    ]
    return [one.value * (PER_PMOL if one.unit == "pmol/L" else ONE) for one in figures]


def far_from(value: Decimal, protocol: str) -> Decimal:
    """The value, moved down where it is so near a limit that rounding could decide."""
    while any(abs(value - limit) <= limit * NEAR for limit in limits(protocol)):
        value *= 1 - NEAR
    return value


@FEW
@given(data=st.data(), analyte=st.sampled_from(sorted(RESULTS)), day=days, record=records, protocol=PROTOCOLS)
def test_a_result_means_the_same_in_every_unit(
    data: st.DataObject, analyte: str, day: str, record: str, protocol: str
) -> None:
    value = Decimal(data.draw(st.integers(*SPANS[analyte])))
    hook, draft = data.draw(st.sampled_from([("patient-view", ""), ("order-sign", "1000 mcg IM monthly")]))
    value = far_from(value, protocol) if analyte == "B12" else value
    written = [f"{record}; lab {day} {result}" for result in RESULTS[analyte](value)]
    found = [kinds(judge(request_of(hook, one, draft), protocol)) for one in written]
    assert all(one == found[0] for one in found), written
