"""How numbers, days and schedules read in each language, and what is missing in one."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from jinja2.meta import find_undeclared_variables

from cds_service.b12.protocol import RegimenFor
from cds_service.b12.record import Schedule, Strength
from cds_service.b12.words import AmountKind, TimeUnit
from cds_service.grammar import GRAMMARS
from cds_service.knowledge import Knowledge, roots
from cds_service.language import ENGLISH, Language
from cds_service.wording import environment, write_detail, write_line
from tests.helpers.languages import missing_texts, phrases
from tests.helpers.patients import knowledge as known

D = Decimal
GAP = "\N{NO-BREAK SPACE}"
PLACE = re.compile(r"\{[^}]*\}")
MISSING: dict[str, frozenset[str]] = {"es": frozenset(), "de": frozenset()}
"""What is known to be missing, and is shown in English; at best nothing."""
UNUSED = frozenset({"cobamamide injection", "mecobalamin injection", "unknown"})
"""Phrases that no protocol needs today."""
OFFERED = tuple(known().words)


def language(code: str) -> Language:
    return known().words[code].language if code in OFFERED else Language(GRAMMARS[code])


def schedule(doses: str, low: str, high: str, unit: TimeUnit, count: int | None = None) -> Schedule:
    return Schedule(D(doses), D(low), D(high), unit, count_high=count)


# What is missing


@pytest.mark.parametrize("code", [code for code in OFFERED if code != "en"])
def test_what_is_missing_in_a_language_is_known(knowledge: Knowledge, code: str) -> None:
    assert sorted(missing_texts(knowledge, code)) == sorted(MISSING[code])


def test_english_spanish_and_german_are_offered_english_first(knowledge: Knowledge) -> None:
    assert list(knowledge.words) == list(GRAMMARS) == ["en", "es", "de"]


def test_every_phrase_in_the_file_can_reach_a_card(knowledge: Knowledge) -> None:
    written = tomllib.loads((roots().cards / "phrases.toml").read_text("utf-8"))["phrases"]
    assert set(written) - phrases(knowledge) - UNUSED == set()


@pytest.mark.parametrize("code", OFFERED)
def test_a_translated_phrase_has_the_places_of_the_english_one(code: str) -> None:
    for phrase, said in language(code).phrases.items():
        assert Counter(PLACE.findall(said)) == Counter(PLACE.findall(phrase)), phrase


@pytest.mark.parametrize("code", OFFERED)
def test_a_translation_leaves_out_no_fact_that_the_english_summary_tells(knowledge: Knowledge, code: str) -> None:
    """A summary may turn a sentence round, but not drop the number that it is about."""
    for rule, card in knowledge.words[code].texts.items():
        for name, text in card.variants.items():
            english = knowledge.texts[rule].variants[name]
            lost = facts_in(english.words) - facts_in(text.words) - SAID_OTHERWISE.get((rule, name), frozenset())
            assert not lost, f"{code} {rule}.{name}"
            assert (text.suggestion is None) == (english.suggestion is None), f"{code} {rule}.{name}"


SAID_OTHERWISE = {
    ("allergy_conflict", "excipient"): frozenset({"substance"}),
}
"""Facts that the summary need not repeat: the card stands beside its order."""


def facts_in(template: str) -> frozenset[str]:
    return frozenset(find_undeclared_variables(environment().parse(template)))


# Numbers and masses

NUMBERS = [
    ("0", "0", "0", "0"),
    ("1.0", "1", "1", "1"),
    ("1.50", "1.5", "1,5", "1,5"),
    ("0.10", "0.1", "0,1", "0,1"),
    ("0.001", "0.001", "0,001", "0,001"),
    ("0.0004", "0", "0", "0"),
    ("0.3333333", "0.333", "0,333", "0,333"),
    ("833.3333333", "833.33", "833,33", "833,33"),
    ("1000", "1000", "1000", "1000"),
    ("1234.5", "1234.5", "1234,5", "1234,5"),
    ("9999", "9999", "9999", "9999"),
    ("10000", "10,000", f"10{GAP}000", f"10{GAP}000"),
    ("-10000", "-10,000", f"-10{GAP}000", f"-10{GAP}000"),
    ("1E+6", "1,000,000", f"1{GAP}000{GAP}000", f"1{GAP}000{GAP}000"),
]
CODES = ("en", "es", "de")


@pytest.mark.parametrize(("value", *CODES), NUMBERS)
def test_a_number_has_the_decimal_sign_of_its_language_and_no_trailing_zero(
    value: str, en: str, es: str, de: str
) -> None:
    assert [language(code).number(D(value)) for code in CODES] == [en, es, de]


@pytest.mark.parametrize("code", [code for code in CODES if code != "en"])
@pytest.mark.parametrize("digits", range(1, 10))
def test_no_dot_stands_in_a_number_where_it_may_be_read_as_thousands(code: str, digits: int) -> None:
    for value in (D(10) ** digits, D(10) ** digits / 1000, D("1.234") * D(10) ** (digits - 3)):
        assert "." not in language(code).number(value)


MASSES = [
    ("en", "1000.0", "1000 mcg"),
    ("es", "1000.0", "1000 mcg"),
    ("de", "1000.0", "1000 Mikrogramm"),
    ("de", "0.5", "0,5 Mikrogramm"),
]


@pytest.mark.parametrize(("code", "value", "written"), MASSES)
def test_a_mass_is_spelled_so_that_it_is_not_read_as_milligrams(code: str, value: str, written: str) -> None:
    assert language(code).mcg(D(value)) == written


MEASURED = [
    ("0.5 mg", "0,5 mg"),
    ("<0.15 umol/L", "<0,15 umol/L"),
    (">2000 pg/mL", ">2000 pg/mL"),
    ("1,000 mcg", "1000 mcg"),
    ("1,000.5-12,000 mcg", "1000,5-12000 mcg"),
    ("1,5 mg", "1,5 mg"),
    ("1.2.3", "1.2.3"),
    ("12 ug", "12 ug"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "written"), MEASURED)
def test_a_result_keeps_its_digits_and_gets_the_decimal_sign(text: str, written: str) -> None:
    assert ENGLISH.measured(text) == text
    assert [language(code).measured(text) for code in ("es", "de")] == [written, written]


PIECES = [
    ("1000 tablet", "1000 tablets", "1000 comprimidos", "1000 Tabletten"),
    ("1 tablet", "1 tablet", "1 comprimido", "1 Tablette"),
    ("1 tablets", "1 tablet", "1 comprimido", "1 Tablette"),
    ("2 Tablet(s)", "2 tablets", "2 comprimidos", "2 Tabletten"),
    ("0.5 {tbl}", "0.5 tablets", "0,5 comprimidos", "0,5 Tabletten"),
    ("1,000 tab", "1,000 tablets", "1000 comprimidos", "1000 Tabletten"),
    ("1-2 vial", "1-2 vials", "1-2 viales", "1-2 Durchstechflaschen"),
    ("1 vial to 2 vial", "1 vial to 2 vials", "1 vial a 2 viales", "1 Durchstechflasche bis 2 Durchstechflaschen"),
    ("10 {actuat}", "10 actuations", "10 pulsaciones", "10 Hübe"),
    ("3 ampule (1 mg each)", "3 ampoules (1 mg each)", "3 ampollas (1 mg each)", "3 Ampullen (1 mg each)"),
    ("1 mg vial", "1 mg vial", "1 mg vial", "1 mg vial"),
    ("2 tablet/d", "2 tablet/d", "2 tablet/d", "2 tablet/d"),
    ("2 shot", "2 shot", "2 shot", "2 shot"),
]  # fmt: skip


@pytest.mark.parametrize(("text", *CODES), PIECES)
def test_pieces_are_counted_in_the_words_of_the_language(text: str, en: str, es: str, de: str) -> None:
    assert [language(code).measured(text) for code in CODES] == [en, es, de]


COUNTED = [
    ("90", "tablet", "90 tablets", "90 comprimidos", "90 Tabletten"),
    ("1.0", "{spray}", "1 spray", "1 pulverización", "1 Sprühstoß"),
    ("10", "spray", "10 sprays", "10 pulverizaciones", "10 Sprühstöße"),
    ("10000", "vials", "10,000 vials", f"10{GAP}000 viales", f"10{GAP}000 Durchstechflaschen"),
    ("2.5", "mL", "2.5 mL", "2,5 mL", "2,5 mL"),
    ("5", "L", "5 L", "5 L", "5 L"),
]


@pytest.mark.parametrize(("value", "unit", *CODES), COUNTED)
def test_a_number_of_a_unit_has_the_form_of_the_unit_that_follows_it(
    value: str, unit: str, en: str, es: str, de: str
) -> None:
    assert [language(code).counted(D(value), unit) for code in CODES] == [en, es, de]


def test_a_range_as_it_came_has_the_word_of_the_language() -> None:
    text = "10.0 to 12.5 mcg to 15 mcg"
    said = [language(code).measured(text) for code in CODES]
    assert said == [text, "10,0 a 12,5 mcg a 15 mcg", "10,0 bis 12,5 mcg bis 15 mcg"]


def test_a_number_does_not_break_across_lines_in_a_card() -> None:
    spanish = language("es")
    template = environment(spanish).from_string("  {{ x | mcg }}\n y {{ x | mcg }}")
    line = write_line(template, {"x": D(10) ** 6}, 139)

    assert line == f"1{GAP}000{GAP}000 mcg y 1{GAP}000{GAP}000 mcg"
    assert write_detail(environment(spanish).from_string("{{ line }}"), {"line": line}) == line


# Days and schedules


def test_a_day_cannot_be_read_with_its_month_in_place_of_the_day() -> None:
    days = [language(code).day(date(2026, 3, 1)) for code in CODES]
    assert days == ["2026-03-01", "1 mar 2026", "01.03.2026"]
    assert language("es").day("an unknown day") == "fecha desconocida"
    assert ENGLISH.day("an unknown day") == "an unknown day"


@pytest.mark.parametrize(("code", "march"), [("en", "2026-03"), ("es", "mar 2026"), ("de", "März 2026")])
def test_a_month_is_written_as_days_are(code: str, march: str) -> None:
    assert language(code).month(date(2026, 3, 31)) == march


@pytest.mark.parametrize(("code", "to", "gap"), [("en", "to", ""), ("es", "a", GAP), ("de", "bis", GAP)])
def test_a_share_is_a_percentage_or_two(code: str, to: str, gap: str) -> None:
    said = language(code)
    assert [said.percent(8, 27), said.percent(100, 100)] == [f"8 {to} 27{gap}%", f"100{gap}%"]


SCHEDULES = [
    (schedule("1", "1", "1", TimeUnit.DAY), "every day", "cada día", "jeden Tag"),
    (schedule("1", "2", "3", TimeUnit.MONTH), "every 2 to 3 months", "cada 2 a 3 meses", "alle 2 bis 3 Monate"),
    (schedule("1", "3", "3", TimeUnit.MONTH), "every 3 months", "cada 3 meses", "alle 3 Monate"),
    (schedule("1", "1.5", "1.5", TimeUnit.MONTH), "every 1.5 months", "cada 1,5 meses", "alle 1,5 Monate"),
    (schedule("2", "1", "1", TimeUnit.WEEK), "twice a week", "dos veces a la semana", "zweimal pro Woche"),
    (schedule("3", "1", "1", TimeUnit.WEEK), "3 times a week", "3 veces a la semana", "3-mal pro Woche"),
    (schedule("3", "2", "2", TimeUnit.WEEK), "3 times in 2 weeks", "3 veces cada 2 semanas", "3-mal alle 2 Wochen"),
    (Schedule(D(1), D(1) / 60, D(1) / 60, TimeUnit.HOUR), "every minute", "cada minuto", "jede Minute"),
    (schedule("1", "0.5", "0.5", TimeUnit.HOUR), "every 30 minutes", "cada 30 minutos", "alle 30 Minuten"),
    (
        schedule("2", "0.5", "0.5", TimeUnit.HOUR),
        "twice in 30 minutes",
        "dos veces cada 30 minutos",
        "zweimal alle 30 Minuten",
    ),
    (
        Schedule(D(1), D(5) / 3600, D(10) / 3600, TimeUnit.HOUR),
        "every 5 to 10 seconds",
        "cada 5 a 10 segundos",
        "alle 5 bis 10 Sekunden",
    ),
    (Schedule(D(1), D(1) / 3600, D(1) / 3600, TimeUnit.HOUR), "every second", "cada segundo", "jede Sekunde"),
    (schedule("1", "1.5", "1.5", TimeUnit.HOUR), "every 1.5 hours", "cada 1,5 horas", "alle 1,5 Stunden"),
    (schedule("1", "12", "12", TimeUnit.HOUR), "every 12 hours", "cada 12 horas", "alle 12 Stunden"),
    (schedule("1", "1", "1", TimeUnit.YEAR, count=1), "once", "una vez", "einmal"),
]


@pytest.mark.parametrize(("value", *CODES), SCHEDULES)
def test_a_schedule_is_said_in_words(value: Schedule, en: str, es: str, de: str) -> None:
    assert [language(code).every(value) for code in CODES] == [en, es, de]


def test_a_strength_is_per_millilitre_or_piece() -> None:
    volume, piece = Strength(D(1000), AmountKind.VOLUME, "x"), Strength(D(50), AmountKind.COUNT, "x")
    assert [language(code).strength(volume) for code in ("en", "es")] == ["1000 mcg per mL", "1000 mcg por mL"]
    assert [language(code).strength(piece) for code in ("en", "es")] == ["50 mcg per piece", "50 mcg por unidad"]


REGIMENS = {
    ("en", "uk-nice-bnf", RegimenFor.STANDARD): (
        "hydroxocobalamin intramuscular, 1000 mcg every 2 to 3 days, 6 doses, then 1000 mcg every 2 to 3 months"
    ),
    ("es", "uk-nice-bnf", RegimenFor.STANDARD): (
        "hidroxocobalamina por vía intramuscular, 1000 mcg cada 2 a 3 días, 6 dosis, después 1000 mcg cada 2 a 3 meses"
    ),
    ("en", "uk-nice-bnf", RegimenFor.NEUROLOGICAL): (
        "hydroxocobalamin intramuscular, 1000 mcg every 2 days, until no further improvement, "
        "then 1000 mcg every 2 months"
    ),
    ("de", "uk-nice-bnf", RegimenFor.STANDARD): (
        "Hydroxocobalamin intramuskulär, 1000 Mikrogramm alle 2 bis 3 Tage, 6 Gaben, "
        "dann 1000 Mikrogramm alle 2 bis 3 Monate"
    ),
    ("es", "uk-nice-bnf", RegimenFor.NEUROLOGICAL): (
        "hidroxocobalamina por vía intramuscular, 1000 mcg cada 2 días, hasta que no haya más mejoría, "
        "después 1000 mcg cada 2 meses"
    ),
    ("en", "uk-nice-bnf", RegimenFor.DIETARY): "hydroxocobalamin intramuscular, 1000 mcg every 6 months",
    ("en", "us-label", RegimenFor.STANDARD): (
        "cyanocobalamin intramuscular or subcutaneous, 100 mcg every day, 6 to 7 doses; "
        "then 100 mcg every 2 days, 7 doses; then 100 mcg every 3 to 4 days, 4 to 7 doses, "
        "then 100 mcg every month"
    ),
    ("es", "us-label", RegimenFor.STANDARD): (
        "cianocobalamina por vía intramuscular o subcutánea, 100 mcg cada día, 6 a 7 dosis; "
        "después 100 mcg cada 2 días, 7 dosis; después 100 mcg cada 3 a 4 días, 4 a 7 dosis, "
        "después 100 mcg cada mes"
    ),
}


@pytest.mark.parametrize(("key", "written"), REGIMENS.items())
def test_a_regimen_is_said_in_words(knowledge: Knowledge, key: tuple[str, str, RegimenFor], written: str) -> None:
    code, protocol, whom = key
    regimen = knowledge.protocols[protocol].regimen(whom)

    assert regimen
    assert language(code).regimen(regimen) == written


@pytest.mark.parametrize("code", CODES)
def test_a_time_is_said_in_one_or_many(knowledge: Knowledge, code: str) -> None:
    """No English word is left in a regimen of any protocol, in a language that is offered."""
    said = language(code)
    for regimen in (one for protocol in knowledge.protocols.values() for one in protocol.regimens):
        words = set(re.findall(r"[a-z]+", said.regimen(regimen)))
        assert code == "en" or code not in OFFERED or not words & {"every", "doses", "then", "or", "until", "injection"}


# Phrases of ours

LISTS = [
    ("potassium", "potasio"),
    ("homocysteine, methylmalonic acid", "homocisteína, ácido metilmalónico"),
    ("anaemia and neurological signs", "anemia y signos neurológicos"),
    ("subcutaneous or oral", "subcutánea u oral"),
    ("oral or nasal", "oral o nasal"),
    ("the dose; the allergy list and kidney function", "la dosis; la lista de alergias y la función renal"),
    ("pemetrexed or pralatrexate", "pemetrexed o pralatrexato"),
    ("potassium and something of the chart", "potassium and something of the chart"),
    ("B12 Depot ampoule", "B12 Depot ampoule"),
    ("", ""),
]


@pytest.mark.parametrize(("english", "spanish"), LISTS)
def test_a_list_of_phrases_is_said_whole_or_stays_english(english: str, spanish: str) -> None:
    assert language("es").words(english) == spanish
    assert ENGLISH.words(english) == english


def test_facts_of_the_chart_are_never_translated() -> None:
    facts = {"allergy": "vitamin B12", "substance": "vitamin B12", "days": 3}
    said = language("es").facts(facts, frozenset({"substance", "days"}))

    assert said == {"allergy": "vitamin B12", "substance": "vitamina B12", "days": 3}
