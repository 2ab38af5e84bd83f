"""What ends a running workspace: one way for each kind of fact that can, and for each condition that lapses by itself.

A table, for the tests of the sandbox and of what it leaves out. A way takes the ground of one workspace away, by the
commands that people use, and mends afterwards what others of the table stand on.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from access_policy import events as e
from access_policy.reasons import ReasonCode
from hub_config.demo.people import ALPINE, COURSE, NORTH
from hub_config.demo.requests import BIOBANK, CLINICAL
from tests.integration.office import ADEQUATE, Office, soon

R = ReasonCode
Step = Callable[[Office, str], Any]
_SUBJECTS = tuple(hashlib.sha256(str(number).encode()).hexdigest() for number in range(2))
_AT_NORTH = {"name": "Nordhavn Children's Hospital", "reason": "as it stands in the register"}
_AGREED = {"institution": NORTH, "ends": datetime.fromisoformat("2030-01-01T00:00:00+00:00")}
_WRONG = {"reason": "a mistake"}


class Ending(NamedTuple):
    """A kind of fact that ends somebody's workspace: what happens, the reason on record, and what comes after it.

    `take` and `mend` are given the office and the request.
    """

    kind: type[e.Event]
    name: str
    who: str
    take: Step
    why: str
    mend: Step = lambda _office, _request: None
    datasets: tuple[str, ...] = (CLINICAL,)


def _agreed_again(o: Office, _request: str) -> None:
    o.do("record-agreement", "anna", begins=soon(-1), **_AGREED)


def _verified(o: Office, login: str, until: datetime | None = None) -> None:
    o.do("verify-person", "anna", person=login, method="in-person", evidence="seen", until=until or soon(300 * 86400))


def _agreed_until(o: Office, ends: datetime) -> str:
    o.do("end-agreement", "anna", institution=NORTH)
    o.do("record-agreement", "anna", institution=NORTH, begins=soon(-1), ends=ends)
    return o.grant("bram")


def _verified_until(o: Office, ends: datetime) -> str:
    o.do("withdraw-verification", "anna", person="yara", **_WRONG)
    _verified(o, "yara", ends)
    return o.grant("yara")


def _certified_until(o: Office, ends: datetime) -> str:
    """By a certificate of others, whose end is not a whole number of days away."""
    trusted = {"provider": "academy", "name": "The Academy", "course": COURSE, "until": soon(86400)}
    o.agree("trust-provider", "anna", **trusted)
    o.do("revoke-certification", "tessa", person="gijs", course=COURSE, **_WRONG)
    o.do("accept-certificate", "tessa", person="gijs", course=COURSE, provider="academy", passed_on=soon(-1), ends=ends)
    return o.grant("gijs")


def _adequate_until(o: Office, ends: datetime) -> str:
    request = o.grant("luca")
    o.do("end-adequacy", "femke", country="AU", scope="full", ends=ends, act="a judgment")
    return request


def _bound_anew(o: Office, document: str) -> None:
    o.agree("bind-document", "anna", document=document, version="90", language="en", title="A text", digest="a" * 64)


def _accepted(o: Office, document: str) -> None:
    o.do("accept-document", "lotte", person="lotte", document=document, version="90")


def _released(o: Office, version: str, *excluded: str) -> None:
    copied = o.copied(BIOBANK, version)
    o.do("release-version", "daan", dataset=BIOBANK, version=version, excluded=excluded, **copied)


def _extract(o: Office, request: str) -> None:
    o.do("prepare-extract", "daan", request=request, dataset=CLINICAL, patients=600, **o.copied(CLINICAL, "extract"))


def _adequate(o: Office, _request: str = "") -> None:
    o.agree("record-adequacy", "anna", country="AU", scope="full", begins=soon(0), act="a decision")


PREPARED: tuple[Step, ...] = (_adequate,)
"""What the table stands on beside the demo: Luca's country is adequate."""

FACTS: tuple[Ending, ...] = (
    Ending(
        e.WorkspaceStopAsked, "stop asked", "lotte",
        lambda o, r: o.do("stop-workspace", "lotte", person="lotte", request=r), "stopped",
    ),
    Ending(
        e.RequestSuspended, "grant suspended", "lotte",
        lambda o, r: o.do("suspend-request", "femke", request=r, reason="a question"), R.REQUEST_SUSPENDED,
    ),
    Ending(
        e.RequestEnded, "grant ended", "lotte",
        lambda o, r: o.do("end-request", "rosa", request=r, reason="the study is over"), R.REQUEST_ENDED,
    ),
    Ending(
        e.ContactRemoved, "contact removed", "lotte",
        lambda o, r: o.do("remove-contact", "carla", person="lotte", request=r), R.NOT_A_CONTACT,
    ),
    Ending(
        e.CertificationRevoked, "certification revoked", "lotte",
        lambda o, _: o.do("revoke-certification", "tessa", person="lotte", course=COURSE, **_WRONG), R.TRAINING_REVOKED,
        lambda o, _: o.do("certify-person", "tessa", person="lotte", course=COURSE),
    ),
    Ending(
        e.VerificationWithdrawn, "verification withdrawn", "lotte",
        lambda o, _: o.do("withdraw-verification", "anna", person="lotte", **_WRONG), R.PERSON_NOT_VERIFIED,
        lambda o, _: _verified(o, "lotte"),
    ),
    Ending(
        e.DatasetWithdrawn, "dataset withdrawn", "lotte",
        lambda o, _: o.do("withdraw-dataset", "daan", dataset=CLINICAL, reason="errors in it"), R.NO_DATASET_OPEN,
        lambda o, _: o.agree("reopen-dataset", "daan", dataset=CLINICAL),
    ),
    Ending(
        e.ConsentWithdrawn, "consent withdrawn", "lotte",
        lambda o, _: o.do("record-consent-withdrawal", "daan", dataset=BIOBANK, subject=_SUBJECTS[0]),
        R.NO_DATASET_OPEN,
        lambda o, _: _released(o, "2", _SUBJECTS[0]), (BIOBANK,),
    ),
    Ending(
        e.VersionReleased, "version without somebody", "lotte",
        lambda o, _: _released(o, "3", *_SUBJECTS), R.DATASET_WITHDRAWN, datasets=(BIOBANK, CLINICAL),
    ),
    Ending(e.ExtractPrepared, "extract prepared", "lotte", _extract, R.DATASET_WITHDRAWN),
    Ending(
        e.AgreementEnded, "agreement ended", "bram",
        lambda o, _: o.do("end-agreement", "anna", institution=NORTH), R.INSTITUTION_NOT_TRUSTED, _agreed_again,
    ),
    Ending(
        e.OrganisationExcluded, "organisation excluded", "bram",
        lambda o, _: o.do("exclude-organisation", "rosa", institution=NORTH, until=soon(86400), reason="misuse"),
        R.ORGANISATION_EXCLUDED,
        lambda o, _: o.agree("lift-exclusion", "rosa", institution=NORTH),
    ),
    Ending(
        e.DomainsDeclared, "domain given up", "bram",
        lambda o, _: o.do("declare-domains", "anna", institution=NORTH, domains=["nordhavn.example"]),
        R.EMAIL_NOT_INSTITUTIONAL,
        lambda o, _: o.do("declare-domains", "anna", institution=NORTH, domains=["north-hospital.example"]),
    ),
    Ending(
        e.EmailCorrected, "address corrected", "bram",
        lambda o, _: o.do("correct-email", "anna", person="bram", email="b.jakobsen@north-hospital.example"),
        R.CONTACT_EMAIL_DIFFERS,
    ),
    Ending(
        e.InstitutionCorrected, "country corrected", "bram",
        lambda o, _: o.agree("correct-institution", "anna", institution=NORTH, country="US", **_AT_NORTH),
        R.TRANSFER_BASIS_MISSING,
        lambda o, _: o.agree("correct-institution", "anna", institution=NORTH, country="DK", **_AT_NORTH),
    ),
    Ending(
        e.TransferBasisRecorded, "no ground for the transfer", "luca",
        lambda o, r: o.do("record-transfer-basis", "femke", request=r, institution=ALPINE, basis="none"),
        R.TRANSFER_BASIS_MISSING,
        lambda o, r: o.do("record-transfer-basis", "femke", request=r, institution=ALPINE, **ADEQUATE),
    ),
    Ending(
        e.AdequacyEnded, "adequacy ended", "luca",
        lambda o, _: o.do("end-adequacy", "femke", country="AU", scope="full", ends=soon(0), act="a judgment"),
        R.TRANSFER_BASIS_LAPSED, _adequate,
    ),
    Ending(
        e.PersonMoved, "moved to another institution", "jonas",
        lambda o, _: o.do("move-person", "anna", person="jonas", institution="centre", email="jonas@centre.example"),
        R.CONTACT_MOVED,
    ),
    Ending(
        e.PersonLeft, "left the institution", "gijs",
        lambda o, _: o.do("record-departure", "anna", person="gijs"), R.INSTITUTION_NOT_TRUSTED,
    ),
    Ending(
        e.PersonDisabled, "person stopped", "pieter",
        lambda o, _: o.do("disable-person", "rosa", person="pieter", reason="misuse"), R.PERSON_DISABLED,
    ),
    Ending(
        e.FactorsReset, "factors reset", "sofie",
        lambda o, _: o.agree("reset-factors", "anna", person="sofie"), R.FACTOR_MISSING,
    ),
    # what takes the ground from everybody comes last; it is mended for one person
    Ending(
        e.CourseRegistered, "course for everybody", "lotte",
        lambda o, _: o.do("register-course", "anna", course="cloud", title="Clouds", validity_days=300),
        R.TRAINING_MISSING,
        lambda o, _: o.do("certify-person", "tessa", person="lotte", course="cloud"),
    ),
    Ending(
        e.CourseRevised, "course revised", "lotte",
        lambda o, _: o.do("revise-course", "anna", course=COURSE, version="2", binding=True), R.TRAINING_OUTDATED,
        lambda o, _: o.do("certify-person", "tessa", person="lotte", course=COURSE),
    ),
    Ending(
        e.DocumentPublished, "code of conduct bound anew", "lotte",
        lambda o, _: _bound_anew(o, "code-of-conduct"), R.CONDUCT_NOT_ACCEPTED,
        lambda o, _: _accepted(o, "code-of-conduct"),
    ),
    Ending(
        e.DocumentPublished, "ban on tracing bound anew", "lotte",
        lambda o, _: _bound_anew(o, "no-reidentification"), R.REIDENTIFICATION_NOT_ACCEPTED,
        lambda o, _: _accepted(o, "no-reidentification"),
    ),
    Ending(
        e.DocumentPublished, "licence bound anew", "lotte",
        lambda o, _: _bound_anew(o, "licence-eea"), R.LICENCE_SUPERSEDED,
    ),
)  # fmt: skip
"""One of each kind of fact at least, and of each text."""

NO_ENDING: dict[type[e.Event], str] = {
    e.AgreementRecorded: "the next agreement does not cut the present one short",
    e.CountryUnlisted: "the list counts from the day on which the rules of the EHDS bind",
    e.DatasetDropped: "of a draft only",
    e.FactorConfirmed: "it only gives",
    e.FactorEnrolled: "a further factor takes nothing from the one that is confirmed",
    e.LossAccepted: "a log is put back while Sluis is stopped, and a start ends what ran",
    e.OptedOut: "permits from then on only",
    e.PersonCertified: "the certification that ends last counts",
    e.PersonVerified: "it neither cuts short nor weakens the one in force; taking that back is a step of its own",
    e.PolicySettingsAdopted: "at a start, when nothing runs",
    e.RequestRefused: "before an approval only",
    e.RequestWithdrawn: "before a grant is active only",
    e.WorkspaceEnded: "it is the end",
}
"""Kinds that flip a condition of a running workspace, but never that of one that runs, and why."""


class Lapse(NamedTuple):
    """What lapses by itself: `prepare` makes a request of somebody whose ground ends at an instant, and returns it."""

    name: str
    who: str
    prepare: Callable[[Office, datetime], str]
    why: tuple[ReasonCode, ...]
    mend: Step = lambda _office, _request: None


LAPSES: tuple[Lapse, ...] = (
    Lapse("term", "lotte", lambda o, ends: o.grant("lotte", ends=ends), (R.TERM_OVER,)),
    Lapse("agreement", "bram", _agreed_until, (R.INSTITUTION_NOT_TRUSTED,), _agreed_again),
    Lapse("verification", "yara", _verified_until, (R.VERIFICATION_EXPIRED,), lambda o, _: _verified(o, "yara")),
    Lapse(
        "certification", "gijs", _certified_until, (R.TRAINING_EXPIRED,),
        lambda o, _: o.do("certify-person", "tessa", person="gijs", course=COURSE),
    ),
    Lapse("adequacy", "luca", _adequate_until, (R.TRANSFER_BASIS_LAPSED, R.LICENCE_SUPERSEDED), _adequate),
)  # fmt: skip
"""One of each condition that a clock can take away within seconds of a test."""

NO_LAPSE: dict[ReasonCode, str] = {
    R.COUNTRY_NOT_ELIGIBLE: "from the day on which the rules of the EHDS bind",
    R.OPT_OUT_IGNORED: "from the day on which the rules of the EHDS bind",
    R.ORGANISATION_EXCLUDED: "an exclusion that runs out gives",
    R.RUN_TIME_OVER: "after an hour at least",
    R.TERM_NOT_BEGUN: "a term that begins gives",
    R.TRANSFER_BASIS_MISSING: "of a country that leaves the EEA, and none is about to",
}
"""Conditions that the clock changes, but not in a workspace that runs today for some seconds, and why."""
