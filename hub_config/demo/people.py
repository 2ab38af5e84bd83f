"""The demo's people: who they are, what happened to them on which day, and what each of them is there to show.

All are invented. Days count from the present: -700 is seven hundred days before the demo is made. Nothing here writes;
`history.py` turns each course of life into commands.
"""

from dataclasses import dataclass

from access_policy.model.enums import Assurance, DocumentKind, Role

DEMO_ISSUER = "https://demo-provider.sluis.example"
"""The issuer in the identities of the demo's people, whatever port the demo's provider has."""

CENTRE = "centre"
NORTH = "north-hospital"
HARBOUR = "harbour-clinic"
ALPINE = "alpine-clinic"
AUDITORS = "delta-audit"
COURSE = "privacy-security"

_RECERTIFY_DAYS = 340
_LAST_ROUND = -45
_VERIFIED_DAYS = 700


@dataclass(frozen=True, kw_only=True)
class DemoInstitution:
    """An institution of the demo; `agreement` is the term in days, `later` the domains it declared on a later day."""

    institution: str
    name: str
    country: str
    domains: tuple[str, ...]
    agreement: tuple[int, int] | None = None
    later: tuple[int, tuple[str, ...]] | None = None


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """One person. `shows` says what they are there for; None stands for what never happened to them."""

    login: str
    name: str
    shows: str
    institution: str = CENTRE
    domain: str | None = None
    joined: int = -700
    role: Role | None = None
    also: tuple[Role, ...] = ()
    verified_until: int | None = None
    assurance: Assurance = Assurance.SUBSTANTIAL
    unverified: int | None = None
    enrols: bool = True
    confirmed: bool = True
    accepts: tuple[DocumentKind, ...] = (DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION)
    certified: tuple[int, ...] | None = None
    revoked: int | None = None
    disabled: int | None = None
    moved: tuple[int, str] | None = None

    @property
    def email(self) -> str:
        """The address of their account, before they moved."""
        return f"{self.login}@{self.domain or domain_of(self.institution)}"

    @property
    def present_email(self) -> str:
        """The address of their account now."""
        return self.email if self.moved is None else f"{self.login}@{domain_of(self.moved[1])}"

    @property
    def present_institution(self) -> str:
        """Where they work now."""
        return self.institution if self.moved is None else self.moved[1]

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that they are appointed to."""
        return (*(() if self.role is None else (self.role,)), *self.also)

    @property
    def verifications(self) -> tuple[tuple[int, int], ...]:
        """The days of verification, each with the day until which it is good; a second round keeps them in force."""
        first = self.joined + 1
        if self.verified_until is not None:
            return ((first, self.verified_until),)
        return ((first, first + _VERIFIED_DAYS), (_LAST_ROUND, _LAST_ROUND + _VERIFIED_DAYS))

    @property
    def certifications(self) -> tuple[int, ...]:
        """The days on which they passed the required course: yearly, unless told otherwise."""
        if self.certified is not None:
            return self.certified
        return (*range(self.joined + 5, _LAST_ROUND, _RECERTIFY_DAYS), _LAST_ROUND)


def domain_of(institution: str) -> str:
    """Return the first domain that an institution of the demo declared."""
    return next(each.domains[0] for each in INSTITUTIONS if each.institution == institution)


INSTITUTIONS = (
    DemoInstitution(
        institution=CENTRE, name="Sluiswijk Centre for Paediatric Oncology", country="NL", domains=("centre.example",)
    ),
    DemoInstitution(
        institution=NORTH, name="Nordhavn Children's Hospital", country="DK",
        domains=("north-hospital.example", "old-north.example"), agreement=(-715, 900),
        later=(-100, ("north-hospital.example",)),
    ),
    DemoInstitution(
        institution=HARBOUR, name="Harbour Clinic for Children", country="BE", domains=("harbour-clinic.example",),
        agreement=(-715, -60),
    ),
    DemoInstitution(
        institution=ALPINE, name="Alpine Children's Clinic", country="AU", domains=("alpine-clinic.example",),
        agreement=(-715, 900),
    ),
    DemoInstitution(institution=AUDITORS, name="Delta Audit", country="NL", domains=("delta-audit.example",)),
)  # fmt: skip

ADMINS = (
    DemoPerson(login="anna", name="Anna de Wit", joined=-730, role=Role.ADMIN, shows="admin; verifies, appoints"),
    DemoPerson(login="joris", name="Joris Kuipers", joined=-730, role=Role.ADMIN, shows="admin; confirms"),
)

STAFF = (
    DemoPerson(
        login="tessa", name="Tessa Hoekstra", joined=-720, role=Role.TRAINER, also=(Role.ASSESSOR,), certified=(),
        shows="trainer; certifies people who passed a course; assesses requests of the partner hospital",
    ),
    DemoPerson(
        login="arjen", name="Arjen Postma", joined=-720, role=Role.ASSESSOR, institution=NORTH,
        shows="assessor of a partner, so without a tie to the centre; has a request to assess",
    ),
    DemoPerson(
        login="bea", name="Bea Verhoeven", joined=-720, role=Role.BOARD_MEMBER,
        shows="board member; decides on requests of the partners",
    ),
    DemoPerson(
        login="nils", name="Nils Dalgaard", joined=-712, role=Role.BOARD_MEMBER, institution=NORTH,
        shows="board member; has a request of the centre to decide",
    ),
    DemoPerson(
        login="carla", name="Carla Mulder", joined=-720, role=Role.SIGNATORY, shows="signatory of the centre"
    ),
    DemoPerson(
        login="signe", name="Signe Holm", joined=-712, role=Role.SIGNATORY, institution=NORTH,
        shows="signatory of the partner hospital",
    ),
    DemoPerson(
        login="hugo", name="Hugo Claessens", joined=-712, role=Role.SIGNATORY, institution=HARBOUR,
        shows="signatory of the clinic whose agreement has run out",
    ),
    DemoPerson(
        login="rosa", name="Rosa van Dam", joined=-720, role=Role.REPRESENTATIVE,
        shows="representative of the centre; has a licence to sign",
    ),
    DemoPerson(
        login="daan", name="Daan Smit", joined=-720, role=Role.DATA_STEWARD,
        shows="data steward; has data to make available",
    ),
)  # fmt: skip

RESEARCHERS = (
    DemoPerson(
        login="lotte", name="Lotte Bakker", shows="everything holds: two requests open; a third opens at the institute"
    ),
    DemoPerson(
        login="sofie", name="Sofie Willems", shows="her request opens from the institute's network only (zone)"
    ),
    DemoPerson(login="gijs", name="Gijs Prins", shows="requests refused, withdrawn, ended, over, without a dataset"),
    DemoPerson(
        login="hanna", name="Hanna Peeters", institution=HARBOUR,
        shows="an agreement that ran out (institution_not_trusted)",
    ),
    DemoPerson(
        login="bram", name="Bram Jakobsen", institution=NORTH, joined=-420, shows="everything holds, at a partner"
    ),
    DemoPerson(
        login="olaf", name="Olaf Kristensen", institution=NORTH, domain="old-north.example", joined=-420,
        shows="a domain no longer declared (email_not_institutional)",
    ),
    DemoPerson(login="pieter", name="Pieter Vos", shows="an applicant who is no download contact (not_a_contact)"),
    DemoPerson(login="vera", name="Vera Brouwer", disabled=-12, shows="stopped by the centre (person_disabled)"),
    DemoPerson(
        login="willem", name="Willem Kok", unverified=-30, shows="the verification was taken back (person_not_verified)"
    ),
    DemoPerson(
        login="victor", name="Victor Maas", verified_until=-20, shows="the verification ran out (verification_expired)"
    ),
    DemoPerson(
        login="fleur", name="Fleur Jonker", joined=-320, enrols=False,
        shows="a first login, with a factor to enrol (factor_missing)",
    ),
    DemoPerson(
        login="niek", name="Niek de Boer", joined=-320, confirmed=False,
        shows="a factor that Anna has yet to confirm (factor_not_confirmed)",
    ),
    DemoPerson(
        login="milan", name="Milan Schouten", joined=-320, certified=(), shows="no course passed (training_missing)"
    ),
    DemoPerson(login="ruben", name="Ruben Koster", revoked=-15, shows="a certification revoked (training_revoked)"),
    DemoPerson(
        login="esra", name="Esra Yildiz", certified=(-500,), shows="a certification run out (training_expired)"
    ),
    DemoPerson(login="cees", name="Cees Jansen", shows="another address stands in the form (contact_email_differs)"),
    DemoPerson(
        login="yara", name="Yara Haddad", joined=-320,
        shows="requests on their way: draft to licensed, and one not begun",
    ),
)  # fmt: skip

_LATER = -310

LATER = (
    DemoPerson(
        login="femke", name="Femke Jansma", joined=_LATER, role=Role.DATA_ACCESS_OFFICE,
        shows="data access office; has an intake to answer",
    ),
    DemoPerson(
        login="wouter", name="Wouter Blom", joined=_LATER, role=Role.AUDITOR, institution=AUDITORS,
        shows="auditor; reads requests, people and the log, and changes nothing",
    ),
    DemoPerson(
        login="bas", name="Bas van Leeuwen", joined=_LATER, accepts=(DocumentKind.NO_REIDENTIFICATION,),
        shows="has yet to accept the code of conduct (conduct_not_accepted)",
    ),
    DemoPerson(
        login="iris", name="Iris Meijer", joined=_LATER, accepts=(DocumentKind.CODE_OF_CONDUCT,),
        shows="has yet to accept the ban on tracing people (reidentification_not_accepted)",
    ),
    DemoPerson(login="irene", name="Irene Vos", joined=_LATER, shows="central investigator of a study"),
    DemoPerson(
        login="lars", name="Lars Winther", joined=_LATER, institution=NORTH,
        shows="local investigator of that study at the partner hospital",
    ),
    DemoPerson(
        login="freja", name="Freja Lund", joined=_LATER, institution=NORTH, assurance=Assurance.HIGH,
        shows="a clinical request, for the purpose of the study: everything holds",
    ),
    DemoPerson(
        login="jonas", name="Jonas Dahl", joined=_LATER, institution=NORTH,
        shows="data that ask for a surer proof of identity (assurance_too_low)",
    ),
    DemoPerson(
        login="erik", name="Erik Sand", joined=_LATER, institution=NORTH, assurance=Assurance.HIGH,
        moved=(-1, CENTRE), shows="moved to the centre yesterday (contact_moved)",
    ),
    DemoPerson(
        login="luca", name="Luca Frei", joined=_LATER, institution=ALPINE,
        shows="outside the EEA: licence_superseded, and transfer_basis_missing",
    ),
    DemoPerson(
        login="mia", name="Mia Keller", joined=_LATER, institution=ALPINE, role=Role.SIGNATORY,
        shows="signatory of the clinic outside the EEA; has a new licence to sign",
    ),
)  # fmt: skip

CAST = (*ADMINS, *STAFF, *RESEARCHERS, *LATER)
