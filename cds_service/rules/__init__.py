"""The rules: one file each, found by walking this folder. A rule holds no numbers and no words."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.verdict import Verdict

JudgePatient = Callable[[Episode], Verdict]
JudgeDraft = Callable[[Episode, B12Order], Verdict]


class Rule(Struct, frozen=True):
    """One rule: its id (the file's stem), the hooks that ask it, and its judgement of the patient or of each draft."""

    id: str
    hooks: frozenset[str]
    judge: Callable[..., Verdict]
    of_draft: bool

    @property
    def says(self) -> str:
        """When the rule speaks and what it says: the docstring of its judgement."""
        return self.judge.__doc__ or ""


def patient_rule(*hooks: str) -> Callable[[JudgePatient], JudgePatient]:
    """Mark a judgement of where the patient stands, asked once in each call of these hooks."""
    return _marked(hooks, of_draft=False)


def draft_rule(*hooks: str) -> Callable[[JudgeDraft], JudgeDraft]:
    """Mark a judgement of a B12 order being written, asked once for each of them in calls of these hooks."""
    return _marked(hooks, of_draft=True)


def _marked(hooks: tuple[str, ...], *, of_draft: bool) -> Callable[[Any], Any]:
    def mark(judge: Any) -> Any:  # noqa: ANN401 - the two public decorators above give it its types
        judge.rule = (frozenset(hooks), of_draft)
        return judge

    return mark


def load_rules() -> Mapping[str, Rule]:
    """Every rule in this folder by its id, in order of id."""
    return {module.name: _load(module.name) for module in pkgutil.iter_modules(__path__)}


def _load(name: str) -> Rule:
    judge = importlib.import_module(f"{__name__}.{name}").judge
    hooks, of_draft = judge.rule
    return Rule(name, hooks, judge, of_draft)
