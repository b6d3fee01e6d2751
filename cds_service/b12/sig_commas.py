"""Dosage texts where a comma may be the decimal point: "1,000 mg" is a thousand to one reader, one to another."""

from __future__ import annotations

import re

from cds_service.b12.record import SigReading, SigRefused
from cds_service.b12.sig import read_sig

AMBIGUOUS = re.compile(r"\d,\d{3}(?!\d)")


def read_sig_with_commas(text: str) -> SigReading | SigRefused:
    """As `read_sig`, but refuses a number such as "1,000": a thousandfold more in one country than in another."""
    if AMBIGUOUS.search(text):
        return SigRefused("a comma before three digits: a thousand, or a decimal comma")
    return read_sig(text)
