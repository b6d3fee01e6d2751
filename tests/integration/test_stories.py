"""Whole patient stories, step by step through the command line: every card that comes, in order, and no other."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from tests.helpers.stories import Step, cards_of, output_of, said, steps_of, stories
from tests.helpers.tables import HOOKS

STEPS = [step for path in stories() for step in steps_of(path)]
FEWEST_STEPS = 12


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_the_cards_of_a_step_are_those_of_the_story(step: Step) -> None:
    found = [said(card) for card in cards_of(step)]

    assert tuple(found) == step.cards


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_a_story_goes_forward_in_time_and_has_enough_steps(path: Path) -> None:
    steps = steps_of(path)
    days = [datetime.fromisoformat(step.as_of) for step in steps]

    assert len(steps) >= FEWEST_STEPS
    assert days == sorted(days)
    assert {step.hook for step in steps} <= set(HOOKS)


@pytest.mark.parametrize("step", [step for step in STEPS if step.cards], ids=lambda step: step.name)
def test_people_read_every_card_without_a_gap_in_its_words(step: Step) -> None:
    shown = output_of(step)

    assert not re.search(r"\{\{|\bNone\b(?! (?:was|is))|Decimal", shown.replace("│", ""))
    assert all(card["summary"].split()[0] in shown for card in cards_of(step))


def test_a_step_without_cards_says_so() -> None:
    quiet = next(step for step in STEPS if not step.cards)

    assert output_of(quiet) == "No cards.\n"
