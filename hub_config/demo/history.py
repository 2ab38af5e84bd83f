"""The demo's two years, as commands: what happens to the centre, to each person and to each request, on which day."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from access_policy.model.enums import Assurance, FactorKind, Role, Zone
from access_policy.rules import Session
from hub_config.demo.chronicle import HUB, Chronicle, Step, verifier
from hub_config.demo.data import DATASETS, STUDY, DemoData
from hub_config.demo.documents import TEXTS, DemoText
from hub_config.demo.people import ADMINS, CAST, CENTRE, COURSE, INSTITUTIONS, NORTH, DemoInstitution, DemoPerson
from hub_config.demo.request_history import requests_history
from hub_config.demo.requests import REQUESTS, SUPERSEDED
from hub_config.demo.tables import VERSION

_ACCEPTING_DAY, _STUDY_DAY = -717, -11
_PROFILE, _RUN_SECONDS = "small", 72 * 3600
_EVIDENCE = {"in-person": "the passport, looked at in the room", "video-call": "the passport, shown in a video call"}
"""What each verification rests on, by its method."""


def history(c: Chronicle, data: DemoData) -> Iterator[tuple[int, Step]]:
    """Give every step with its day. Not in the order of the days."""
    yield from _beginning(c)
    yield from _data(c, data)
    for institution in INSTITUTIONS:
        yield from _institution(c, institution)
    for person in CAST:
        yield from _person(c, person)
    yield from requests_history(c)
    yield from _past_workspace(c)


def _beginning(c: Chronicle) -> Iterator[tuple[int, Step]]:
    yield -718, c.later(
        "anna", "register-course", course=COURSE, title="Privacy and security with patient data", validity_days="365",
        required="true",
    )  # fmt: skip
    yield -718, c.later(
        "anna", "register-course", course="survival-analysis", title="Survival analysis in practice",
        validity_days="1000", required="false",
    )  # fmt: skip
    for text in TEXTS:
        yield text.day, partial(_publish, c, text)
    yield -120, c.later(
        "anna", "record-provider-audit", auditor="an independent auditor", scope="storage and computing",
        on=c.clock.morning(-121),
    )  # fmt: skip
    yield -90, c.later(
        "anna", "record-security-test", tester="an independent tester", scope="desk, hub and workspaces",
        on=c.clock.morning(-91),
    )  # fmt: skip


def _publish(c: Chronicle, text: DemoText) -> None:
    """Publish a text; a later version that binds is wanted by two admins."""
    digest = hashlib.sha256(text.content).hexdigest()
    given = {"document": text.kind, "version": text.version, "language": "en", "title": text.title, "digest": digest}
    if text.binding and text.version != "1":
        c.agree("anna", "bind-document", **given)
    else:
        c.give("anna", "publish-document", **given, binding=str(text.binding).lower())


def _data(c: Chronicle, data: DemoData) -> Iterator[tuple[int, Step]]:
    yield _STUDY_DAY, lambda: _register_study(c)
    for one in DATASETS:
        asked = {name: getattr(one, name) for name in ("kind", "consent", "zone", "study", "assurance")}
        yield one.registered, c.later(
            "daan", "register-dataset", dataset=one.dataset, title=one.title, source=one.source, version=VERSION,
            manifest=data.manifests[one.dataset], location=data.location(one), region=data.region, attested="true",
            hospitals=list(one.hospitals), routes=list(one.routes), **asked,
        )  # fmt: skip
    reason = "the same annotation is a part of gse7390-expression; ask for that one"
    yield -200, c.later("daan", "withdraw-dataset", dataset=SUPERSEDED, reason=reason)


def _register_study(c: Chronicle) -> None:
    """A study of the partner hospital, whose data have two people who answer for them (S49, S50)."""
    c.give(
        "daan", "register-study", study=STUDY, title="Grade at the first visit",
        purpose="whether the grade at the first visit foretells recurrence",
    )  # fmt: skip
    for login, place in (("irene", {}), ("lars", {"hospital": NORTH})):
        until = c.clock.morning(1000)
        c.agree("daan", "name-investigator", study=STUDY, person=c.people[login], until=until, **place)


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
        if one.roles:
            yield one.joined + int(Role.SIGNATORY in one.roles), lambda: c.appoint(one)
    methods = ("in-person", "in-person") if one.assurance is Assurance.HIGH else ("video-call", "in-person")
    for (day, until), method in zip(one.verifications, methods, strict=False):
        yield day, c.later(
            verifier(one.login), "verify-person", person=one.login, method=method, until=c.clock.morning(until),
            assurance=one.assurance, evidence=_EVIDENCE[method],
        )  # fmt: skip
    if one.enrols:
        yield one.joined + 2, lambda: c.enrol(one.login)
    if one.enrols and one.confirmed:
        yield one.joined + 3, lambda: c.confirm(one.login)
    for document in one.accepts:
        yield max(one.joined + 4, _ACCEPTING_DAY), c.later(
            one.login, "accept-document", person=one.login, document=document, version="1"
        )  # fmt: skip
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
    if one.moved is not None:
        day, institution = one.moved
        yield day, c.later(
            "anna", "move-person", person=one.login, institution=institution, email=one.present_email
        )  # fmt: skip


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
