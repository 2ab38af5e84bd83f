"""The licence: signed for each organisation by three parties, in the version that binds now (S23-S26, S62-S64)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Line, Name, OfRequest, Outcome, Refusal, RefusalCode
from access_policy.model.enums import Party, Role, Route
from access_policy.model.ids import CENTRE, InstitutionName, PersonId
from access_policy.rules.parties import licence_for
from access_policy.standing import acts_as
from access_policy.state import Document, Entity, Request, State


class SignLicence(OfRequest, frozen=True, kw_only=True):
    """Sign the licence for the party that you stand for, with a second factor that counts.

    `institution` is the organisation, where there are several; `version` the version of the text that you read.
    """

    party: Party
    institution: Name | None = None
    version: Line | None = None


def sign_licence(state: State, c: SignLicence, actor: Actor, at: datetime) -> Outcome:
    """S23-S26, S62-S64: three parties, three distinct people, the licence that binds the organisation now."""
    request = state.requests[c.request]
    entity = request.entities.get(InstitutionName(c.institution) if c.institution else request.institution or CENTRE)
    if entity is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no such organisation takes part in `{c.request}`")
    if actor.person is None or c.party not in parties_of(state, request, entity, actor.person, at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"you do not stand for the {c.party} of `{c.request}`")
    if request.route is Route.CLINICAL:
        return Refusal(RefusalCode.WRONG_STATE, "a clinical request has no licence")
    kind = licence_for(state, entity, at).licence
    document = state.documents.get(kind)
    if document is None:
        return Refusal(RefusalCode.WRONG_STATE, f"no text of the kind `{kind}` is published yet")
    if c.version is not None and c.version != document.current.version:
        return Refusal(
            RefusalCode.CHANGED_MEANWHILE, f"version `{document.current.version}` is in force; read that one"
        )
    problem = _without_factor(state, actor.person) or _signed(entity, c.party, actor.person, document)
    return problem or (
        e.LicenceSigned(
            request=c.request, institution=entity.institution, party=c.party, person=actor.person, licence=kind,
            version=document.current.version, digest=_digest(document),
        ),
    )  # fmt: skip


def _digest(document: Document) -> str:
    """Return the hash of the version in force: of its English text, or of the first one where there is none (S25)."""
    digests = document.current.digests
    return digests.get("en") or next(iter(digests.values()))


def _without_factor(state: State, person: PersonId) -> Refusal | None:
    """Refuse a signature of somebody without a second factor of their own that was confirmed with them (S23, S76)."""
    if any(factor.confirmed is not None for factor in state.people[person].factors.values()):
        return None
    text = "who signs has a second factor that was confirmed with them; enrol one, and let your verifier confirm it"
    return Refusal(RefusalCode.NOT_COMPLETE, text)


def _signed(entity: Entity, party: Party, person: PersonId, document: Document) -> Refusal | None:
    standing = {
        one: signature
        for one, signature in entity.signatures.items()
        if signature.licence is document.kind and signature.at >= document.binding_since
    }
    if party in standing:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the {party} has signed already")
    if any(signature.person == person for signature in standing.values()):
        return Refusal(RefusalCode.FOUR_EYES, "you signed for another party; the three parties are three people")
    return None


def parties_of(state: State, request: Request, entity: Entity, person: PersonId, at: datetime) -> frozenset[Party]:
    """Return the parties that a person stands for at `at`: applicant, the organisation's signatory, representative.

    S23, E28: the representative acts as one, and takes no part in the request.
    """
    roles = [(one.role, one.scope) for one in state.people[person].appointments if one.holds(at)]
    parties = {
        Party.RESEARCHER: person == request.applicant and state.people[person].institution == request.institution,
        Party.LICENSEE: (Role.SIGNATORY, entity.institution) in roles,
        Party.REPRESENTATIVE: person not in {request.applicant, *request.contacts}
        and acts_as(state, person, Role.REPRESENTATIVE, at),
    }
    return frozenset(party for party, stands in parties.items() if stands)
