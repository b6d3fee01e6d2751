"""What the SMART app asks, and what it is answered with: the story and the plan of the patient whose chart it sends."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from cds_service.answer import Asked
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.episode_of import Moment, episode_of
from cds_service.errors import MalformedRequest
from cds_service.fhir.prefetch import Prefetched, read_prefetch
from cds_service.fhir.read import read_record
from cds_service.hooks import HookRequest, read_as
from cds_service.planned import Plan, Wanted, plan_for
from cds_service.story import Story, story_of

HOOK = "patient-view"


class View(Struct, frozen=True):
    """How wide the picture is to be, in pixels, and how many days it goes back (None: all, within reason)."""

    width: Annotated[int, Meta(ge=1, le=10_000)] = 900
    back: Annotated[int, Meta(ge=1, le=50_000)] | None = None

    @property
    def time(self) -> timedelta | None:
        """How far back."""
        return timedelta(days=self.back) if self.back else None


class Question(Struct, frozen=True):
    """
    The chart as a patient-view call would send it; how to show it; what is chosen of the plan.

    `app` is the client whose page asks, `rule` that of the card that the app was opened from, if it was.
    """

    app: Annotated[str, Meta(max_length=64)]
    request: HookRequest
    view: View = View()
    choices: Wanted = Wanted()
    rule: Annotated[str, Meta(max_length=100)] = ""


class Telling(Struct, frozen=True):
    """The answer."""

    story: Story
    plan: Plan
    episode: Episode


QUESTION = msgspec.json.Decoder(Question)


def read_question(body: bytes) -> Question:
    """The question; raises MalformedRequest naming the path and no value."""
    question = read_as(body, QUESTION)
    if question.request.hook != HOOK:
        raise MalformedRequest(f"expected {HOOK}, got another hook", "$.request.hook")
    if not question.request.patient_id:
        raise MalformedRequest("expected a patient id, got an empty one", "$.request.context.patientId")
    return question


def tell(question: Question, asked: Asked) -> Telling:
    """
    The story and the plan: a pure function of the question, the knowledge and the instant.

    Raises WrongPatient, RequestTooLarge, and MalformedRequest for a choice outside the protocol's range.
    """
    knowledge, request = asked.knowledge, question.request
    sent = read_prefetch(request.prefetch or {}, asked.most_resources, knowledge.matters)
    record = read_record(request.patient_id, sent, Prefetched(), knowledge.codes).record
    guidance = knowledge.guidance(asked.protocol_id, asked.as_of.date())
    episode = episode_of(record, guidance, Moment(asked.as_of, Stage.VIEW))
    story = story_of(episode, record, knowledge.words[asked.language].types)
    return Telling(story, plan_for(episode, record, question.choices), episode)
