"""What a person's login provider stated at their newest login that lives: a hint to the verifier, never a decision."""

from dataclasses import dataclass

from access_policy.model.enums import Assurance
from access_policy.model.ids import PersonId
from hub_config.desk.desk import View


@dataclass(frozen=True)
class Stated:
    """The provider's name in the settings, and how surely it knows the person; None where it does not say (E26)."""

    provider: str
    assurance: Assurance | None


def stated_by_provider(view: View, person: PersonId) -> Stated | None:
    """Return what the provider stated of somebody who is logged in now; None where nobody is, or none was named."""
    session = view.visit.desk.policy.records.newest_live_session(person, view.at)
    return None if session is None or not session.provider else Stated(session.provider, session.assurance)
