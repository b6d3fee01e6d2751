"""What the counters count where calls overlap."""

from __future__ import annotations

from cds_service.metrics import Metrics


def test_losses_told_in_the_wrong_order_are_counted_once() -> None:
    metrics = Metrics()
    for total in (6, 5, 6, 4, 7):
        metrics.lost_so_far(total)
    assert "cobalamin_evaluations_lost_total 7.0" in metrics.text({}).decode()
