"""
A corrected draft is read again, as any order is, before it is offered.

Every step has to say what the correction is for and else what it said before, and its structure and its texts must
not contradict each other in what was corrected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import combinations

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds_service.b12.codes import CodeSets
from cds_service.b12.conflict import conflicts_of, overlap
from cds_service.b12.dose import B12Order, Step, b12_order_of, mass_of, mass_of_amount
from cds_service.b12.policy import Span
from cds_service.b12.protocol import Timing, spoken
from cds_service.b12.record import Amount, Schedule, SigPhase, SigReading, Strength
from cds_service.b12.sig import read_sig
from cds_service.b12.words import AmountKind, Piece, Route
from cds_service.errors import OutputFault
from cds_service.fhir import elements as fhir
from cds_service.fhir.dosage_text import TEXTS, Ends, amounts_in, readings_of, says_mass_otherwise, texts_of
from cds_service.fhir.lens import Lens
from cds_service.fhir.prefetch import Sent
from cds_service.fhir.resources import read_order
from cds_service.fhir.valid import Resource
from cds_service.hooks import ENCODER

REQUEST = msgspec.json.Decoder(fhir.MedicationRequest)


class Yardstick(Struct, frozen=True):
    """What an order is read by: the code sets, and within which shares two readings are the same."""

    codes: CodeSets
    timing: Timing


class Wanted(Struct, frozen=True):
    """What a step has to say once it is corrected; where nothing is wanted, what it said before."""

    amount: Amount | None = None
    interval: Span | None = None
    route: Route | None = None
    respelled: bool = False


class _Pair(Struct, frozen=True):
    """A step before and after, each as read and as written, and what is wanted of it."""

    was: Step
    now: Step
    sent: Resource
    draft: Resource
    wanted: Wanted
    strength: Strength | None


AS_BEFORE = Wanted()
SOLID = frozenset({Piece.TABLET, Piece.SPRAY})  # no number of them is a volume


def read_again(draft: Resource, before: B12Order, codes: CodeSets) -> B12Order:
    """The draft as our own reader takes it; the product is the one that was read before."""
    raw = Raw(ENCODER.encode(draft))
    order = read_order(REQUEST.decode(raw), Sent(REQUEST.decode(raw), before.ref, raw=raw), Lens({}, codes))
    return b12_order_of(order, before.product, codes, read_sig)


def check_again(
    sent: Resource, draft: Resource, before: B12Order, wanted: Mapping[int, Wanted], yardstick: Yardstick
) -> B12Order:
    """
    The corrected draft as it reads; `wanted` by the index of the step as it was read before.

    Steps that were put first are passed over. Raises OutputFault if a step reads otherwise than wanted, or contradicts
    itself in what was corrected.
    """
    after = read_again(draft, before, yardstick.codes)
    old = [(index, step) for index, step in enumerate(before.steps) if _says_anything(step)]
    new = [step for step in after.steps if _says_anything(step)]
    if len(new) < len(old):
        raise OutputFault("expected as many steps as before, got fewer")
    for (index, was), now in zip(old, new[len(new) - len(old) :], strict=True):
        written, rewritten = (_written(order, one) for order, one in ((sent, was), (draft, now)))
        pair = _Pair(was, now, written, rewritten, wanted.get(index, AS_BEFORE), before.product.strength)
        _check_step(pair, draft, yardstick.timing)
    return after


def stays_stated(step: Step, wanted: Amount) -> bool:
    """The structure states a mass and goes on stating it, where another volume is wanted."""
    return bool(step.stated) and wanted.kind is AmountKind.VOLUME


def says_when(step: Step) -> bool:
    """A step gives a schedule, in its structure or its text."""
    return bool(step.schedule or (step.text_phases and step.text_phases[-1].schedule))


def _says_anything(step: Step) -> bool:
    return bool(step.amount or step.schedule or step.route or step.sig)


def _written(order: Resource, step: Step) -> Resource:
    instruction: Resource = order["dosageInstruction"][step.instruction.place]
    return instruction


def _check_step(pair: _Pair, draft: Resource, timing: Timing) -> None:
    if not _reads_as_wanted(pair):
        raise OutputFault("expected a corrected step that reads as it was meant, got another reading")
    if not _agrees(pair, timing):
        raise OutputFault("expected a corrected step that agrees with itself, got a contradiction")
    if not all(_text_follows(pair, old, pair.draft.get(name), timing) for name, old in texts_of(pair.sent)):
        raise OutputFault("expected a dosage text that can be rewritten soundly, got another")
    if pair.wanted.amount and not _gone_elsewhere(pair, draft, pair.wanted.amount):
        raise OutputFault("expected the mistaken amount in dose and dosage text alone, got it elsewhere")


def _reads_as_wanted(pair: _Pair) -> bool:
    was, now, wanted = pair.was, pair.now, pair.wanted
    kept = wanted.amount is None or stays_stated(was, wanted.amount)
    amount = now.amount == was.amount if kept else _alike(now.amount, wanted.amount)
    schedule = now.schedule == _spaced(was.schedule, wanted.interval)
    return (
        amount
        and schedule
        and now.route == (wanted.route or was.route)
        and now.instruction.as_needed == was.instruction.as_needed
    )


def _alike(one: Amount | None, other: Amount | None) -> bool:
    """The same amount, however it is written."""
    if one is None or other is None:
        return one is other
    return (one.low, one.high, one.kind, one.piece, one.text_mcg) == (
        other.low, other.high, other.kind, other.piece, other.text_mcg,
    )  # fmt: skip


def _spaced(schedule: Schedule | None, interval: Span | None) -> Schedule | None:
    """The schedule at another interval."""
    if schedule is None or interval is None:
        return schedule
    said = spoken(interval)
    return replace(schedule, doses=Decimal(1), period_low=said.low, period_high=said.high, unit=said.unit)


def _agrees(pair: _Pair, timing: Timing) -> bool:
    """No contradiction that was not there, and none in what was corrected."""
    before, after = ({one.kind for one in conflicts_of(step, timing)} for step in (pair.was, pair.now))
    wanted = pair.wanted
    if wanted.route:
        return not after and before <= {"route"} and _text_adds_nothing(pair.was, pair.now, pair.strength)
    settled = {"dose"} if wanted.amount else {"frequency"} if wanted.interval else set()
    other = wanted.amount and pair.now.amount and not _holds(wanted.amount, pair.now.amount, pair.strength, timing)
    return after <= before - settled and not other


def _text_adds_nothing(was: Step, now: Step, strength: Strength | None) -> bool:
    """Where the text goes, the order is left with what the structure says."""
    needed = isinstance(was.sig, SigReading) and was.sig.as_needed and not was.instruction.as_needed
    timed = was.schedule or not says_when(was)
    dosed = mass_of(was, strength) == mass_of(now, strength)
    return bool(len(was.text_phases) <= 1 and not needed and timed and dosed)


def _text_follows(pair: _Pair, old: str, new: str | None, timing: Timing) -> bool:
    wanted = pair.wanted
    if new is None or not old.strip():
        return bool(wanted.route) or new == old
    was, now = read_sig(old), read_sig(new)
    if not isinstance(now, SigReading):
        doubt = isinstance(was, SigReading) or wanted.interval
        return not doubt and (not wanted.amount or _figures_agree(pair, wanted.amount, new, timing))
    if not isinstance(was, SigReading):
        same = wanted.respelled or old == new
        return bool(same or wanted.amount) and (not wanted.amount or _amounts_agree(pair, wanted.amount, now, timing))
    return _phases_follow(was, now, wanted) and (not wanted.amount or _amounts_agree(pair, wanted.amount, now, timing))


def _phases_follow(was: SigReading, now: SigReading, wanted: Wanted) -> bool:
    if len(was.phases) != len(now.phases) or was.as_needed != now.as_needed:
        return False
    last = len(was.phases) - 1
    return all(
        _phase_follows(one, other, wanted, last=index == last)
        for index, (one, other) in enumerate(zip(was.phases, now.phases, strict=True))
    )


def _phase_follows(was: SigPhase, now: SigPhase, wanted: Wanted, *, last: bool) -> bool:
    amount = bool(was.amount) == bool(now.amount) if wanted.amount else _alike(was.amount, now.amount)
    schedule = _spaced(was.schedule, wanted.interval if last else None)
    return amount and was.route == now.route and now.schedule == schedule


def _amounts_agree(pair: _Pair, wanted: Amount, text: SigReading, timing: Timing) -> bool:
    """Every amount in a text that is understood is the wanted one, or holds as much."""
    amounts = [phase.amount for phase in text.phases if phase.amount]
    strengths = [one for one in (pair.strength, text.strength, pair.now.spoken_strength) if one]
    holds = all(_holds(wanted, one, strength, timing) for one in amounts for strength in (*strengths, None))
    return holds and all(_as_strong(*two, timing) for two in combinations(strengths, 2))


def _as_strong(one: Strength, other: Strength, timing: Timing) -> bool:
    return one.per is not other.per or overlap(one.mcg, one.mcg, other.mcg, other.mcg, timing.volume_tolerance.value)


def _holds(wanted: Amount, amount: Amount, strength: Strength | None, timing: Timing) -> bool:
    if amount.kind is wanted.kind:
        return _alike(wanted, amount)
    if wanted.kind is AmountKind.VOLUME and amount.piece in SOLID:
        return False
    one, other = mass_of_amount(wanted, strength), mass_of_amount(amount, strength)
    if one is None or other is None:
        return True
    return overlap(one.low, one.high, other.low, other.high, timing.volume_tolerance.value)


def _figures_agree(pair: _Pair, wanted: Amount, text: str, timing: Timing) -> bool:
    """The same of a text that is not understood, by the figures and units of mass and volume that stand in it."""
    found = [
        Amount(low, high, kind, "")
        for kind in (AmountKind.MASS, AmountKind.VOLUME)
        for low, high in amounts_in(text, kind)
    ]
    return not says_mass_otherwise(text) and all(_holds(wanted, one, pair.strength, timing) for one in found)


def _gone_elsewhere(pair: _Pair, draft: Resource, wanted: Amount) -> bool:
    """Neither notes nor other parts of the instruction go on saying the mistaken amount."""
    told = {ends for _, text in texts_of(pair.sent) for ends in amounts_in(text, wanted.kind)}
    mistaken = told | (readings_of(pair.was.amount) if pair.was.amount else set())
    rest = {name: value for name, value in pair.draft.items() if name not in TEXTS}
    said = {ends for one in _strings([rest, draft.get("note")]) for ends in amounts_in(one, wanted.kind)}
    return not said & (mistaken - {_ends(wanted)})


def _ends(amount: Amount) -> Ends:
    return amount.low, amount.high


def _strings(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for one in node.values() if isinstance(node, dict) else node:
            yield from _strings(one)
