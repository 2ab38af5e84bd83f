"""The first day of an installation: what is still to do, in order, and where it is done."""

from dataclasses import dataclass

from access_policy.model.enums import DocumentKind, Role
from access_policy.model.ids import CENTRE
from access_policy.state import State
from hub_config.desk.desk import PREFIX, View

_NEEDED = (
    Role.TRAINER, Role.ASSESSOR, Role.BOARD_MEMBER, Role.DATA_ACCESS_OFFICE, Role.REPRESENTATIVE, Role.DATA_STEWARD,
)  # fmt: skip
_TEXTS = (
    DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION, DocumentKind.LICENCE_EEA,
    DocumentKind.LICENCE_NON_EEA,
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step: whether it is done, what it is, how it is done, and the page with its form."""

    done: bool
    title: str
    how: str
    link: str


def first_day(asked: View | State) -> list[Step]:
    """Return the steps from an empty installation to the first request, in order. Names nobody."""
    state = asked.state if isinstance(asked, View) else asked
    do = f"{PREFIX}/do"
    admins = [one for one in state.people.values() if any(role.role is Role.ADMIN for role in one.appointments)]
    held = {role.role for one in state.people.values() for role in one.appointments}
    return [
        Step(sum(bool(one.factors) for one in admins) >= 2, "Two admins have logged in and have a second factor",
             "The other admin opens this address, logs in and enrols a second factor.", f"{PREFIX}/people?q=admin"),
        Step(CENTRE in state.institutions, "The centre is registered", "With its country and its e-mail domains.",
             f"{do}/register-institution?institution={CENTRE}&centre=true"),
        Step(len(state.people) > 2, "People are registered",
             "They register themselves at their first login, where their institution's provider proves addresses; else "
             "register each, then link their login identity.", f"{do}/register-person"),
        Step(all(role in held for role in _NEEDED), "Roles are appointed",
             "A trainer, an assessor, a board member, the data access office, a representative, a data steward; "
             "another admin confirms.",
             f"{do}/appoint-role"),
        Step(bool(state.courses), "A course is registered", "Everybody passes the required ones before they open data.",
             f"{do}/register-course"),
        Step(bool(state.datasets), "A dataset is registered",
             "A data steward does this: where it lies, its checksum, the attestation.", f"{PREFIX}/datasets"),
        Step(all(kind in state.documents for kind in _TEXTS), "The texts that bind are published",
             "Code of conduct, ban on tracing people, and the two licences, each by its SHA-256.",
             f"{do}/publish-document"),
    ]  # fmt: skip
