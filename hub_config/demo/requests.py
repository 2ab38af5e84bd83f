"""The demo's data access requests: who asks for what, on which days, and how far each has come.

Between them they are in every status, and some are active with one thing missing. The order is the order in which they
were opened, so the first is `DR-1`. Days count from the present, as in `people.py`.
"""

from dataclasses import dataclass, field
from types import MappingProxyType

from access_policy.model.enums import Party, PurposeKind, RequestStatus

CLINICAL = "gbsg2-clinical"
BIOBANK = "gse7390-expression"
DEMOGRAPHICS = "gbsg2-demographics"
SUPERSEDED = "gse7390-samples"
OF_STUDY = "gbsg2-grade"

_S = RequestStatus
_ALL = (Party.RESEARCHER, Party.LICENSEE, Party.REPRESENTATIVE)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How many days after its opening each step of a request is taken."""

    submitted: int = 2
    assessed: int = 9
    decided: int = 16
    signed: tuple[int, int, int] = (18, 19, 20)
    available: int = 22


_QUICK = Pace(submitted=0, assessed=1, decided=1, signed=(1, 1, 1), available=1)
_AFTER_THE_NEW_LICENCE = Pace(submitted=0, assessed=1, decided=1, signed=(2, 2, 2), available=2)


@dataclass(frozen=True, kw_only=True)
class DemoRequest:
    """One request. It comes as far as `reached`; `closed` is the day on which it ended or was withdrawn.

    `suspended` is the day on which it was, `ground_gone` the one on which the ground of its transfer was taken away.
    """

    applicant: str
    title: str
    opened: int
    datasets: tuple[str, ...]
    contacts: tuple[str, ...]
    reached: RequestStatus = _S.ACTIVE
    term: tuple[int, int] = (0, 0)
    signed: tuple[Party, ...] = _ALL
    closed: int | None = None
    purpose: PurposeKind = PurposeKind.RESEARCH
    pace: Pace = Pace()
    suspended: int | None = None
    ground_gone: int | None = None
    addresses: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class DemoIntake:
    """Somebody who asks to apply; `invited` is the institution for which they were invited to the form."""

    name: str
    surname: str
    email: str
    invited: str | None = None


TEAM = ("vera", "willem", "victor", "fleur", "niek", "milan", "ruben", "esra", "cees", "bas", "iris")

REQUESTS = (
    DemoRequest(
        applicant="lotte", title="Hormone therapy and recurrence-free survival", opened=-680,
        datasets=(CLINICAL, BIOBANK), contacts=("lotte",), term=(-664, 400),
    ),
    DemoRequest(
        applicant="lotte", title="A smaller expression signature for metastasis", opened=-670,
        datasets=(BIOBANK,), contacts=("lotte",), term=(-654, 420),
    ),
    DemoRequest(
        applicant="sofie", title="Age and menopausal status in the trial population", opened=-660,
        datasets=(DEMOGRAPHICS,), contacts=("sofie", "lotte"), term=(-644, 430),
    ),
    DemoRequest(
        applicant="hanna", title="Tumour grade as a predictor at a single clinic", opened=-650,
        datasets=(CLINICAL,), contacts=("hanna",), term=(-634, 450),
    ),
    DemoRequest(
        applicant="gijs", title="Progesterone receptor level and outcome", opened=-640,
        datasets=(CLINICAL,), contacts=("gijs",), term=(-624, -100),
    ),
    DemoRequest(
        applicant="gijs", title="Node count thresholds", opened=-600,
        datasets=(CLINICAL,), contacts=("gijs",), term=(-584, 400), reached=_S.ENDED, closed=-150,
    ),
    DemoRequest(
        applicant="gijs", title="Matching trial patients with a public register", opened=-560,
        datasets=(CLINICAL, BIOBANK), contacts=("gijs",), reached=_S.REFUSED,
    ),
    DemoRequest(
        applicant="gijs", title="Tumour size and expression, pilot", opened=-540,
        datasets=(BIOBANK,), contacts=("gijs",), term=(-524, 300), reached=_S.WITHDRAWN, closed=-515,
    ),
    DemoRequest(
        applicant="gijs", title="Receptor status of the sampled tumours", opened=-500,
        datasets=(SUPERSEDED,), contacts=("gijs",), term=(-484, 500),
    ),
    DemoRequest(
        applicant="bram", title="A joint model of grade, nodes and expression", opened=-400,
        datasets=(CLINICAL, BIOBANK), contacts=("bram", "olaf"), term=(-384, 600),
    ),
    DemoRequest(
        applicant="pieter", title="Team study: follow-up of hormone therapy", opened=-300,
        datasets=(CLINICAL,), contacts=TEAM, term=(-284, 700),
        addresses=MappingProxyType({"cees": "c.jansen@centre.example"}),
    ),
    DemoRequest(
        applicant="yara", title="Follow-up study, second phase", opened=-70,
        datasets=(CLINICAL,), contacts=("yara",), term=(90, 900),
    ),
    DemoRequest(
        applicant="yara", title="Expression and age at diagnosis", opened=-60,
        datasets=(BIOBANK,), contacts=("yara",), term=(-44, 600), reached=_S.LICENSED,
    ),
    DemoRequest(
        applicant="yara", title="Censoring in long follow-up", opened=-50,
        datasets=(CLINICAL,), contacts=("yara",), term=(-34, 600), reached=_S.APPROVED,
        signed=(Party.RESEARCHER, Party.LICENSEE),
    ),
    DemoRequest(
        applicant="yara", title="Validation of a published risk score", opened=-40,
        datasets=(CLINICAL, BIOBANK), contacts=("yara",), reached=_S.ASSESSED,
    ),
    DemoRequest(
        applicant="yara", title="Robust estimates with few events", opened=-30,
        datasets=(BIOBANK,), contacts=("yara",), reached=_S.SUBMITTED,
    ),
    DemoRequest(
        applicant="yara", title="An idea about competing risks", opened=-5,
        datasets=(CLINICAL,), contacts=("yara",), reached=_S.DRAFT,
    ),
    DemoRequest(
        applicant="freja", title="Grade at the first visit, for the study it was collected for", opened=-4,
        datasets=(OF_STUDY,), contacts=("freja", "jonas", "erik"), term=(-3, 300), purpose=PurposeKind.ORIGINAL_STUDY,
        pace=_QUICK,
    ),
    DemoRequest(
        applicant="gijs", title="Hormone receptors and age", opened=-4,
        datasets=(CLINICAL,), contacts=("gijs",), term=(-3, 500), pace=_QUICK, suspended=-1,
    ),
    DemoRequest(
        applicant="luca", title="Recurrence in two countries", opened=-4,
        datasets=(CLINICAL,), contacts=("luca",), term=(-3, 500), pace=_QUICK,
    ),
    DemoRequest(
        applicant="luca", title="Expression in two countries", opened=-4,
        datasets=(BIOBANK,), contacts=("luca",), term=(-3, 500), pace=_AFTER_THE_NEW_LICENCE, ground_gone=-1,
    ),
)  # fmt: skip

INTAKES = (
    DemoIntake(name="Tunde", surname="Okafor", email="t.okafor@harbour-clinic.example"),
    DemoIntake(name="Ada", surname="Berg", email="a.berg@north-hospital.example", invited="north-hospital"),
)
