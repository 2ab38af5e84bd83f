"""Reason codes: for each condition its text when it holds, its text when it fails, the next step, and who can take it.

A code finishes "denied because …". The order here is the order in which a person has to mend things, so that the
failing reasons of a decision, read from the top, are the next steps to data.
"""

from enum import StrEnum

import msgspec


class ReasonCode(StrEnum):
    """One code per condition."""

    PERSON_DISABLED = "person_disabled"
    INSTITUTION_NOT_TRUSTED = "institution_not_trusted"
    ORGANISATION_EXCLUDED = "organisation_excluded"
    EMAIL_NOT_INSTITUTIONAL = "email_not_institutional"
    PERSON_NOT_VERIFIED = "person_not_verified"
    VERIFICATION_EXPIRED = "verification_expired"
    ASSURANCE_TOO_LOW = "assurance_too_low"
    FACTOR_MISSING = "factor_missing"
    FACTOR_NOT_CONFIRMED = "factor_not_confirmed"
    CONDUCT_NOT_ACCEPTED = "conduct_not_accepted"
    REIDENTIFICATION_NOT_ACCEPTED = "reidentification_not_accepted"
    TRAINING_MISSING = "training_missing"
    TRAINING_REVOKED = "training_revoked"
    TRAINING_OUTDATED = "training_outdated"
    TRAINING_EXPIRED = "training_expired"
    REQUEST_NOT_APPROVED = "request_not_approved"
    REQUEST_REFUSED = "request_refused"
    REQUEST_WITHDRAWN = "request_withdrawn"
    REQUEST_ENDED = "request_ended"
    REQUEST_SUSPENDED = "request_suspended"
    NOT_A_CONTACT = "not_a_contact"
    CONTACT_EMAIL_DIFFERS = "contact_email_differs"
    CONTACT_MOVED = "contact_moved"
    COUNTRY_NOT_ELIGIBLE = "country_not_eligible"
    TRANSFER_BASIS_MISSING = "transfer_basis_missing"
    TRANSFER_BASIS_LAPSED = "transfer_basis_lapsed"
    LICENCE_NOT_SIGNED = "licence_not_signed"
    LICENCE_SUPERSEDED = "licence_superseded"
    NOT_MADE_AVAILABLE = "not_made_available"
    TERM_NOT_BEGUN = "term_not_begun"
    TERM_OVER = "term_over"
    NO_DATASET_OPEN = "no_dataset_open"
    OPT_OUT_IGNORED = "opt_out_ignored"
    DATASET_WITHDRAWN = "dataset_withdrawn"
    RUN_TIME_OVER = "run_time_over"
    SESSION_MISSING = "session_missing"
    SESSION_OVER = "session_over"
    SESSION_WITHOUT_FACTOR = "session_without_factor"
    SESSION_FACTOR_NOT_CONFIRMED = "session_factor_not_confirmed"
    ZONE = "zone"


class Owner(StrEnum):
    """Who can take the next step."""

    YOU = "you"
    ADMIN = "admin"
    VERIFIER = "verifier"
    TRAINER = "trainer"
    APPLICANT = "applicant"
    ASSESSOR = "assessor"
    BOARD = "board"
    INVESTIGATORS = "investigators"
    DATA_ACCESS_OFFICE = "data access office"
    PARTIES = "signing parties"
    DATA_STEWARD = "data steward"
    SIGNATORY = "signatory"
    CLOCK = "nobody: it comes by itself"


class ReasonText(msgspec.Struct, frozen=True):
    """What a person reads: the condition in words, held and failing; the step that mends it; who can take it."""

    requirement: str
    held: str
    failing: str
    next_step: str
    owner: Owner


_R = ReasonCode

REASONS: dict[ReasonCode, ReasonText] = {
    _R.PERSON_DISABLED: ReasonText(
        "S94", "the person is not stopped", "the centre has stopped this person's access",
        "ask an admin why, and to let the person act again", Owner.ADMIN,
    ),
    _R.INSTITUTION_NOT_TRUSTED: ReasonText(
        "S72", "the institution is trusted", "the person's institution has no agreement in force with the centre",
        "the institution and the centre sign a new agreement, and an admin records it", Owner.ADMIN,
    ),
    _R.ORGANISATION_EXCLUDED: ReasonText(
        "E59", "neither institution nor licensee is shut out",
        "the person's institution, or the one that the request comes from, is shut out from data",
        "wait for the end of the exclusion, or ask the centre to lift it", Owner.ADMIN,
    ),
    _R.EMAIL_NOT_INSTITUTIONAL: ReasonText(
        "S73", "the e-mail address is institutional", "the e-mail domain is none that the institution has declared",
        "the institution declares the domain, or the person gets an institutional address", Owner.ADMIN,
    ),
    _R.PERSON_NOT_VERIFIED: ReasonText(
        "S73", "the person is verified", "nobody has verified who this person is",
        "an admin, or who signs for the institution, verifies the person, for example in a video call", Owner.ADMIN,
    ),
    _R.VERIFICATION_EXPIRED: ReasonText(
        "S73", "the verification is in force", "the verification of this person has run out",
        "an admin verifies the person again", Owner.ADMIN,
    ),
    _R.ASSURANCE_TOO_LOW: ReasonText(
        "E26", "the identity is proofed as surely as the data ask",
        "the data ask for an identity that is proofed more surely",
        "an admin verifies the person again, in person or with an identity document", Owner.ADMIN,
    ),
    _R.FACTOR_MISSING: ReasonText(
        "S76", "a second factor is enrolled", "the person has no second factor",
        "log in and enrol one: a passkey, or an authenticator app", Owner.YOU,
    ),
    _R.FACTOR_NOT_CONFIRMED: ReasonText(
        "S76", "the second factor is confirmed", "the second factor is not confirmed yet",
        "the one who verified the person confirms with them that the factor is theirs", Owner.VERIFIER,
    ),
    _R.CONDUCT_NOT_ACCEPTED: ReasonText(
        "S79", "the code of conduct is accepted", "the code of conduct in force is not accepted",
        "read the code of conduct at the desk and accept it", Owner.YOU,
    ),
    _R.REIDENTIFICATION_NOT_ACCEPTED: ReasonText(
        "S84", "the ban on tracing people is accepted", "the ban on tracing people in the data is not accepted",
        "read it at the desk and accept it", Owner.YOU,
    ),
    _R.TRAINING_MISSING: ReasonText(
        "S74", "every required course has been passed", "a required course has not been passed",
        "take the course; its trainer then certifies the person", Owner.TRAINER,
    ),
    _R.TRAINING_REVOKED: ReasonText(
        "S74", "no required certification is revoked", "the certification of a required course was revoked",
        "talk to the trainer and pass the course again", Owner.TRAINER,
    ),
    _R.TRAINING_OUTDATED: ReasonText(
        "S74", "every required course was passed in the version that binds",
        "a required course has a new version that has not been passed",
        "take the course in its new version; its trainer then certifies the person", Owner.TRAINER,
    ),
    _R.TRAINING_EXPIRED: ReasonText(
        "S74", "every required certification is in force", "the certification of a required course has expired",
        "pass the course again; its trainer then certifies the person", Owner.TRAINER,
    ),
    _R.REQUEST_NOT_APPROVED: ReasonText(
        "S22", "the request has been decided", "the data access board has not approved this request yet",
        "the applicant signs and submits the form; it is assessed, and the board decides", Owner.BOARD,
    ),
    _R.REQUEST_REFUSED: ReasonText(
        "S22", "the request is not refused", "the data access board refused this request",
        "read the board's reasons and open a new request", Owner.APPLICANT,
    ),
    _R.REQUEST_WITHDRAWN: ReasonText(
        "S22", "the request is not withdrawn", "the applicant withdrew this request",
        "open a new request", Owner.APPLICANT,
    ),
    _R.REQUEST_ENDED: ReasonText(
        "S94", "the request is not ended", "the request was ended",
        "read the reason for the end; a new request is needed", Owner.APPLICANT,
    ),
    _R.REQUEST_SUSPENDED: ReasonText(
        "E58", "the grant is not suspended", "the grant is suspended while something is looked into",
        "answer the centre's questions; it then reinstates or ends the grant", Owner.APPLICANT,
    ),
    _R.NOT_A_CONTACT: ReasonText(
        "S27", "the person is a download contact of the request", "the person is no download contact of this request",
        "the institution's signatory asks to add the person", Owner.SIGNATORY,
    ),
    _R.CONTACT_EMAIL_DIFFERS: ReasonText(
        "S16", "the address is the one in the form", "the account's e-mail address is not the one in the form",
        "name the contact with the address of their account, or correct the account", Owner.APPLICANT,
    ),
    _R.CONTACT_MOVED: ReasonText(
        "S33", "the contact works at the organisation of the grant",
        "the person no longer works at the organisation that they were named for",
        "the signatory of the organisation names another contact", Owner.SIGNATORY,
    ),
    _R.COUNTRY_NOT_ELIGIBLE: ReasonText(
        "E13", "the country is eligible", "the country of the organisation is not listed for the health data space",
        "wait for the country to be listed; adequacy or a licence does not replace that", Owner.CLOCK,
    ),
    _R.TRANSFER_BASIS_MISSING: ReasonText(
        "S60", "a ground for the transfer is on record",
        "no ground with its measures is on record for the transfer to this country",
        "the data access office records the ground and the contractual and technical measures",
        Owner.DATA_ACCESS_OFFICE,
    ),
    _R.TRANSFER_BASIS_LAPSED: ReasonText(
        "S67", "the ground for the transfer holds", "the ground for the transfer to this country holds no more",
        "the data access office records another ground, such as the EU model clauses", Owner.DATA_ACCESS_OFFICE,
    ),
    _R.LICENCE_NOT_SIGNED: ReasonText(
        "S26", "all parties have signed the licence", "not all three parties have signed the licence",
        "the researcher, the licensee's signatory and the centre's representative sign", Owner.PARTIES,
    ),
    _R.LICENCE_SUPERSEDED: ReasonText(
        "S25", "the licence that was signed is the one that binds",
        "the licence that was signed is not the one that binds now",
        "all three parties sign the licence that is in force", Owner.PARTIES,
    ),
    _R.NOT_MADE_AVAILABLE: ReasonText(
        "S100", "the data are made available", "the data have not been made available yet",
        "a data steward makes the data available", Owner.DATA_STEWARD,
    ),
    _R.TERM_NOT_BEGUN: ReasonText(
        "S39", "the term has begun", "the term of the request has not begun",
        "wait until the term begins", Owner.CLOCK,
    ),
    _R.TERM_OVER: ReasonText(
        "S46", "the term is running", "the term of the request is over",
        "open a new request; an extension is asked for before the end", Owner.APPLICANT,
    ),
    _R.NO_DATASET_OPEN: ReasonText(
        "S83", "a dataset of the request is offered", "no dataset of this request is offered now",
        "ask the data steward when the data are offered again", Owner.DATA_STEWARD,
    ),
    _R.OPT_OUT_IGNORED: ReasonText(
        "E72", "who opted out before the permit is not in its data",
        "the data hold somebody who opted out before the permit",
        "the data steward releases a version without them", Owner.DATA_STEWARD,
    ),
    _R.DATASET_WITHDRAWN: ReasonText(
        "S82", "every dataset in the workspace is offered", "a dataset in the running workspace is offered no more",
        "start the workspace again; it then has the datasets that are left", Owner.YOU,
    ),
    _R.RUN_TIME_OVER: ReasonText(
        "S86", "the running time is not over", "the running time of the workspace's size is over",
        "start the workspace again; files in its home are kept", Owner.YOU,
    ),
    _R.SESSION_MISSING: ReasonText(
        "S76", "the person is logged in", "the person is not logged in",
        "log in with both factors", Owner.YOU,
    ),
    _R.SESSION_OVER: ReasonText(
        "S76", "the session is live", "the session is over",
        "log in again with both factors", Owner.YOU,
    ),
    _R.SESSION_WITHOUT_FACTOR: ReasonText(
        "S76", "the session has a second factor", "the session has no second factor",
        "log in again and give a code", Owner.YOU,
    ),
    _R.SESSION_FACTOR_NOT_CONFIRMED: ReasonText(
        "S76", "the second factor of the session is one that counts",
        "the session began with a second factor that nobody confirmed",
        "log in with one that is confirmed, or give the code that your verifier hands over", Owner.YOU,
    ),
    _R.ZONE: ReasonText(
        "S77", "the network is the one that the data require", "the data open from the institute's network only",
        "connect from the institute's network", Owner.YOU,
    ),
}  # fmt: skip
