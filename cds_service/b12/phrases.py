"""What a record says in words alone: known phrases, read as ideas where no code was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

NO_IDEAS: frozenset[str] = frozenset()
LONGEST_TEXT = 120
LONGEST_DRUG = 3
"""Words in the longest name of a drug."""
TAG = re.compile(r"\s*\((?:disorder|finding|procedure|situation|regime/therapy|substance|product)\)\s*$")
# A question mark, a plus or an arrow may turn the meaning round: such a text is not read.
PLAIN = re.compile(r"[\w\s.,;:\-–()\[\]/]*")
WORD = re.compile(r"[^\W_]+")
B12 = re.compile(r"\b(?:vit(?:amin)? )?b ?12\b")
HYPHENED = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
FORMS = frozenset({
    "tab", "tabs", "tablet", "tablets", "cap", "caps", "capsule", "capsules", "inj", "injection", "solution", "syrup",
    "suspension", "oral", "extended", "modified", "delayed", "release", "gastro-resistant", "film", "coated", "hr",
    "mr", "er", "xr", "sr", "rx", "generic",
})  # fmt: skip
SECOND_DRUG = re.compile(r"[/+&]\s*[a-z]{4}|[a-z]{4}\s*[/+&]|\b(?:and|with|plus|in combination)\b")
AFTER_COMMA = re.compile(r",\s*([a-z]{4,})")
NO_SUCH_DRUG = frozenset({
    "no", "not", "never", "free", "avoid", "stopped", "declined", "refused", "allergy", "allergic", "intolerance",
    "immune", "fab", "antibody", "antibodies", "antagonist", "level", "levels", "test", "toxicity", "overdose",
    "induced", "placebo",
})  # fmt: skip


class Phrases(Struct, frozen=True):
    """
    Phrases by what they mean, in the spelling of `normal`.

    `whole` are names of problems, operations and allergens: the whole text must be one of them. `drugs` begin the
    name of a medication.
    """

    whole: Mapping[str, frozenset[str]] = {}
    drugs: Mapping[str, frozenset[str]] = {}

    def ideas_in(self, text: str) -> frozenset[str]:
        """Every idea that the text stands for."""
        if not text or len(text) > LONGEST_TEXT:
            return NO_IDEAS
        return self.whole.get(normal(text), NO_IDEAS) | self._drugs_in(text.lower())

    def _drugs_in(self, lower: str) -> frozenset[str]:
        words = drug_words(lower)
        begins = (" ".join(words[:count]) for count in range(1, LONGEST_DRUG + 1))
        found = NO_IDEAS.union(*(self.drugs.get(begin, NO_IDEAS) for begin in begins))
        return found if found and _one_drug(lower, words) else NO_IDEAS


def normal(text: str) -> str:
    """Small letters without punctuation and in American spelling; "" where a sign may turn the meaning round."""
    lower = TAG.sub("", text.lower().replace("'", "").replace("’", ""))
    if not PLAIN.fullmatch(lower):
        return ""
    return B12.sub("vitamin b12", " ".join(WORD.findall(lower))).replace("ae", "e").replace("oe", "e")


def drug_words(lower: str) -> list[str]:
    """The words of a medication's name from its first that is neither a form nor a number."""
    words = HYPHENED.findall(lower)
    first = next((at for at, word in enumerate(words) if word not in FORMS and not word.isdigit()), len(words))
    return words[first:]


def _one_drug(lower: str, words: list[str]) -> bool:
    """Neither a second ingredient nor a word that makes the name another thing than the drug."""
    listed = (found for found in AFTER_COMMA.findall(lower) if found not in FORMS)
    return not (SECOND_DRUG.search(lower) or NO_SUCH_DRUG.intersection(words) or any(listed))
