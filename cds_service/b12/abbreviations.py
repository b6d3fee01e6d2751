"""Error-prone forms in a dosage text, such as "1.0 mg" or "QOD", and the text with their safe spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from msgspec import Struct

from cds_service.b12.dose import B12Order
from cds_service.b12.policy import Abbreviation, Written

MICRO = "µμ"  # two characters that look the same
UNIT = (
    r"(?P<unit>(?:mg|mcg|ug|[µμ]g|microg|micrograms?|milligrams?|g|grams?|mL|cc|millilit(?:er|re)s?|units?|U|IU|tablets?)\b)"
    r"(?!\s*(?:/|per\b))"  # a strength is part of a product's name
)
TRAILING_ZERO = re.compile(rf"(?<![\w.,])(?P<number>\d+(?:,\d{{3}})*)\.0{{1,2}}(?P<space>\s*){UNIT}", re.IGNORECASE)
BARE_POINT = re.compile(rf"(?<![\w.,])(?P<number>\.\d+)(?P<space>\s*){UNIT}", re.IGNORECASE)


class Respelled(Struct, frozen=True):
    """A form as it was written, and its safe spelling."""

    written: str
    safe: str


class SafeText(Struct, frozen=True):
    """The text of one step with safe spellings; `step` is its index in the order."""

    step: int
    text: str
    forms: tuple[Respelled, ...]


def safe_texts(draft: B12Order, abbreviations: Sequence[Abbreviation]) -> tuple[SafeText, ...]:
    """Every step of an order whose text uses an error-prone form; the name of the product does not count."""
    found = (_safe_text(index, step.instruction.text, draft, abbreviations) for index, step in enumerate(draft.steps))
    return tuple(one for one in found if one.forms)


def written_in(texts: Sequence[SafeText]) -> tuple[str, str]:
    """(the forms as written, their safe spellings), each once, in the order in which the list has them."""
    forms = tuple(dict.fromkeys(form for one in texts for form in one.forms))
    return ", ".join(one.written for one in forms), ", ".join(dict.fromkeys(one.safe for one in forms))


def _safe_text(step: int, text: str, draft: B12Order, abbreviations: Sequence[Abbreviation]) -> SafeText:
    name = draft.product.name
    named = name and name.lower() in text.lower()
    parts = re.split(f"({re.escape(name)})", text, flags=re.IGNORECASE) if named else [text]
    forms: list[Respelled] = []
    for abbreviation in abbreviations:
        pattern = _pattern(abbreviation.written, abbreviation.form)
        spell = SPELLINGS[abbreviation.written]

        def safe(match: re.Match[str], by: Abbreviation = abbreviation, spelled: Spelling = spell) -> str:
            written, replaced = spelled(match, by.safe)
            forms.append(Respelled(written.strip(), replaced.strip()))
            return replaced

        parts[::2] = [pattern.sub(safe, part) for part in parts[::2]]
    return SafeText(step, "".join(parts), tuple(dict.fromkeys(forms)))


@cache
def _pattern(written: Written, form: str) -> re.Pattern[str]:
    if written is Written.TRAILING_ZERO:
        return TRAILING_ZERO
    if written is Written.BARE_POINT:
        return BARE_POINT
    before = r"(?<=\d)\s*" if written is Written.UNIT else r"(?<![\w.-])"
    return re.compile(rf"{before}(?:{_letters(form)})(?![\w-])", re.IGNORECASE)


def _letters(form: str) -> str:
    """The form, with points between its letters or without, and any space between its words."""
    words = form.split()
    plain = r"[\s-]+".join(re.escape(word) for word in words).replace("µ", f"[{MICRO}]")
    dotted = [r"\.".join(form) + r"\.?"] if form.isalnum() and form.isascii() and len(form) > 1 else []
    return "|".join([*dotted, plain])


Spelling = Callable[[re.Match[str], str], tuple[str, str]]


def _word(match: re.Match[str], safe: str) -> tuple[str, str]:
    return match[0], safe


def _unit(match: re.Match[str], safe: str) -> tuple[str, str]:
    return match[0], f" {safe}"


def _without_zero(match: re.Match[str], _: str) -> tuple[str, str]:
    return match[0], f"{match['number']}{match['space']}{match['unit']}"


def _with_zero(match: re.Match[str], _: str) -> tuple[str, str]:
    return match[0], f"0{match['number']}{match['space']}{match['unit']}"


SPELLINGS: Mapping[Written, Spelling] = {
    Written.WORD: _word,
    Written.UNIT: _unit,
    Written.TRAILING_ZERO: _without_zero,
    Written.BARE_POINT: _with_zero,
}
