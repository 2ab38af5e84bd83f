"""Subjects of datasets at the door: hidden from guessing, and older ones go on to match (S82, E72)."""

from hashlib import sha256

from access_policy.commands.base import Command, parse_command
from access_policy.log.keys import identity_digest
from access_policy.model.ids import DatasetName
from hub_config.subjects import with_hidden_subjects
from tests.unit.access_policy.log.samples import KEYS
from tests.unit.access_policy.world import STEWARD, World, everything_holds

TUMOURS = DatasetName("tumours")
ANNA, BRAM = (sha256(name.encode()).hexdigest() for name in ("pseudonym-1", "pseudonym-2"))


def identity(issuer: str, subject: str) -> str:
    return identity_digest(KEYS, issuer, subject)


def hidden(world: World, name: str, **arguments: object) -> Command:
    return with_hidden_subjects(parse_command(name, arguments), world.state, identity)


def give(world: World, name: str, **arguments: object) -> None:
    given = hidden(world, name, dataset="tumours", **arguments)
    fields = {field: value for field in given.__struct_fields__ if (value := getattr(given, field)) is not None}
    world.do(name, STEWARD, **fields)


def test_nobody_guesses_a_subject() -> None:
    """S82: what the log holds is no digest of anything that an outsider could try."""
    world = everything_holds()
    give(world, "record-opt-out", subject=ANNA)
    (subject,) = world.state.datasets[TUMOURS].opt_outs
    assert subject not in (ANNA, sha256(ANNA.encode()).hexdigest())
    assert subject == identity("sluis:subject", ANNA)


def test_the_same_subject_is_found_again() -> None:
    """E72: an opt-out is taken back by the same name by which it was recorded."""
    world = everything_holds()
    give(world, "record-opt-out", subject=ANNA)
    give(world, "reverse-opt-out", subject=ANNA)
    assert not world.state.datasets[TUMOURS].is_opted_out(identity("sluis:subject", ANNA))


def test_subjects_of_an_older_log_still_match() -> None:
    """S82, E72: where a dataset knows the bare digest, that is meant, and a version leaves both kinds out."""
    world = everything_holds()
    world.do("record-consent-withdrawal", STEWARD, dataset="tumours", subject=ANNA)
    give(world, "record-consent-withdrawal", subject=BRAM)
    assert hidden(world, "record-consent-withdrawal", dataset="tumours", subject=ANNA).subject == ANNA  # type: ignore[attr-defined]
    released = {"version": "2", "location": "tumours-2", "manifest": "1" * 64, "attested": True}
    give(world, "release-version", **released, excluded=(ANNA, BRAM))
    assert world.state.datasets[TUMOURS].excluded == {ANNA, identity("sluis:subject", BRAM)}
    assert world.state.datasets[TUMOURS].closed is None


def test_a_subject_named_twice_is_still_refused() -> None:
    """S82: the core sees it as it was given."""
    world = everything_holds()
    released = {"version": "2", "location": "tumours-2", "manifest": "1" * 64, "attested": True}
    command = hidden(world, "release-version", dataset="tumours", **released, excluded=(ANNA, ANNA))
    assert command.excluded == (ANNA, ANNA)  # type: ignore[attr-defined]
