"""What has to be true of a protocol beyond its shape; a fault names file, line, key and what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from cds_service.b12.labs import CANONICAL, FACTORS
from cds_service.b12.policy import Figure, Span
from cds_service.b12.protocol import Band, DoseLimits, LoadingStep, Protocol, Regimen, RegimenFor
from cds_service.b12.words import Analyte, Substance
from cds_service.errors import KnowledgeFault
from cds_service.knowledge_files import line_of

NUMBERS: Mapping[tuple[str, ...], str] = {
    ("ug",): "dose usual labelled_high warn_above critical_above low_below antidote_from ampoule",
    ("ug", "ug/d"): "minimum",
    ("ug/d",): "folate_treatment folate_pregnancy",
    ("d",): (
        "interval elsewhere grace lapse_after loading_gap_daily loading_gap_weekly loading_grace long_term stale_order "
        "soonest within after early late after_dose current recent awaited baseline reminded longer_than retest "
        "condition_retest kin_retest cause_after potassium_recent blood_count_recent b12_recent neonate"
    ),
    ("a",): "adult_from adolescent",
    ("1",): (
        "doses grace_share lapse_factor volume_tolerance interval_tolerance falling falling_results fewest_doses "
        "check_from excess"
    ),
    (CANONICAL[Analyte.HAEMOGLOBIN],): (
        "early_rise late_rise anaemia_female anaemia_male anaemia_pregnant severe_anaemia severe_with_macrocytosis"
    ),
    (CANONICAL[Analyte.MCV],): "mcv_high macrocytosis severe_macrocytosis",
    (CANONICAL[Analyte.POTASSIUM],): "potassium_low",
    (CANONICAL[Analyte.MMA],): "mma_high",
    (CANONICAL[Analyte.HOMOCYSTEINE],): "homocysteine_high",
    (CANONICAL[Analyte.EGFR],): "egfr_reduced",
}
UNITS = {name: units for units, names in NUMBERS.items() for name in names.split()}
"""The units that a number of this name may be in."""
BY_ANALYTE = frozenset({"deficient_below", "indeterminate_to", "plausible"})
"""Numbers of these names are in any unit known for the analyte beside them."""
NAMED_GAP = "loading doses"
"""What a gap has to say where nobody counts them."""
ROUNDING = Decimal("0.01")
"""Two units of one threshold may differ by this share: sources round each of them."""


class Faults(Struct, frozen=True):
    """Says what is wrong in one file."""

    path: Path

    def add(self, key: str, expected: str, got: object) -> NoReturn:
        """Raise the KnowledgeFault."""
        line = line_of(self.path, key, "")
        raise KnowledgeFault(self.path.name, key, f"expected {expected}, got {got}", line)


def check_protocol(path: Path, protocol: Protocol) -> None:
    """Raise KnowledgeFault at the first thing that cannot be meant."""
    faults = Faults(path)
    if protocol.id != path.stem:
        faults.add("id", f"the file's stem {path.stem}", protocol.id)
    for key, node in figures(protocol, "$"):
        _check_figure(faults, key, node)
    for key, text in _sources(protocol, "$"):
        if not text.strip():
            faults.add(key, "a source", "nothing")
    for index, limits in enumerate(protocol.limits):
        _check_limits(faults, f"$.limits[{index}]", limits)
    _check_bands(faults, protocol)
    _check_magnitudes(faults, protocol)
    _check_phases(faults, protocol)
    for index, regimen in enumerate(protocol.regimens):
        _check_regimen(faults, f"$.regimens[{index}]", regimen, protocol)


def check_ids(protocols: Iterable[Protocol]) -> None:
    """Regimens are named by their id alone, in traces too: no two may share one."""
    seen: dict[str, str] = {}
    for protocol in protocols:
        for index, regimen in enumerate(protocol.regimens):
            if regimen.id in seen:
                message = f"expected an id that no other regimen has, got {regimen.id} as in {seen[regimen.id]}.toml"
                raise KnowledgeFault(f"{protocol.id}.toml", f"$.regimens[{index}].id", message)
            seen[regimen.id] = protocol.id


def figures(node: object, path: str) -> Iterator[tuple[str, Figure | Span]]:
    """Every number of a protocol with its path."""
    return ((key, one) for key, one in _structs(node, path) if isinstance(one, Figure | Span))


def _sources(node: object, path: str) -> Iterator[tuple[str, str]]:
    for key, one in _structs(node, path):
        for name in one.__struct_fields__:
            value = getattr(one, name)
            if name.endswith("source") and isinstance(value, str):
                yield f"{key}.{name}", value


def _structs(node: object, path: str) -> Iterator[tuple[str, Struct]]:
    if isinstance(node, tuple):
        for index, item in enumerate(node):
            yield from _structs(item, f"{path}[{index}]")
    elif isinstance(node, Struct):
        yield path, node
        for name in node.__struct_fields__:
            yield from _structs(getattr(node, name), f"{path}.{name}")


def _check_figure(faults: Faults, key: str, node: Figure | Span) -> None:
    wanted = UNITS.get(key.rpartition(".")[2])
    if wanted and node.unit not in wanted:
        faults.add(f"{key}.unit", " or ".join(wanted), node.unit)
    if isinstance(node, Span) and node.low > node.high:
        faults.add(f"{key}.low", f"at most {node.high}", node.low)


def _check_limits(faults: Faults, key: str, limits: DoseLimits) -> None:
    """Each limit lies above the one before it, else a dose would be too large and not yet large."""
    rising = {
        "low_below": limits.low_below.value,
        "usual": limits.usual.low,
        "labelled_high": limits.labelled_high.value,
        "warn_above": limits.warn_above.value,
        "critical_above": limits.critical_above.value,
    }
    for (_, lower), (name, upper) in pairwise(rising.items()):
        if upper < lower:
            faults.add(f"{key}.{name}", f"at least {lower}", upper)
    if limits.usual.high > limits.labelled_high.value:
        faults.add(f"{key}.usual", f"at most {limits.labelled_high.value}", limits.usual.high)


def _check_bands(faults: Faults, protocol: Protocol) -> None:
    for index, band in enumerate(protocol.bands):
        key = f"$.bands[{index}]"
        for figure in (band.deficient_below, band.indeterminate_to):
            if figure is not None:
                _check_unit(faults, f"{key}.unit", band.analyte, figure.unit)
        upper, lower = band.indeterminate_to, band.deficient_below
        if upper is not None and (upper.unit != lower.unit or upper.value < lower.value):
            faults.add(f"{key}.indeterminate_to", f"at least {lower.value} {lower.unit}", f"{upper.value} {upper.unit}")
    for (_, first), (index, second) in combinations(enumerate(protocol.bands), 2):
        if first.analyte is second.analyte:
            _check_same(faults, f"$.bands[{index}]", first, second)


def _check_same(faults: Faults, key: str, first: Band, second: Band) -> None:
    """Two bands of one analyte say the same in two units."""
    if first.deficient_below.unit == second.deficient_below.unit:
        faults.add(f"{key}.analyte", f"one band of {first.analyte.value} in {first.deficient_below.unit}", "two")
    for name in ("deficient_below", "indeterminate_to"):
        one, other = getattr(first, name), getattr(second, name)
        if (one is None) != (other is None):
            faults.add(f"{key}.{name}", f"{name} in both units or in none", "one")
        if one is not None:
            expected, got = (each.value * FACTORS[first.analyte, each.unit] for each in (one, other))
            if abs(expected - got) > ROUNDING * expected:
                faults.add(f"{key}.{name}", f"about {one.value} {one.unit}", f"{other.value} {other.unit}")


def _check_magnitudes(faults: Faults, protocol: Protocol) -> None:
    for index, one in enumerate(protocol.magnitudes):
        _check_unit(faults, f"$.magnitudes[{index}].plausible.unit", one.analyte, one.plausible.unit)


def _check_unit(faults: Faults, key: str, analyte: Analyte, unit: str) -> None:
    """A threshold in an unknown unit would never be reached."""
    if (analyte, unit) not in FACTORS:
        known = ", ".join(known for of, known in FACTORS if of is analyte)
        faults.add(key, f"one of {known}", unit)


def _check_phases(faults: Faults, protocol: Protocol) -> None:
    """Where there is nothing to do after loading, or before it, the protocol has to say so itself."""
    standard = protocol.regimen(RegimenFor.STANDARD)
    if standard is None or not standard.injected:
        faults.add("$.regimens", "first a standard regimen of injections", standard.id if standard else "none")
    if standard.maintenance is None:
        faults.add("$.regimens.maintenance", f"maintenance of {standard.id}", "none")
    counted = standard.loading and all(step.doses for step in standard.loading)
    if not counted and not any(NAMED_GAP in gap for gap in protocol.gaps):
        faults.add("$.gaps", f'the number of doses of {standard.id}, or a gap with the words "{NAMED_GAP}"', "neither")


def _check_regimen(faults: Faults, key: str, regimen: Regimen, protocol: Protocol) -> None:
    if not regimen.loading and regimen.maintenance is None:
        faults.add(f"{key}.maintenance", "loading or maintenance", "neither")
    for index, step in enumerate(regimen.loading):
        _check_step(faults, f"{key}.loading[{index}]", step)
    spans = [step.dose for step in regimen.loading] + ([regimen.maintenance.dose] if regimen.maintenance else [])
    for route in regimen.routes:
        limits = protocol.limits_for(regimen.substance, route)
        for span in spans:
            if limits and not limits.low_below.value <= span.low <= span.high <= limits.warn_above.value:
                within = f"{limits.low_below.value} to {limits.warn_above.value} ug by the limits"
                faults.add(f"{key}.dose", within, f"{span.low} to {span.high}")
    if regimen.substance is not Substance.UNSPECIFIED:
        _check_routes(faults, key, regimen, protocol)


def _check_step(faults: Faults, key: str, step: LoadingStep) -> None:
    if (step.doses is None) != bool(step.until.strip()):
        faults.add(
            f"{key}.doses", "doses, or until when where no source counts them", "both" if step.doses else "neither"
        )


def _check_routes(faults: Faults, key: str, regimen: Regimen, protocol: Protocol) -> None:
    labelled = protocol.labelled(regimen.substance)
    for route in regimen.routes:
        if route.parenteral and (labelled is None or route not in labelled.routes):
            known = ", ".join(labelled.routes) if labelled else f"labelled routes of {regimen.substance.value}"
            faults.add(f"{key}.routes", known, route.value)
