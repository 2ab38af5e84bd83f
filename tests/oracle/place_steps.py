"""Steps about institutions, the law of countries, settings and datasets."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from access_policy import events as e
from access_policy.model import enums as m
from access_policy.model.ids import DatasetName, InstitutionName
from access_policy.model.jurisdictions import AdequacyScope
from tests.oracle import history as h
from tests.oracle import law
from tests.oracle.walking import (
    ACT,
    COUNTRIES,
    SUBJECTS,
    Event,
    Pick,
    courses_of,
    datasets_of,
    institutions_of,
    some_dataset,
    soon,
)
from tests.unit.access_policy.world import DAY, DIGEST, World


def found_institution(world: World, pick: Pick) -> list[Event]:
    """There is a new partner, with its agreement."""
    name = InstitutionName(f"institute-{len(institutions_of(world))}")
    country, domains = pick(COUNTRIES), (f"{name}.example",)
    return [
        e.InstitutionRegistered(institution=name, name="An institute", country=country, domains=domains, centre=False),
        e.AgreementRecorded(institution=name, begins=world.at, ends=soon(world, pick)),
    ]


def declare(world: World, pick: Pick) -> list[Event]:
    """An institution declares other domains."""
    name = pick(institutions_of(world))
    return [e.DomainsDeclared(institution=name, domains=pick([(f"{name}.example",), (f"new-{name}.example",)]))]


def agree(world: World, pick: Pick) -> list[Event]:
    """An agreement is recorded, or ended."""
    name, begins = pick(institutions_of(world)), pick([world.at, world.at + DAY])
    ends = begins + pick([timedelta(minutes=2), DAY, 700 * DAY])
    recorded = e.AgreementRecorded(institution=name, begins=begins, ends=ends)
    standing = h.last_seq(world.facts, e.AgreementRecorded, institution=name)
    ended = h.last_seq(world.facts, e.AgreementEnded, institution=name)
    return [pick([recorded, *([e.AgreementEnded(institution=name)] if standing > ended else [])])]


def exclude(world: World, pick: Pick) -> list[Event]:
    """A partner is shut out, or longer than before; or it is let in again."""
    name = pick([one for one in institutions_of(world) if one != "centre"])
    running = [one.until for _, one in h.told(world.facts, e.OrganisationExcluded, institution=name)]
    until = max([soon(world, pick), *(one + DAY for one in running)])
    excluded = e.OrganisationExcluded(institution=name, until=until, reason="misuse")
    return [pick([excluded, *([e.ExclusionLifted(institution=name)] if running else [])])]


def decide_adequacy(world: World, pick: Pick) -> list[Event]:
    """The Commission decides on a country, or a decision ceases to hold."""
    country, scope = pick([("IN", AdequacyScope.FULL), ("US", AdequacyScope.DATA_PRIVACY_FRAMEWORK)])
    terms, begins = law.decisions_on(world.facts, country, scope), pick([world.at, soon(world, pick)])
    if _holds(terms, begins):
        return [e.AdequacyEnded(country=country, scope=scope, ends=begins, act=ACT)]
    if any(begins <= term[0] for term in terms):
        return []
    return [e.AdequacyDecided(country=country, scope=scope, begins=begins, ends=pick([None, begins + DAY]), act=ACT)]


def list_country(world: World, pick: Pick) -> list[Event]:
    """A third country is listed, or unlisted."""
    country, begins = pick(("US", "IN")), pick([world.at, soon(world, pick)])
    return listed(world, country, begins, pick([None, begins + DAY]))


def listed(world: World, country: str, begins: datetime, ends: datetime | None) -> list[Event]:
    """List a country from an instant on; unlist it where it would be listed then; neither before a later listing."""
    terms = law.listings_of(world.facts, country)
    if _holds(terms, begins):
        return [e.CountryUnlisted(country=country, ends=begins, act=ACT)]
    if any(begins <= term[0] for term in terms):
        return []
    return [e.CountryListed(country=country, begins=begins, ends=ends, act=ACT)]


def _holds(terms: Sequence[law.Term], at: datetime) -> bool:
    return any(term[0] < at and law.lies_in(at, *term) for term in terms)


def adopt(world: World, pick: Pick) -> list[Event]:
    """The other reading of the licence for adequate countries is adopted."""
    reading, idle = pick(list(m.LicenceReading)), pick([20, 60])
    return [
        e.PolicySettingsAdopted(
            session_hours=10, term_days_longest=1096, licence_for_adequate=reading, idle_minutes=idle
        )
    ]


def register_dataset(world: World, pick: Pick) -> list[Event]:
    """There is a new dataset."""
    name = DatasetName(f"data-{len(datasets_of(world))}")
    like = pick([one for _, one in h.told(world.facts, e.DatasetRegistered)])
    level, courses = pick(list(m.Assurance)), pick([(), tuple(courses_of(world)[-1:])])
    kind, zone = pick(list(m.DataKind)), pick([m.Zone.ANYWHERE, m.Zone.ANYWHERE, m.Zone.INSTITUTE])
    return [msgspec.structs.replace(like, dataset=name, assurance=level, trainings=courses, kind=kind, zone=zone)]


def release(world: World, pick: Pick) -> list[Event]:
    """A dataset gets a new version, without some subjects."""
    name = some_dataset(world, pick)
    never_back = {one.subject for _, one in h.told(world.facts, e.ConsentWithdrawn, dataset=name)}
    out = tuple(sorted({*pick([(), SUBJECTS[:1], SUBJECTS]), *never_back}))
    version = next_version(world, name)
    return [e.VersionReleased(dataset=name, version=version, location=name, manifest=DIGEST, excluded=out)]


def next_version(world: World, name: DatasetName) -> str:
    """Return a name for a version that the dataset never had."""
    return f"release-{len(h.told(world.facts, e.VersionReleased, dataset=name)) + 2}"


def subject_speaks(world: World, pick: Pick) -> list[Event]:
    """A child or parent withdraws consent, opts out, or takes that back."""
    name, subject = some_dataset(world, pick), pick(SUBJECTS)
    opted_out = h.last_seq(world.facts, e.OptedOut, dataset=name, subject=subject)
    is_out = opted_out > h.last_seq(world.facts, e.OptOutReversed, dataset=name, subject=subject)
    kinds = [e.ConsentWithdrawn, *(2 * [e.OptOutReversed if is_out else e.OptedOut])]
    return [pick(kinds)(dataset=name, subject=subject)]


def withdraw_dataset(world: World, pick: Pick) -> list[Event]:
    """A dataset is offered no more, or again."""
    name = some_dataset(world, pick)
    return reopened(world, name) or [e.DatasetWithdrawn(dataset=name, reason="misuse")]


def reopened(world: World, name: DatasetName) -> list[Event]:
    """Offer a dataset again, if it is withdrawn."""
    withdrawn = h.last_seq(world.facts, e.DatasetWithdrawn, dataset=name)
    offered = withdrawn <= h.last_seq(world.facts, e.DatasetReopened, dataset=name)
    return [] if offered else [e.DatasetReopened(dataset=name)]
