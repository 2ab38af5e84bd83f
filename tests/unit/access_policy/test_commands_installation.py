"""The installation: its beginning and its settings as facts. Proposals stand in `test_permissions.py`."""

from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.model.ids import PersonId
from tests.unit.access_policy.world import ADMIN, HUB, INSTALLATION, RESEARCHER, begun, everything_holds, kinds

ADOPTED = {"session_hours": 8, "term_days_longest": 365}


@pytest.mark.parametrize("demo", [True, False], ids=["a demo", "no demo"])
def test_a_log_begins_with_what_it_is_and_two_admins(demo: bool) -> None:
    """The first fact says whether it is a demo; the two admins can log in, and hold their role for five years."""
    world = begun(demo)
    assert kinds(tuple(fact.event for fact in world.facts))[0] is e.InstallationBegun  # type: ignore[misc]
    assert world.state.demo is demo
    assert world.state.identities == {"id-1": "P-1", "id-2": "P-2"}
    assert [len(world.state.people[PersonId(who)].appointments) for who in ("P-1", "P-2")] == [1, 1]


def test_settings_are_adopted_when_they_changed() -> None:
    """A changed file is a fact, once; a start that finds the same settings appends nothing."""
    world = everything_holds()
    assert kinds(world.do("adopt-settings", INSTALLATION, **ADOPTED)) == [e.PolicySettingsAdopted]
    assert world.refusal("adopt-settings", INSTALLATION, **ADOPTED) == "wrong_state"


@pytest.mark.parametrize("actor", [ADMIN, RESEARCHER, HUB], ids=["an admin", "a researcher", "the hub"])
def test_only_the_installation_adopts_settings(actor: PersonId) -> None:
    """POL-05: what decisions depend on comes from the machine's settings file, not through a page."""
    assert everything_holds().refusal("adopt-settings", actor, **ADOPTED) == "not_permitted"


@pytest.mark.parametrize("changed", [{"session_hours": 25}, {"session_hours": 0}, {"term_days_longest": 4000}])
def test_settings_out_of_range_are_no_command(changed: dict[str, int]) -> None:
    """S76, S39: a session of more than a day, or a term of more than ten years, is never adopted."""
    with pytest.raises(ValueError, match="adopt-settings"):
        everything_holds().attempt("adopt-settings", INSTALLATION, **ADOPTED | changed)


def test_the_adopted_settings_bound_the_next_session() -> None:
    """S76: a login after the adoption is as long as the settings say."""
    world = everything_holds()
    world.do("adopt-settings", INSTALLATION, **ADOPTED)
    session = world.login()
    assert session.ends - session.begun == timedelta(hours=8)
