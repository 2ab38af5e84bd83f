"""The demo's two years, as commands: what happens to the centre, to each person and to each request, on which day."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from access_policy.model.enums import ConsentBasis, FactorKind, Party, Region, RequestStatus, Role, Zone
from access_policy.rules import Session
from hub_config.demo.chronicle import HUB, Chronicle, Step, verifier
from hub_config.demo.data import DATASETS
from hub_config.demo.people import ADMINS, CAST, CENTRE, COURSE, INSTITUTIONS, DemoInstitution, DemoPerson
from hub_config.demo.requests import REQUESTS, SUPERSEDED, DemoRequest
from hub_config.demo.tables import VERSION

_LICENCES = Path(__file__).parent
_NEWEST_LICENCE = "data-use-2"
_PROFILE, _RUN_SECONDS = "small", 72 * 3600


def history(c: Chronicle, manifests: Mapping[str, str]) -> Iterator[tuple[int, Step]]:
    """Give every step with its day; `manifests` holds the datasets' digests. Not in the order of the days."""
    yield from _beginning(c, manifests)
    for institution in INSTITUTIONS:
        yield from _institution(c, institution)
    for person in CAST:
        yield from _person(c, person)
    for number, request in enumerate(REQUESTS, 1):
        yield from _request(c, f"DR-{number}", request)
    yield from _past_workspace(c)


def _beginning(c: Chronicle, manifests: Mapping[str, str]) -> Iterator[tuple[int, Step]]:
    yield -718, c.later(
        "anna", "register-course", course=COURSE, title="Privacy and security with patient data", validity_days="365",
        required="true",
    )  # fmt: skip
    yield -718, c.later(
        "anna", "register-course", course="survival-analysis", title="Survival analysis in practice",
        validity_days="1000", required="false",
    )  # fmt: skip
    for day, licence in ((-718, "data-use-1"), (-520, _NEWEST_LICENCE)):
        digest = hashlib.sha256((_LICENCES / f"{licence}.txt").read_bytes()).hexdigest()
        title = f"Data use licence, version {licence[-1]}"
        yield day, c.later("anna", "publish-licence", licence=licence, title=title, digest=digest)
    for dataset in DATASETS:
        yield -705, c.later(
            "daan", "register-dataset", dataset=dataset.dataset, title=dataset.title, source=dataset.source,
            kind=dataset.kind, version=VERSION, location=dataset.location, manifest=manifests[dataset.dataset],
            region=Region.LOCAL, consent=ConsentBasis.PUBLISHED_OPEN_DATA, attested="true", zone=dataset.zone,
        )  # fmt: skip
    reason = "the same annotation is a part of gse7390-expression; ask for that one"
    yield -200, c.later("daan", "withdraw-dataset", dataset=SUPERSEDED, reason=reason)


def _institution(c: Chronicle, one: DemoInstitution) -> Iterator[tuple[int, Step]]:
    yield -729, c.later(
        "anna", "register-institution", institution=one.institution, name=one.name, country=one.country,
        domains=list(one.domains), centre=str(one.institution == CENTRE).lower(),
    )  # fmt: skip
    if one.agreement is not None:
        begins, ends = (c.clock.morning(day) for day in one.agreement)
        yield -716, c.later("anna", "record-agreement", institution=one.institution, begins=begins, ends=ends)
    if one.later is not None:
        day, domains = one.later
        yield day, c.later("anna", "declare-domains", institution=one.institution, domains=list(domains))


def _person(c: Chronicle, one: DemoPerson) -> Iterator[tuple[int, Step]]:
    if one not in ADMINS:
        yield one.joined, lambda: c.register(one)
        if one.role is not None:
            yield one.joined, lambda: c.appoint(one)
    for (day, until), method in zip(one.verifications, ("video-call", "in-person"), strict=False):
        good = c.clock.morning(until)
        yield day, c.later(verifier(one.login), "verify-person", person=one.login, method=method, until=good)
    if one.enrols:
        yield one.joined + 2, lambda: c.enrol(one.login)
    if one.enrols and one.confirmed:
        yield one.joined + 3, lambda: c.confirm(one.login)
    for day in one.certifications:
        yield max(day, -717), c.later("tessa", "certify-person", person=one.login, course=COURSE)
    yield from _troubles(c, one)


def _troubles(c: Chronicle, one: DemoPerson) -> Iterator[tuple[int, Step]]:
    if one.unverified is not None:
        reason = "the passport turned out to be another person's"
        yield one.unverified, c.later("joris", "withdraw-verification", person=one.login, reason=reason)
    if one.revoked is not None:
        reason = "the test was taken by somebody else"
        yield one.revoked, c.later("tessa", "revoke-certification", person=one.login, course=COURSE, reason=reason)
    if one.disabled is not None:
        reason = "an account that may have been used by others; under investigation"
        yield one.disabled, c.later("rosa", "disable-person", person=one.login, reason=reason)


def _request(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    who, day = one.applicant, one.opened
    purpose = f"{one.title}: to treat cancer better, the question is studied on data that exist already."
    yield day, c.later(who, "open-request", title=one.title, purpose=purpose)
    for dataset in one.datasets:
        necessity = "the question cannot be answered with aggregated or synthetic data"
        yield day, c.later(who, "request-dataset", request=name, dataset=dataset, necessity=necessity)
    emails = {person.login: person.email for person in CAST} | dict(one.addresses)
    for contact in one.contacts:
        yield day, c.later(who, "name-contact", request=name, person=contact, email=emails[contact])
    if one.reached is RequestStatus.DRAFT:
        return
    yield day + 2, c.later(who, "submit-request", request=name)
    if one.reached is not RequestStatus.SUBMITTED:
        sound = "sound in design; the data fit the question"
        yield day + 9, c.later("arjen", "assess-request", request=name, assessment=sound)
        yield from _decided(c, name, one)


def _decided(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    board, day = ("nils" if _institution_of(one) == CENTRE else "bea"), one.opened + 16
    if one.reached is RequestStatus.REFUSED:
        reason = "matching with a register would make single persons traceable"
        yield day, c.later(board, "refuse-request", request=name, reason=reason)
    elif one.reached is not RequestStatus.ASSESSED:
        begins, ends = (c.clock.morning(bound) for bound in one.term)
        yield day, c.later(
            board, "approve-request", request=name, improves_treatment="true", public_interest="true",
            reason="relevant for treatment, in the public interest, and no more data than needed",
            licence="data-use-1" if day < -520 else _NEWEST_LICENCE, begins=begins, ends=ends,
        )  # fmt: skip
        yield from _licensed(c, name, one)


def _institution_of(one: DemoRequest) -> str:
    return next(person.institution for person in CAST if person.login == one.applicant)


def _licensed(c: Chronicle, name: str, one: DemoRequest) -> Iterator[tuple[int, Step]]:
    home = _institution_of(one)
    signatory = next(each.login for each in CAST if each.role is Role.SIGNATORY and each.institution == home)
    signers = {Party.RESEARCHER: one.applicant, Party.LICENSEE: signatory, Party.REPRESENTATIVE: "rosa"}
    for wait, party in enumerate(one.signed, 18):
        yield one.opened + wait, c.later(signers[party], "sign-licence", request=name, party=party)
    if one.reached in (RequestStatus.ACTIVE, RequestStatus.ENDED):
        yield one.opened + 22, c.later("daan", "make-available", request=name)
    if one.reached is RequestStatus.ENDED and one.closed is not None:
        reason = "the licensee reported that the study will not be carried on"
        yield one.closed, c.later("rosa", "end-request", request=name, reason=reason)
    if one.reached is RequestStatus.WITHDRAWN and one.closed is not None:
        yield one.closed, c.later(one.applicant, "withdraw-request", request=name)


def _past_workspace(c: Chronicle) -> Iterator[tuple[int, Step]]:
    """Bram worked for an afternoon: a start with its stored decision for `explain --at`, and its end."""
    login = "bram"
    number = next(number for number, each in enumerate(REQUESTS, 1) if each.applicant == login)

    def start() -> None:
        begun, who = c.clock(), c.people[login]
        token = hashlib.sha256(c.random_bytes(32)).hexdigest()
        session = Session(token, who, begun, begun + timedelta(hours=12), FactorKind.TOTP, Zone.ANYWHERE)
        c.carry_out(HUB, "start-workspace", {
            "person": who, "request": f"DR-{number}", "profile": _PROFILE, "max_run_seconds": _RUN_SECONDS,
            "session": session,
        })  # fmt: skip

    def stop() -> None:
        key = {"person": c.people[login], "request": f"DR-{number}"}
        c.give(login, "stop-workspace", **key)
        with c.policy.reading() as state:
            (workspace,) = state.workspaces.values()
        c.carry_out(HUB, "record-ending", {**key, "started": workspace.seq, "seen": "stopped"})

    yield -21, start
    yield -20, stop
