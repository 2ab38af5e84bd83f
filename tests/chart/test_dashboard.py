"""The Grafana dashboard: packed where it is asked for, and of metrics that a warden really tells."""

import json
import re
from typing import Any

from hub_config.metrics import Metrics
from tests.chart.rendering import CHART, named, of_kind, variant
from tests.unit.spawner.warden.cluster_room import Room
from tests.unit.spawner.warden.conftest import here, log

__all__ = ["here", "log"]

DASHBOARD: dict[str, Any] = json.loads((CHART / "dashboards" / "sluis.json").read_text(encoding="utf-8"))
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
METRIC = re.compile(r"sluis_[a-z_]+")


def test_it_is_packed_where_it_is_asked_for() -> None:
    """One ConfigMap, labelled as Grafana's sidecar looks for it, with the file as it is."""
    packed = named(variant("kitchen sink"), "ConfigMap", "sluis-dashboard")
    assert packed["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(packed["data"]["sluis.json"]) == DASHBOARD
    assert [one["metadata"]["name"] for one in of_kind(variant("required"), "ConfigMap")].count("sluis-dashboard") == 0


def test_it_asks_for_metrics_that_there_are(here: Room) -> None:
    """Each name in an expression is exported, each exported one is shown, and each has a help text."""
    metrics = Metrics(here.policy)
    metrics.look(acts=True, silent_seconds=0.0)
    metrics.failed("route")
    text = metrics.text().decode()
    told = {name for name in _named(text, "TYPE") if not name.endswith("_created")}
    asked = {_family(name) for expression in EXPRESSIONS for name in METRIC.findall(expression)}
    assert asked == told <= _named(text, "HELP")


def _named(text: str, what: str) -> set[str]:
    """Return the families of which a line says a type, or a help text."""
    lines = (line.split() for line in text.splitlines() if line.startswith(f"# {what} sluis_"))
    return {words[2] for words in lines if len(words) > 3}


def test_every_panel_says_what_it_shows() -> None:
    """A title, a description, a unit, and a place of its own."""
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    for panel in DASHBOARD["panels"]:
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]


def _family(name: str) -> str:
    """Return the family of a series: a histogram's are named after its parts."""
    return re.sub(r"_(bucket|count|sum)$", "", name)
