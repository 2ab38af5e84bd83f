"""The licence: signed for each organisation by three parties, in the version that binds now (S23-S26, S62-S64)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Line, Name, OfRequest, Outcome, Refusal, RefusalCode
from access_policy.commands.documents import Language
from access_policy.model.enums import DocumentKind, Party, Role, Route
from access_policy.model.ids import CENTRE, InstitutionName, PersonId
from access_policy.rules.parties import licence_for
from access_policy.standing import acts_as, has_confirmed_factor, signs_for
from access_policy.state import Document, Entity, Request, Signature, State


class SignLicence(OfRequest, frozen=True, kw_only=True):
    """Sign the licence for the party that you stand for, with a second factor that counts.

    `institution` is the organisation, where there are several; `version` and `language` are those of the text that you
    read: the three parties sign one and the same.
    """

    party: Party
    institution: Name | None = None
    version: Line | None = None
    language: Language | None = None


def sign_licence(state: State, c: SignLicence, actor: Actor, at: datetime) -> Outcome:
    """S23-S26, S62-S64: three parties, three distinct people, one text of the licence that binds the organisation."""
    request = state.requests[c.request]
    entity = request.entities.get(InstitutionName(c.institution) if c.institution else request.institution or CENTRE)
    if entity is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no such organisation takes part in `{c.request}`")
    if actor.person is None or c.party not in parties_of(state, request, entity, actor.person, at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"you do not stand for the {c.party} of `{c.request}`")
    if request.route is Route.CLINICAL:
        return Refusal(RefusalCode.WRONG_STATE, "a clinical request has no licence")
    kind = licence_to_sign(state, entity, at)
    document = state.documents.get(kind)
    if document is None:
        return Refusal(RefusalCode.WRONG_STATE, f"no text of the kind `{kind}` is published yet")
    standing = _standing(entity, document)
    text = _text_to_sign(document, standing, c.version, c.language)
    if isinstance(text, Refusal):
        return text
    problem = _not_sure_who(state, actor.person, at) or _signed(standing, c.party, actor.person)
    return problem or (
        e.LicenceSigned(
            request=c.request, institution=entity.institution, party=c.party, person=actor.person, licence=kind,
            version=text.version, digest=text.digest,
        ),
    )  # fmt: skip


class LicenceText(msgspec.Struct, frozen=True):
    """A text of a licence: its version, the language that was read, and the hash of its bytes (S25)."""

    version: str
    language: str
    digest: str


def text_to_sign(state: State, entity: Entity, at: datetime) -> LicenceText | None:
    """Return the text that an organisation's next signature has to be under, where one is published (S24, S25)."""
    document = state.documents.get(licence_to_sign(state, entity, at))
    if document is None:
        return None
    text = _text_to_sign(document, _standing(entity, document), None, None)
    return None if isinstance(text, Refusal) else text


def parties_signed(state: State, entity: Entity, at: datetime) -> frozenset[Party]:
    """Return the parties whose signature counts for the licence that binds now; the others sign anew (S24, S25)."""
    document = state.documents.get(licence_to_sign(state, entity, at))
    return frozenset(entity.signatures if document is None else _standing(entity, document))


def licence_to_sign(state: State, entity: Entity, at: datetime) -> DocumentKind:
    """Return the licence that binds; one that was begun under the stricter text is finished under it (S24, S63)."""
    stricter = state.documents.get(DocumentKind.LICENCE_NON_EEA)
    if stricter is not None and _standing(entity, stricter):
        return stricter.kind
    return licence_for(state, entity, at).licence


def _standing(entity: Entity, document: Document) -> dict[Party, Signature]:
    """Return the signatures that count: under the licence that binds, each under the same text as the first (S25)."""
    binding = {
        party: signature
        for party, signature in entity.signatures.items()
        if signature.licence is document.kind and signature.at >= document.binding_since
    }
    first = min(binding.values(), key=lambda one: one.at, default=None)
    return {party: one for party, one in binding.items() if first is not None and one.digest == first.digest}


def _text_to_sign(
    document: Document, standing: Mapping[Party, Signature], version: str | None, language: str | None
) -> LicenceText | Refusal:
    """S25, REQ-04: the text that was read, which is that of the first signature; else the version in force."""
    first = min(standing.values(), key=lambda one: one.at, default=None)
    wanted = _text_of(document, first)
    if version is not None and version != wanted.version:
        text = f"version `{wanted.version}` is the one to sign, in `{wanted.language}`; read that one"
        return Refusal(RefusalCode.CHANGED_MEANWHILE, text)
    if language is None or language == wanted.language:
        return wanted
    digest = next((one.digests.get(language) for one in document.versions if one.version == wanted.version), None)
    if digest is None:
        return Refusal(RefusalCode.NOT_FOUND, f"version `{wanted.version}` is not published in `{language}`")
    if first is not None and digest != first.digest:
        text = f"the first signature is under the text in `{wanted.language}`; read and sign that one"
        return Refusal(RefusalCode.CHANGED_MEANWHILE, text)
    return LicenceText(wanted.version, language, digest)


def _text_of(document: Document, first: Signature | None) -> LicenceText:
    """Return the text of a first signature; without one the version in force, in English where it is there (S25)."""
    if first is None:
        digests = document.current.digests
        language = "en" if "en" in digests else next(iter(digests))
        return LicenceText(document.current.version, language, digests[language])
    digests = next((one.digests for one in document.versions if one.version == first.version), {})
    language = next((one for one, digest in digests.items() if digest == first.digest), "en")
    return LicenceText(first.version, language, first.digest)


def _not_sure_who(state: State, person: PersonId, at: datetime) -> Refusal | None:
    """S23, S73, S76: who signs is verified now, and has a second factor of their own that was confirmed with them."""
    verification = state.people[person].verification
    if verification is None or not verification.since <= at < verification.until:
        text = "who signs is verified, and your verification is missing or over; let an admin verify you"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    if has_confirmed_factor(state, person):
        return None
    text = "who signs has a second factor that was confirmed with them; enrol one, and let your verifier confirm it"
    return Refusal(RefusalCode.NOT_COMPLETE, text)


def _signed(standing: Mapping[Party, Signature], party: Party, person: PersonId) -> Refusal | None:
    if party in standing:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the {party} has signed already")
    if any(signature.person == person for signature in standing.values()):
        return Refusal(RefusalCode.FOUR_EYES, "you signed for another party; the three parties are three people")
    return None


def parties_of(state: State, request: Request, entity: Entity, person: PersonId, at: datetime) -> frozenset[Party]:
    """Return the parties that a person stands for at `at`: applicant, the organisation's signatory, representative.

    S23, E28: the representative acts as one, and takes no part in the request.
    """
    parties = {
        Party.RESEARCHER: person == request.applicant and state.people[person].institution == request.institution,
        Party.LICENSEE: entity.institution in signs_for(state, request, person, at),
        Party.REPRESENTATIVE: person not in {request.applicant, *request.contacts}
        and acts_as(state, person, Role.REPRESENTATIVE, at),
    }
    return frozenset(party for party, stands in parties.items() if stands)
