"""Every fault under load: all calls are answered or refused in order, nothing that was promised is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.faults import Report, Stage
from tests.helpers.postgres import Cluster
from tests.helpers.scenes import SCENES, SCENES_OF_POSTGRES, Scene, SceneOfPostgres

CALLS = 40
"""Between two blows."""


def check(report: Report) -> None:
    print(report)
    assert report.wrong == ()
    assert (report.lost, report.feedback_lost, report.duplicates) == (0, 0, 0)
    assert report.answered >= CALLS


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_nothing_is_lost_or_doubled(scene: Scene, tmp_path: Path) -> None:
    check(scene(Stage(tmp_path, f"sqlite:///{tmp_path}/kept.db", CALLS)))


@pytest.mark.parametrize("scene", SCENES_OF_POSTGRES, ids=lambda scene: scene.__name__)
def test_nothing_is_lost_or_doubled_where_the_database_breaks(
    scene: SceneOfPostgres, cluster: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    check(scene(Stage(tmp_path, postgres_url, CALLS), cluster))
