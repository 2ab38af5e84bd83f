"""The demo's datasets: real, published data that the PyPI package scikit-survival carries, each with where it is from.

The data are of adults with breast cancer; they stand in for a children's cancer centre's, which nobody may publish.
"""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from access_policy.model.enums import Assurance, ConsentBasis, DataKind, Region, Route, Zone
from hub_config.cli.manifests import write_manifest
from hub_config.demo.people import NORTH
from hub_config.demo.requests import BIOBANK, CLINICAL, DEMOGRAPHICS, OF_STUDY, SUPERSEDED
from hub_config.demo.tables import VERSION

_PACKAGE = (
    "The PyPI package scikit-survival (https://scikit-survival.readthedocs.io, GPL-3.0-or-later) carries the table; "
    "it was written from there, unchanged but for the column `patient` or `sample`, which numbers the rows."
)
_GBSG2 = (
    "Schumacher M, Bastert G, Bojar H, et al. Randomized 2 x 2 trial evaluating hormonal treatment and the duration of "
    "chemotherapy in node-positive breast cancer patients. J Clin Oncol 12, 2086-2093 (1994)."
)
_GSE7390 = (
    "Desmedt C, Piette F, Loi S, et al. Strong time dependence of the 76-gene prognostic signature for node-negative "
    "breast cancer patients in the TRANSBIG multicenter independent validation series. Clin Cancer Res 13(11), "
    "3207-3214 (2007). NCBI GEO GSE7390, https://www.ncbi.nlm.nih.gov/geo/query/acc.cgi?acc=GSE7390"
)
_LICENCE = (
    "Published open data, without names or dates of birth. The package is GPL-3.0-or-later; the terms of the original "
    "publication apply to the data. Cite the source where you use them."
)


STUDY = "grade-study"


class DemoDataProblem(Exception):
    """The demo's data cannot be written. The text is one line that says what and what to do."""


@dataclass(frozen=True)
class DemoDataset:
    """A dataset of the demo as it is registered; its files are written by `tables.py`."""

    dataset: str
    title: str
    source: str
    kind: DataKind
    about: str
    zone: Zone = Zone.ANYWHERE
    registered: int = -705
    consent: ConsentBasis = ConsentBasis.PUBLISHED_OPEN_DATA
    study: str | None = None
    hospitals: tuple[str, ...] = ()
    routes: tuple[Route, ...] = (Route.DATA_ACCESS,)
    assurance: Assurance = Assurance.LOW

    @property
    def location(self) -> str:
        """Its folder below the datasets' folder."""
        return f"{self.dataset}/{VERSION}"


@dataclass(frozen=True)
class DemoData:
    """The datasets' manifests as digests, and the bucket that they are registered in; empty: the datasets' folder."""

    manifests: Mapping[str, str]
    bucket: str = ""

    def location(self, dataset: DemoDataset) -> str:
        """Return where a dataset is registered."""
        return f"gs://{self.bucket}/{dataset.location}" if self.bucket else dataset.location

    @property
    def region(self) -> Region:
        """Where that is."""
        return Region.EUROPE_WEST4 if self.bucket else Region.LOCAL


DATASETS = (
    DemoDataset(
        CLINICAL, "GBSG2: clinical data of 686 patients of a breast cancer trial", _GBSG2, DataKind.CLINICAL,
        "`patients.csv`: age (years), estrec and progrec (receptors, fmol/l), horTh (hormone therapy), menostat, "
        "pnodes (positive nodes), tgrade, tsize (mm); time (days to recurrence, death or last visit) and event "
        "(1: recurrence or death, 0: censored).",
    ),
    DemoDataset(
        BIOBANK, "GSE7390: expression of 76 genes in 198 tumours, with follow-up", _GSE7390, DataKind.BIOBANK,
        "`expression.csv`: a row for each sample, a column for each of the 76 probe sets (log2). `samples.csv`: age "
        "(years), er (receptor), grade, size (cm); time (days to distant metastasis or last visit) and event (1 or 0).",
    ),
    DemoDataset(
        DEMOGRAPHICS, "GBSG2, extract: age and menopausal status only", _GBSG2, DataKind.CLINICAL,
        "`demographics.csv`: an extract of the dataset `gbsg2-clinical` with its columns patient, age and menostat and "
        "nothing else, made for this demo. It opens from the institute's network only, to show what that means.",
        Zone.INSTITUTE,
    ),
    DemoDataset(
        SUPERSEDED, "GSE7390, extract: the clinical annotation of the samples", _GSE7390, DataKind.CLINICAL,
        "`samples.csv`: an extract of the dataset `gse7390-expression`, made for this demo, without the expression. It "
        "is withdrawn in the demo's history, to show what happens to a request whose only dataset is.",
    ),
    DemoDataset(
        OF_STUDY, "GBSG2, extract: tumour grade and size, as the data of one study", _GBSG2, DataKind.CLINICAL,
        "`grades.csv`: an extract of the dataset `gbsg2-clinical` with its columns patient, tgrade, tsize, time and "
        "event, made for this demo. In its history these are the data of one study of one hospital, collected with "
        "informed consent; who uses them needs a high assurance of identity.",
        registered=-10, consent=ConsentBasis.INFORMED_CONSENT, study=STUDY, hospitals=(NORTH,),
        routes=(Route.CLINICAL, Route.DATA_ACCESS), assurance=Assurance.HIGH,
    ),
)  # fmt: skip


def write_datasets(folder: Path) -> dict[str, str]:
    """Write all datasets below `folder`; return the SHA-256 of each manifest. Raises DemoDataProblem."""
    command = [sys.executable, "-m", "hub_config.demo.tables", str(folder)]
    root = Path(__file__).resolve().parents[2]
    written = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if written.returncode != 0:
        said = (written.stderr.strip().splitlines() or ["no message"])[-1]
        raise DemoDataProblem(f"the demo's data cannot be written ({said[:200]}); run `make run`, it installs them")
    return {each.dataset: _finish(folder, each) for each in DATASETS}


def _finish(folder: Path, dataset: DemoDataset) -> str:
    place = folder / dataset.location
    (place / "README.md").write_text(_readme(dataset), encoding="utf-8")
    digest = write_manifest(place).digest
    for path in (folder, place.parent, place, *place.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return digest


def _readme(dataset: DemoDataset) -> str:
    parts = (
        f"# {dataset.title}",
        f"Dataset `{dataset.dataset}`, version {VERSION}, kind: {dataset.kind}.",
        f"## What it holds\n\n{dataset.about}",
        f"## Where it is from\n\n{dataset.source}\n\n{_PACKAGE}",
        f"## Licence\n\n{_LICENCE}",
    )
    return "\n\n".join(parts) + "\n"
