"""Every fault under load: all calls are answered or refused in order, nothing that was promised is lost or doubled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.faults import Report, Stage
from tests.helpers.postgres import Cluster
from tests.helpers.scenes import SCENES, SCENES_OF_POSTGRES, Scene, SceneOfPostgres

CALLS = 40
"""Between two blows."""


FELT: Mapping[str, tuple[str, str]] = {
    "clients_clocks_wrong": ("refused", "401"),
    "key_host_dead": ("refused", "401"),
    "service_killed": ("refused", "ConnectionError"),
    "disk_full": ("feedback_refused", "503"),
}
"""What shows, beside the answers, that a fault was there at all."""


def check(name: str, report: Report) -> None:
    if name in FELT:
        where, what = FELT[name]
        assert getattr(report, where).get(what)
    assert report.wrong == ()
    assert (report.lost, report.feedback_lost, report.duplicates) == (0, 0, 0)
    assert report.answered >= CALLS


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_nothing_is_lost_or_doubled(scene: Scene, tmp_path: Path) -> None:
    check(scene.__name__, scene(Stage(tmp_path, f"sqlite:///{tmp_path}/kept.db", CALLS)))


@pytest.mark.parametrize("scene", SCENES_OF_POSTGRES, ids=lambda scene: scene.__name__)
def test_nothing_is_lost_or_doubled_where_the_database_breaks(
    scene: SceneOfPostgres, cluster: Cluster, postgres_url: str, tmp_path: Path
) -> None:
    check(scene.__name__, scene(Stage(tmp_path, postgres_url, CALLS), cluster))
