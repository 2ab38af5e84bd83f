"""The links at the head of each page: what everybody has, and what somebody's roles open. Nothing is decided here."""

from typing import NamedTuple

from hub_config.desk.desk import PREFIX, View
from hub_config.desk.sight import Area, areas

_MINE = (
    ("", "My requests"), ("waiting", "What waits"), ("requests", "All requests"), ("datasets", "Datasets"),
    ("publications", "Publications"), ("documents", "Documents"), ("me", "About me"),
)  # fmt: skip
_OFFICE = (
    ("queue", "Queue", Area.QUEUE),
    ("people", "People", Area.PEOPLE),
    ("verify", "To verify", Area.VERIFYING),
    ("courses", "Courses", Area.COURSES),
    ("institutions", "Institutions", Area.INSTITUTIONS),
    ("countries", "Countries", Area.INSTITUTIONS),
    ("transfers", "Transfers", Area.INSTITUTIONS),
    ("workspaces", "Workspaces", Area.WORKSPACES),
    ("proposals", "Proposals", Area.PROPOSALS),
    ("log", "Log", Area.LOG),
    ("controls", "Controls", Area.LOG),
)


class Link(NamedTuple):
    """One link; `here`: it leads to the page that shows it."""

    target: str
    label: str
    here: bool


class Navigation(NamedTuple):
    """Both rows; `office` is empty for who has no role."""

    mine: list[Link]
    office: list[Link]


def navigation(view: View, path: str) -> Navigation:
    """Return the links for who visits the page at `path`."""
    here = path.removeprefix(f"{PREFIX}/").partition("/")[0]
    opened = areas(view)
    office = [(page, label) for page, label, area in _OFFICE if area in opened]
    return Navigation(
        *([Link(f"{PREFIX}/{page}", label, page == here) for page, label in row] for row in (_MINE, office))
    )
