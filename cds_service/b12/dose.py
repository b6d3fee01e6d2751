"""What an order says to give: the structured reading, the product's strength and the text, kept apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property

from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.concept import Concept
from cds_service.b12.product import B12Product
from cds_service.b12.record import Amount, Instruction, Order, Schedule, SigPhase, SigReading, SigRefused, Strength
from cds_service.b12.words import AmountKind, Form, Piece, Route

ROUTE_SETS = {
    "route-intramuscular": Route.INTRAMUSCULAR,
    "route-subcutaneous": Route.SUBCUTANEOUS,
    "route-intravenous": Route.INTRAVENOUS,
    "route-intradermal": Route.INTRADERMAL,
    "route-oral": Route.ORAL,
    "route-sublingual": Route.SUBLINGUAL,
    "route-nasal": Route.NASAL,
}
ROUTE_OF_FORM = {Form.ORAL: Route.ORAL, Form.SUBLINGUAL: Route.SUBLINGUAL, Form.NASAL: Route.NASAL}
ONE_DOSE_PIECES = frozenset({Piece.TABLET, Piece.SPRAY, Piece.AMPOULE})

SigReader = Callable[[str], SigReading | SigRefused]


class Mass(Struct, frozen=True, gc=False):
    """Micrograms per dose, lowest and highest, and what the number rests on: "stated" or "volume and strength"."""

    low: Decimal
    high: Decimal
    basis: str


class Step(Struct, frozen=True, gc=False):
    """
    One instruction of an order, read three ways.

    `stated` is the mass written in the structure; `computed` is volume or count times the product's
    strength; `text_phases` what the text says (empty: no text, or refused, see `sig`). `told` is what the patient is
    told, where that is another text.
    """

    instruction: Instruction
    amount: Amount | None
    stated: Mass | None
    computed: Mass | None
    schedule: Schedule | None
    route: Route | None
    sig: SigReading | SigRefused | None
    told: SigReading | SigRefused | None = None

    @property
    def text_phases(self) -> tuple[SigPhase, ...]:
        """The steps that the text was read into."""
        return self.sig.phases if isinstance(self.sig, SigReading) else ()

    @property
    def spoken_strength(self) -> Strength | None:
        """The strength that the text names."""
        return self.sig.strength if isinstance(self.sig, SigReading) else None


class B12Order(Struct, frozen=True, dict=True):
    """An order for a single-ingredient B12 product, as a pharmacist reads it."""

    order: Order
    product: B12Product
    steps: tuple[Step, ...]

    @property
    def ref(self) -> str:
        """Reference of the order, for example `MedicationRequest/1`."""
        return self.order.ref

    @cached_property
    def route(self) -> Route | None:
        """The first route: as structured, else as the text says, else as the form leaves no choice."""
        structured = next((step.route for step in self.steps if step.route), None)
        spoken = (phase.route for step in self.steps for phase in step.text_phases if phase.route)
        return structured or next(spoken, None) or (ROUTE_OF_FORM.get(self.product.form) if self.product.form else None)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Every route in order: of each step as structured, else as its text says; else as the form has it."""
        named = (own for step in self.steps for own in _routes_of(step))
        return tuple(dict.fromkeys(named)) or ((self.route,) if self.route else ())

    @cached_property
    def last_route(self) -> Route | None:
        """The route of what goes on: of the last step that names one."""
        return self.routes[-1] if self.routes else None

    @property
    def has_dose(self) -> bool:
        """Something is filled in as a dose, readable or not."""
        return any(step.amount or step.sig for step in self.steps)

    @property
    def text_refused(self) -> bool:
        """A dosage text was not understood, so that what it says is unknown."""
        return any(isinstance(step.sig, SigRefused) for step in self.steps)

    @cached_property
    def schedule(self) -> Schedule | None:
        """The schedule of the last step, which is the one that goes on: structured, else as the text says."""
        for step in reversed(self.steps):
            if step.schedule:
                return step.schedule
            if step.text_phases and step.text_phases[-1].schedule:
                return step.text_phases[-1].schedule
        return None

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """Every schedule the order gives, in order: structured steps, or the text's where there is one step."""
        return tuple(schedule for schedule, _ in self._timed)

    @cached_property
    def injected(self) -> tuple[Schedule, ...]:
        """Of the schedules those of what is injected, or given by a route that is not named."""
        return tuple(schedule for schedule, route in self._timed if route is None or route.parenteral)

    @cached_property
    def _timed(self) -> Sequence[tuple[Schedule, Route | None]]:
        spoken = [
            (phase.schedule, phase.route or step.route or self.route)
            for step in self.steps
            for phase in step.text_phases
            if phase.schedule
        ]
        structured = [(step.schedule, first_route(step) or self.route) for step in self.steps if step.schedule]
        return spoken if len(spoken) > len(structured) else structured

    @property
    def endless(self) -> bool:
        """It gives repeated doses of which neither structure, text nor supply says when they end."""
        repeated = (one for one in self.schedules if one.count_high != 1)
        return self.order.ends is None and any(one.total is None and one.end is None for one in repeated)

    @cached_property
    def mass(self) -> Mass | None:
        """Micrograms per dose of the last readable step, whichever reading gives it."""
        return next((mass for step in reversed(self.steps) if (mass := mass_of(step, self.product.strength))), None)


def first_route(step: Step) -> Route | None:
    """The route of a step as structured, else as the first phase of its text that names one says."""
    return step.route or next((phase.route for phase in step.text_phases if phase.route), None)


def _routes_of(step: Step) -> list[Route]:
    """The structured route is that of the text's first phase; a later phase may go over to another."""
    first, *later = [phase.route for phase in step.text_phases] or [None]
    return [route for route in (step.route or first, *later) if route]


def mass_of(step: Step, strength: Strength | None) -> Mass | None:
    """Micrograms per dose of one step: stated, else computed, else as the text says, by its own strength if need be."""
    if step.stated or step.computed:
        return step.stated or step.computed
    if step.amount and step.amount.contradictory:
        return None
    known = strength or step.spoken_strength
    masses = (mass_of_amount(phase.amount, known) for phase in step.text_phases if phase.amount)
    return next((mass for mass in masses if mass), None)


def mass_of_amount(amount: Amount, strength: Strength | None) -> Mass | None:
    """Micrograms of an amount; None if it is a volume or count of unknown strength, or in an unknown unit."""
    if amount.kind is AmountKind.MASS:
        return Mass(amount.low, amount.high, "stated")
    per_unit = mcg_per_unit(amount, strength)
    if per_unit is None:
        return None
    return Mass(amount.low * per_unit, amount.high * per_unit, "volume and strength")


def mcg_per_unit(amount: Amount, strength: Strength | None) -> Decimal | None:
    """
    Micrograms in one mL or one piece of this product.

    A container counts only where its volume is known; a vial of unknown volume may hold many doses.
    """
    if strength is None:
        return None
    if amount.kind is AmountKind.VOLUME:
        return strength.mcg if strength.per is AmountKind.VOLUME else None
    if strength.per is AmountKind.COUNT:
        return strength.mcg if amount.piece in ONE_DOSE_PIECES | {Piece.OTHER} else None
    if amount.piece in {Piece.AMPOULE, Piece.VIAL} and strength.container_ml:
        return strength.mcg * strength.container_ml
    return None


def route_of(concept: Concept | None, codes: CodeSets, read_sig: SigReader) -> Route | None:
    """The route a coding names; its words only where no coding is known."""
    if concept is None:
        return None
    ideas = codes.ideas_of(concept)
    coded = next((route for idea, route in ROUTE_SETS.items() if idea in ideas), None)
    if coded or not concept.label:
        return coded
    spoken = read_sig(concept.label.removesuffix(" route"))
    return spoken.phases[0].route if isinstance(spoken, SigReading) and spoken.phases else Route.OTHER


def b12_order_of(order: Order, product: B12Product, codes: CodeSets, read_sig: SigReader) -> B12Order:
    """The order of a B12 product as a pharmacist reads it."""
    steps = (step_of(one, product, codes, read_sig) for one in order.instructions)
    return B12Order(order, product, tuple(steps))


def step_of(instruction: Instruction, product: B12Product, codes: CodeSets, read_sig: SigReader) -> Step:
    """One instruction read three ways."""
    amount, sig = instruction.amount, read_sig(instruction.text) if instruction.text else None
    spoken = sig.strength if isinstance(sig, SigReading) else None
    mass = mass_of_amount(amount, product.strength or spoken) if amount else None
    return Step(
        instruction=instruction,
        amount=amount,
        stated=mass if mass and mass.basis == "stated" else None,
        computed=mass if mass and mass.basis != "stated" else None,
        schedule=instruction.schedule,
        route=route_of(instruction.route, codes, read_sig),
        sig=sig,
        told=read_sig(instruction.patient_text) if instruction.patient_text else None,
    )
