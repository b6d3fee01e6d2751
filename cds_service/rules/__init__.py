"""The rules: one file each, found by walking this folder. A rule holds no numbers and no words."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from cds_service.b12.chart import LabOrder
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.exposure import DrugDraft
from cds_service.b12.verdict import Verdict

JudgePatient = Callable[[Episode], Verdict]
JudgeOrder = Callable[[Episode, B12Order], Verdict]
JudgeDrug = Callable[[Episode, DrugDraft], Verdict]
JudgeTest = Callable[[Episode, LabOrder], Verdict]
Says = Mapping[str, str]

VIEW = ("patient-view", "encounter-start")
SELECT = ("order-select",)
SIGN = ("order-sign", "medication-refill")
DISCHARGE = ("encounter-discharge",)
PROBLEM = ("problem-list-item-create",)
ALLERGY = ("allergyintolerance-create",)


class About(StrEnum):
    """What a rule judges, once for each: the patient, a B12 order, an order of another drug, a test, or the call."""

    PATIENT = "patient"
    ORDER = "order"
    DRUG = "drug"
    TEST = "test"
    CALL = "call"


class Rule(Struct, frozen=True):
    """
    One rule: its id (the file's stem), the hooks that ask it, what it judges, and its judgement.

    `says` names, for each variant of its findings, the facts that the card's words may use; those with a "?" are
    not always there. `beside`: a judgement of the patient that is asked for other drugs' orders too, not only B12's.
    """

    id: str
    hooks: frozenset[str]
    about: About
    says: Says
    beside: bool
    judge: Callable[..., Verdict]

    @property
    def title(self) -> str:
        """The rule in a line: its module's docstring."""
        return (sys.modules[self.judge.__module__].__doc__ or "").strip().removesuffix(".")

    @property
    def speaks(self) -> str:
        """When the rule speaks and what it says: the docstring of its judgement."""
        return inspect.getdoc(self.judge) or ""


def patient_rule(*hooks: str, says: Says, beside: bool = False) -> Callable[[JudgePatient], JudgePatient]:
    """Mark a judgement of where the patient stands, asked once in each call of these hooks."""
    return _marked(hooks, About.PATIENT, says, beside=beside)


def draft_rule(*hooks: str, says: Says) -> Callable[[JudgeOrder], JudgeOrder]:
    """Mark a judgement of a B12 order being written (or, while an allergy is written, in force)."""
    return _marked(hooks, About.ORDER, says)


def drug_rule(*hooks: str, says: Says) -> Callable[[JudgeDrug], JudgeDrug]:
    """Mark a judgement of an order being written for another drug that bears on B12."""
    return _marked(hooks, About.DRUG, says)


def test_rule(*hooks: str, says: Says) -> Callable[[JudgeTest], JudgeTest]:
    """Mark a judgement of a laboratory test being ordered."""
    return _marked(hooks, About.TEST, says)


def call_rule(*hooks: str, says: Says) -> Callable[[JudgePatient], JudgePatient]:
    """Mark a judgement of the call itself: whether all came that it is about. Asked in each call of these hooks."""
    return _marked(hooks, About.CALL, says)


def _marked(hooks: tuple[str, ...], about: About, says: Says, *, beside: bool = False) -> Callable[[Any], Any]:
    def mark(judge: Any) -> Any:  # noqa: ANN401 - the public decorators above give it its types
        judge.rule = (frozenset(hooks), about, says, beside)
        return judge

    return mark


def load_rules() -> Mapping[str, Rule]:
    """Every rule in this folder by its id, in order of id."""
    return {module.name: _load(module.name) for module in pkgutil.iter_modules(__path__)}


def _load(name: str) -> Rule:
    judge = importlib.import_module(f"{__name__}.{name}").judge
    hooks, about, says, beside = judge.rule
    return Rule(name, hooks, about, says, beside, judge)
