"""Real dosage texts, which stay outside the project: what is read must be right, and most of it must be read."""

from __future__ import annotations

import pytest

from cds_service.b12.record import SigReading
from tests.helpers.sig_summary import CORPUS, corpus, report, summary

LEAST_SHARE = 0.75

# By the first 12 hex digits of the text's SHA-256, so that no sentence is copied. What is not here must be refused.
EXPECTED = {
    "71b7fcdb443b": "1000 mcg im | every 1 mo",
    "207fc42791f5": "1000 mcg po | every 1 d ; strength 1000 mcg/piece",
    "aae37484da3e": "nothing ; strength 1000 mcg/mL",
    "e98fa142e721": "1 ampoule | ? ; strength 1000 mcg/mL in 1 mL",
    "38634bee3a16": "1000 mcg im | ? ; strength 1000 mcg/mL",
    "1a70afeca31a": "1000 mcg im | 3x every 1 wk for 14 d",
    "e6ae95f25a1a": "1000 mcg im | every 2-3 mo",
    "50c1479196c3": "50-150 mcg po | every 1 d ; strength 50 mcg/piece",
    "616814508924": "1000 mcg im | every 6 mo",
    "84e729a85691": "1 mL | every 1 wk",
    "36c1586de19b": "1000 mcg im | ?",
    "1d1e77d645f1": "1 mL im | every 1 wk",
    "25f99a5cbd14": "1 mL im | every 1 wk",
    "354ff9e5cb8a": "1 mL im | every 1 wk",
    "592dab122772": "1000 mcg im | every 1 d x 1; | every 9 wk",
    "d200f2e8705a": "1000 mcg im | every 9 wk",
    "c085321b0031": "1000 mcg im | every 1 d x 7; | every 1 wk x 4; | every 1 mo",
    "b9ba84e860dd": "1000 mcg im | every 1 mo",
    "fe0ca25561d3": "1000 mcg | every 1 mo",
    "a17bc42adfc9": "250-1000 mcg im | every 2 d for 7-14 d; 250 mcg | every 1 wk; 1000 mcg | every 1 mo",
    "b017bf2f5e19": "1000 mcg im | 3x every 1 wk for 14 d",
    "29646666b843": "1000 mcg | every 3 mo open",
    "f9fcef1b6d31": "1000 mcg im | every 2 d open; | every 2 mo",
    "03701578973b": "1000 mcg im | every 2 d for 14 d; | every 3 mo",
    "6bcde037ed2e": "1000 mcg im | every 2 d for 14 d; | every 1 mo",
    "b5cb9f915baa": "im | every 3 mo",
    "d95f91f239c8": "1000 mcg im | every 3 mo",
    "04ea41d0493d": "1000 mcg im | every 1 mo",
    "ed22572334bf": "1000 mcg | every 1 wk for 35 d",
    "1ead064dcad3": "1500 mcg po | every 1 d for 91.3125 d",
    "9d3140ee8af1": "| every 1 mo",
    "d7f9cf901fb2": "| every 1 mo",
    "1f7dfc37e48d": "1000 mcg | every 1 wk",
    "a2715f717837": "1000 mcg po | every 1 d",
    "f18c2e3e3346": "100 mcg sc | every 1 d x 1",
    "dede47d0078d": "5000000 mcg iv | ?",
    "7ee68e3215f1": "100000 mcg po | ?",
    "953fa55186b1": "1000000 mcg | every 1 mo open",
    "2407e73d3079": "1000000 mcg im | every 2 d for 7 d; | every 1 mo open",
    "38e2bfce3a03": "100 mcg im | every 1 d for 6-7 d",
    "e56ef7cf79ee": "100 mcg | every 1 mo open",
    "57429169a3dd": "100 mcg im | every 24 h for 6-7 d",
    "1cfba9df1293": "100 mcg im | every 48 h x 7; 100 mcg im | every 3-4 d for 14-21 d; 100 mcg im | every 1 mo open",
    "f22f46e3656c": "250-1000 mcg im | every 1 d for 7-14 d; 100 mcg | every 1 mo",
    "1c6070dae05a": "1000 mcg | 3x every 1 wk for 14 d; 1000 mcg | every 3 mo",
    "b0299ef1f1fd": "1000 mcg im | 3x every 1 wk for 14 d",
    "9a03d527906e": "1000 mcg im | every 2 d",
    "f90ef55595dc": "200000 mcg im | every 1 wk ; strength 200000 mcg/mL",
    "978354bf9cb8": "1 mL im | every 3 wk",
    "490a52c45ff2": "0.5 mL sc | 2x every 1 wk",
    "7853c1dddfe5": "1 mL im | every 1 d x 1",
    "04f2b81572b5": "50000 mcg im | every 4 wk",
    "e3be8e6d70b5": "2400 mcg sc | every 1 wk for 28 d",
    "c6c7d1519b55": "1 tablet po | every 1 d for 7 d; 2 tablet | every 1 d",
    "13338f4e82da": "300000 mcg po | 3x every 1 d ; strength 300000 mcg/piece",
    "ea4ae0a299cc": "12500 mcg po | every 12 h ; strength 12500 mcg/piece",
    "e6738be5da06": "1 other | every 4 wk",
    "2832f854fbea": "1 tablet | every 1 wk",
    "4fa9e25ae4e2": "1 tablet | every 2 d",
    "7a27a6c477fc": "1 tablet po | every 1 wk",
    "47821955992e": "5000 mcg sc | every 1 wk",
    "310e2349f28f": "1 tablet sl | 2x every 1 d for 9 d",
    "242138d44401": "10 mL po | every 6 h for 7 d ; as needed",
    "43dda1ddb1a4": "4 tablet po | every 1 d for 3 d; 3 tablet | every 1 d for 3 d; "
    "2 tablet | every 1 d for 3 d; 1 tablet | every 1 d for 3 d",
    "ac69f6866a06": "237 mL po | 5x every 1 d for 60 d",
}

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus ../shared/data/sigs.tsv is not there")


def test_whatever_is_read_is_read_exactly_right() -> None:
    read = {line.number: (line.key, summary(line.reading)) for line in corpus() if isinstance(line.reading, SigReading)}

    wrong = {number: text for number, (key, text) in read.items() if EXPECTED.get(key) != text}

    assert wrong == {}


def test_every_ambiguous_line_is_refused() -> None:
    ambiguous = [line for line in corpus() if line.tag == "ambiguous"]

    assert ambiguous
    assert [line.number for line in ambiguous if not line.refused] == []


def test_three_quarters_of_b12_dosages_are_read() -> None:
    counted = [line for line in corpus() if line.counted]
    right = [
        line
        for line in counted
        if isinstance(line.reading, SigReading) and EXPECTED.get(line.key) == summary(line.reading)
    ]

    assert len(right) / len(counted) >= LEAST_SHARE, report()


def test_nothing_expected_is_missing_from_the_corpus() -> None:
    assert set(EXPECTED) <= {line.key for line in corpus()}


def test_the_report_names_every_refused_line() -> None:
    refused = [line.number for line in corpus() if line.counted and line.refused]

    assert [f"line {number}:" in report() for number in refused] == [True] * len(refused)
