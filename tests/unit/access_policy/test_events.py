"""Events: the fold takes every fact, each has a version, and every text says whose key seals it or why none does."""

from typing import Annotated, Any, NewType, get_args, get_origin, get_type_hints

import msgspec
import pytest

from access_policy import events as e
from access_policy.fold import APPLIERS, fold
from access_policy.log.forms import CHANGED
from access_policy.model import texts
from access_policy.model.texts import Plain, Seal
from access_policy.state import State
from tests.unit.access_policy.world import NOON, World, everything_holds

ALL = tuple((e.FACTS | e.OBSERVATIONS).values())


def _name(kind: type[e.Event]) -> str:
    return kind.__name__


def test_the_fold_is_total_over_all_facts() -> None:
    """POL-05: every fact type has its line in the fold, and nothing else has one."""
    assert set(APPLIERS) == set(e.FACTS.values())


@pytest.mark.parametrize("kind", e.OBSERVATIONS.values(), ids=_name)
def test_an_observation_is_never_folded(kind: type[e.Event]) -> None:
    """Evidence changes no state: a fold that meets an observation stops."""
    assert not issubclass(kind, e.FactEvent)
    assert kind not in APPLIERS


@pytest.mark.parametrize("kind", ALL, ids=_name)
def test_every_event_is_versioned_and_closed(kind: type[e.Event]) -> None:
    """A later form has a later `v`; a field that nobody knows is refused, not dropped (POL-05)."""
    version = {field.name: field.default for field in msgspec.structs.fields(kind)}["v"]
    assert version == 1 + len(CHANGED.get(kind.__name__, ()))
    assert kind.__struct_config__.forbid_unknown_fields
    assert kind.__struct_config__.frozen
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"v": 1, "unheard_of": True}, kind)


@pytest.mark.parametrize("kind", ALL, ids=_name)
def test_every_text_is_sealed_or_says_why_not(kind: type[e.Event]) -> None:
    """E48, E50: a bare `str` stands in no event; what is sealed with a person's or a request's key names whose."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        assert hint is not str, f"`{kind.__name__}.{name}` is a bare text"
        seals = [part for part in _parts(hint) if isinstance(part, (Seal, Plain))]
        for seal in seals:
            if isinstance(seal, Seal):
                assert seal.value in kind.__struct_fields__, f"`{kind.__name__}.{name}` has no key to be sealed with"
            else:
                assert seal.reason


PLAIN = {
    "OrganisationText": """
        AdequacyDecided.country AdequacyEnded.country CountryListed.country CountryUnlisted.country
        DomainsDeclared.domains IdentityLinked.issuer InstitutionCorrected.country InstitutionCorrected.name
        InstitutionRegistered.country InstitutionRegistered.domains InstitutionRegistered.name
        ProviderTrusted.name ClientRegistered.title
    """,
    "ThingText": """
        CourseRegistered.title DatasetRegistered.duo DatasetRegistered.source DatasetRegistered.title
        DocumentPublished.title StudyRegistered.purpose StudyRegistered.title
    """,
    "VersionText": """
        CourseRegistered.version CourseRevised.version DatasetRegistered.version DocumentAccepted.version
        DocumentPublished.language DocumentPublished.version ExtractPrepared.version LicenceSigned.version
        VersionReleased.version
    """,
    "PlaceText": "DatasetRegistered.location ExtractPrepared.location VersionReleased.location",
    "LawText": "AdequacyDecided.act AdequacyEnded.act CountryListed.act CountryUnlisted.act",
    "CodeText": """
        AccessSearched.what
        ClockJumped.what CommandRefused.code ConfirmationCodeRedeemed.code EndNotConfirmed.node LogRead.what
        LoginRefused.why NoticeFailed.notice NoticeFailed.template NoticeFailed.why NoticeSent.message
        NoticeSent.notice NoticeSent.template SessionBegun.provider SessionEnded.why
        WorkspaceEnded.why WorkspaceRefused.codes WorkspaceStarted.profile
    """,
    "CommandText": "CommandProposed.command CommandRefused.command",
    "DigestText": """
        ClientRegistered.digest
        ConfirmationCodeIssued.digest ConsentWithdrawn.subject DatasetRegistered.manifest DocumentPublished.digest
        ExtractPrepared.manifest
        FileDropped.digest FileKept.digest IdentityLinked.identity InstallationBegun.installation
        LicenceSigned.digest LoginRefused.identity NoticeSent.digest ObservationsCut.root OptOutReversed.subject
        OptedOut.subject
        RequestSubmitted.digest SessionBegun.proof SessionBegun.session SessionEnded.session
        SessionMoved.session
        TrainingPlanned.code VersionReleased.excluded VersionReleased.manifest
    """,
    "DecisionText": "WorkspaceStarted.decision",
    "OperatorText": "EmergencyAccessEnded.operator EmergencyAccessGranted.operator",
    "KeyText": "CheckpointKeyRotated.former CheckpointKeyRotated.key",
}
"""Every text that is not sealed, under the type that says why. A new one has to be put here, or be sealed."""


def test_the_texts_that_stay_plain_are_these() -> None:
    """E48, E50, AUD-09: what anybody may read in the log for ever is on a short list, each with its reason."""
    listed = {name: _reason(kind) for kind, names in PLAIN.items() for name in names.split()}
    found = {
        f"{kind.__name__}.{name}": part.reason
        for kind in ALL
        for name, hint in get_type_hints(kind, include_extras=True).items()
        for part in _parts(hint)
        if isinstance(part, Plain)
    }
    assert found == listed
    assert all(listed.values())


def _reason(kind: str) -> str:
    (plain,) = getattr(texts, kind).__metadata__
    return str(plain.reason)


def _parts(hint: Any) -> list[Any]:
    """Return what a type is made of, annotations included; the names of things count as sealed by being ids."""
    if isinstance(hint, NewType) or not get_args(hint):
        return [hint]
    inner = [part for one in get_args(hint) for part in _parts(one)]
    return [*inner, *(hint.__metadata__ if get_origin(hint) is Annotated else ())]


@pytest.mark.parametrize("seq", [0, 2, 99], ids=["the first number again", "a gap", "far ahead"])
def test_the_fold_takes_the_next_fact_only(seq: int) -> None:
    """POL-04: a repeated or a missing fact stops the reader, and leaves the state as it was."""
    world = World()
    (first, *_) = everything_holds().facts
    with pytest.raises(ValueError, match=r"does not follow fact `0`$"):  # who reads the log says what to do, once
        fold(world.state, msgspec.structs.replace(first, seq=seq))
    assert world.state == State()


def test_the_same_facts_give_the_same_state() -> None:
    """The fold depends on nothing but the facts."""
    world = everything_holds()
    assert world.copy().state == world.state
    assert world.state.seq == len(world.facts)
    assert world.facts[0].at == NOON


def test_kinds_are_found_by_their_names() -> None:
    """An event's kind in the log is its class name, and no two share one."""
    assert set(e.FACTS) & set(e.OBSERVATIONS) == set()
    assert all(name == kind.__name__ for name, kind in (e.FACTS | e.OBSERVATIONS).items())
