"""The demo's data access requests: who asks for what, on which days, and how far each has come.

Between them they are in every status, and some are active with one thing missing. The order is the order in which they
were opened, so the first is `DR-1`. Days count from the present, as in `people.py`.
"""

from dataclasses import dataclass, field
from types import MappingProxyType

from access_policy.model.enums import Party, RequestStatus

CLINICAL = "gbsg2-clinical"
BIOBANK = "gse7390-expression"
DEMOGRAPHICS = "gbsg2-demographics"
SUPERSEDED = "gse7390-samples"

_S = RequestStatus
_ALL = (Party.RESEARCHER, Party.LICENSEE, Party.REPRESENTATIVE)


@dataclass(frozen=True, kw_only=True)
class DemoRequest:
    """One request. It comes as far as `reached`; `closed` is the day on which it ended or was withdrawn."""

    applicant: str
    title: str
    opened: int
    datasets: tuple[str, ...]
    contacts: tuple[str, ...]
    reached: RequestStatus = _S.ACTIVE
    term: tuple[int, int] = (0, 0)
    signed: tuple[Party, ...] = _ALL
    closed: int | None = None
    addresses: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))


TEAM = ("vera", "willem", "victor", "fleur", "niek", "milan", "ruben", "esra", "cees")

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
)  # fmt: skip
