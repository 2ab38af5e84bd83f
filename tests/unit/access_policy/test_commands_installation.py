"""The installation: its beginning, its settings as facts, its tests and audits. Proposals: `test_permissions.py`."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.fold import fold
from access_policy.model.enums import LicenceReading
from access_policy.model.ids import PersonId
from access_policy.model.texts import ERASED
from access_policy.state import retired_keys
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    HUB,
    INSTALLATION,
    NOON,
    OPEN,
    RESEARCHER,
    STRANGER,
    TICK,
    World,
    begun,
    everything_holds,
    kinds,
)

ADOPTED: dict[str, Any] = {"session_hours": 8, "term_days_longest": 365}
OTHERS: dict[str, Any] = {
    "licence_for_adequate": LicenceReading.NON_EEA, "board_quorum": 3, "retention_years": 7, "contact_days": 5,
    "review_days": 30, "availability_days": 3, "decision_months": 2, "deferral_months": 1,
    "accelerated_months": 1, "reminder_days": (90, 10),
}  # fmt: skip


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


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    """Return settings as people type them."""
    return {key: ", ".join(map(str, value)) if isinstance(value, tuple) else value for key, value in values.items()}


def test_all_settings_are_adopted() -> None:
    """S64, S13, S21, S41, S52, E48: each setting stands in the fact and in the state, with since when."""
    world = everything_holds()
    at = world.at
    (event,) = world.do("adopt-settings", INSTALLATION, **_typed(ADOPTED | OTHERS))
    assert event == e.PolicySettingsAdopted(**ADOPTED, **OTHERS)
    settings = world.state.settings
    assert {name: getattr(settings, name) for name in ADOPTED | OTHERS} == ADOPTED | OTHERS
    assert settings.since == at


@pytest.mark.parametrize("name", [*ADOPTED, *OTHERS])
def test_a_single_changed_setting_is_adopted(name: str) -> None:
    """POL-05: no setting that a decision depends on changes without a fact."""
    world = everything_holds()
    before = msgspec.structs.asdict(e.PolicySettingsAdopted(session_hours=10, term_days_longest=1096))
    values = {key: value for key, value in before.items() if key != "v"} | {name: (ADOPTED | OTHERS)[name]}
    assert kinds(world.do("adopt-settings", INSTALLATION, **_typed(values))) == [e.PolicySettingsAdopted]
    assert world.refusal("adopt-settings", INSTALLATION, **_typed(values)) == "wrong_state"


def test_the_defaults_are_settings_too() -> None:
    """A log without adopted settings takes those of the defaults in, so that they stand in the log."""
    world = begun()
    values = {"session_hours": 12, "term_days_longest": 1096}
    assert kinds(world.do("adopt-settings", INSTALLATION, **values)) == [e.PolicySettingsAdopted]


@pytest.mark.parametrize("days", ["7, 30", "30, 30", "60, 7, 30", ""], ids=["rising", "twice", "mixed", "none"])
def test_reminders_have_an_order(days: str) -> None:
    """S41: at least one threshold, each once, the longest first, so that each goes out once."""
    assert begun().refusal("adopt-settings", INSTALLATION, **ADOPTED, reminder_days=days) == "not_allowed_value"


def test_one_reminder_is_enough() -> None:
    """S41: a single threshold is a setting."""
    assert kinds(begun().do("adopt-settings", INSTALLATION, **ADOPTED, reminder_days="30")) == [e.PolicySettingsAdopted]


@pytest.mark.parametrize(
    "changed",
    [
        {"retention_years": 0}, {"retention_years": 51}, {"board_quorum": 0}, {"contact_days": 0}, {"review_days": 366},
        {"availability_days": 0},
        {"decision_months": 4}, {"deferral_months": 0}, {"accelerated_months": 3},
        {"reminder_days": "0"}, {"reminder_days": "366"}, {"licence_for_adequate": "both"},
    ],
    ids=str,
)  # fmt: skip
def test_a_setting_below_its_floor_is_no_command(changed: dict[str, Any]) -> None:
    """E48, S13, S21, S52, S64: logs are kept a year at least, and no clock is set to nothing."""
    with pytest.raises(ValueError, match="adopt-settings"):
        begun().attempt("adopt-settings", INSTALLATION, **ADOPTED | changed)


def _test_on(world: World, on: timedelta) -> dict[str, Any]:
    return {"tester": "a tester", "scope": "the platform", "on": world.at + on}


def _audit_on(world: World, on: timedelta) -> dict[str, Any]:
    return {"auditor": "an auditor", "scope": "ISO 27001", "on": world.at + on}


def test_a_security_test_is_recorded() -> None:
    """S95: who tested what, and when; the newest one counts, whatever is recorded after it."""
    world = everything_holds()
    on = world.at - 10 * DAY
    assert world.do("record-security-test", ADMIN, **_test_on(world, -10 * DAY)) == (
        e.SecurityTested(writer=ADMIN, tester="a tester", scope="the platform", on=on),
    )
    world.do("record-security-test", ADMIN, **_test_on(world, -400 * DAY))
    assert world.state.security_tested == on


def test_an_audit_of_the_provider_is_recorded() -> None:
    """S92, S103: with auditor, scope and date; the newest one counts, whatever is recorded after it."""
    world = everything_holds()
    on = world.at - 10 * DAY
    assert world.do("record-provider-audit", ADMIN, **_audit_on(world, -10 * DAY)) == (
        e.ProviderAudited(writer=ADMIN, auditor="an auditor", scope="ISO 27001", on=on),
    )
    world.do("record-provider-audit", ADMIN, **_audit_on(world, -400 * DAY))
    assert world.state.provider_audited == on


@pytest.mark.parametrize(("name", "values"), [("record-security-test", _test_on), ("record-provider-audit", _audit_on)])
def test_what_is_yet_to_come_did_not_take_place(name: str, values: Any) -> None:
    """S95, S103, REQ-08: up to this very instant, and not a microsecond later."""
    world = everything_holds()
    assert world.refusal(name, ADMIN, **values(world, TICK)) == "not_allowed_value"
    world.do(name, ADMIN, **values(world, timedelta(0)))


@pytest.mark.parametrize(("name", "values"), [("record-security-test", _test_on), ("record-provider-audit", _audit_on)])
def test_only_an_admin_records_tests_and_audits(name: str, values: Any) -> None:
    """S95, S103: no researcher says that the platform was tested."""
    world = everything_holds()
    assert world.refusal(name, RESEARCHER, **values(world, -DAY)) == "not_permitted"


@pytest.mark.parametrize(
    ("name", "arguments", "whose"),
    [
        ("appoint-role", {"person": STRANGER, "role": "trainer", "until": NOON + 300 * DAY}, STRANGER),
        ("reinstate-request", {"request": OPEN, "reason": "all is well"}, RESEARCHER),
        ("list-country", {"country": "GE", "begins": NOON, "act": "an act"}, ADMIN),
    ],
    ids=["about a person", "about a request", "about neither"],
)
def test_what_waits_for_a_second_person_is_sealed(name: str, arguments: dict[str, Any], whose: PersonId) -> None:
    """E50: with the key of whom it is about, of the applicant, or of the one who proposes."""
    world = everything_holds()
    world.do("suspend-request", ADMIN, request=OPEN, reason="a question")
    (event,) = world.do(name, ADMIN, **arguments)
    assert isinstance(event, e.CommandProposed)
    assert (event.person, event.command) == (whose, name)
    assert msgspec.json.decode(event.arguments).keys() >= arguments.keys()


def test_an_erased_proposal_waits_no_more() -> None:
    """E50: what cannot be read cannot be confirmed; its number is never given again."""
    world = everything_holds()
    number = world.state.last_proposal + 1
    erased = e.CommandProposed(proposal=number, command="reset-factors", person=STRANGER, arguments=ERASED)
    world.append([(person(ADMIN), erased)])
    assert world.state.proposals == {}
    assert world.state.last_proposal == number


FIRST, SECOND, THIRD = (f"sluis.dev/x+{digit * 8}+{digit * 44}" for digit in "123")


def test_rotations_follow_each_other() -> None:
    """AUD-12: each has the next number, or its own again where it was not finished; an older one is refused."""
    world = everything_holds()
    for number, former, key in ((1, FIRST, SECOND), (1, FIRST, THIRD), (2, THIRD, SECOND)):
        given = {"number": number, "former": former, "key": key}
        assert kinds(world.do("rotate-checkpoint-key", INSTALLATION, **given)) == [e.CheckpointKeyRotated]
        assert world.refusal("rotate-checkpoint-key", INSTALLATION, **given) == "wrong_state"
    again = {"number": 1, "former": SECOND, "key": THIRD}
    assert world.refusal("rotate-checkpoint-key", INSTALLATION, **again) == "wrong_state"
    itself = {"number": 3, "former": THIRD, "key": THIRD}
    assert world.refusal("rotate-checkpoint-key", INSTALLATION, **itself) == "not_allowed_value"
    assert [(one.number, one.key, one.lost) for one in world.state.rotations] == [
        (1, SECOND, False), (1, THIRD, False), (2, SECOND, False),
    ]  # fmt: skip
    assert retired_keys(world.state) == {FIRST, THIRD}


@pytest.mark.parametrize("actor", [ADMIN, RESEARCHER, HUB], ids=["an admin", "a researcher", "the hub"])
def test_only_the_installation_rotates(actor: PersonId) -> None:
    """AUD-12: whoever has the key files; nobody does it at the desk."""
    given = {"number": 1, "former": FIRST, "key": SECOND}
    assert everything_holds().refusal("rotate-checkpoint-key", actor, **given) == "not_permitted"


@pytest.mark.parametrize("key", ["", "x", "a b+11111111+" + "1" * 44, "a+1+" + "1" * 44, "a+11111111+" + "1" * 43])
def test_what_is_no_key_is_no_command(key: str) -> None:
    """AUD-12: the log holds verifier keys of C2SP signed-note and nothing else."""
    with pytest.raises(ValueError, match="rotate-checkpoint-key"):
        everything_holds().attempt("rotate-checkpoint-key", INSTALLATION, number=1, former=FIRST, key=key)


def test_a_forged_number_is_not_folded() -> None:
    """AUD-12: a rotation that goes back stops who reads it."""
    world = everything_holds()
    world.do("rotate-checkpoint-key", INSTALLATION, number=2, former=FIRST, key=SECOND)
    forged = e.CheckpointKeyRotated(number=1, former=SECOND, key=THIRD)
    with pytest.raises(ValueError, match="rotation `1` does not follow `2`"):
        fold(world.state, e.Fact(world.state.seq + 1, world.at, INSTALLATION, forged))
