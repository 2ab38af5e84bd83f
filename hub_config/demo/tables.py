"""The tables of the demo's datasets, from scikit-survival. Run as a process of its own, with the folder.

Importing scikit-survival takes a second and much memory, which the process that stays should not spend.
"""

import sys
from pathlib import Path
from typing import Any

from hub_config.demo.requests import BIOBANK, CLINICAL, DEMOGRAPHICS, OF_STUDY, SUPERSEDED

VERSION = "1.0"


def tables() -> dict[str, Any]:
    """Return every table with its place below the datasets' folder."""
    from sksurv.datasets import load_breast_cancer, load_gbsg2

    patients, endings = load_gbsg2()
    patients = _numbered(patients.assign(time=endings["time"], event=endings["cens"].astype(int)), "patient", "G")
    samples, metastases = load_breast_cancer()
    samples = samples.assign(time=metastases["t.tdm"], event=metastases["e.tdm"].astype(int))
    samples = _numbered(samples, "sample", "S")
    probes = [name for name in samples.columns if name.startswith("X")]
    annotation = samples.drop(columns=probes)
    return {
        f"{CLINICAL}/{VERSION}/patients.csv": patients,
        f"{BIOBANK}/{VERSION}/expression.csv": samples[["sample", *probes]],
        f"{BIOBANK}/{VERSION}/samples.csv": annotation,
        f"{DEMOGRAPHICS}/{VERSION}/demographics.csv": patients[["patient", "age", "menostat"]],
        f"{OF_STUDY}/{VERSION}/grades.csv": patients[["patient", "tgrade", "tsize", "time", "event"]],
        f"{SUPERSEDED}/{VERSION}/samples.csv": annotation,
    }


def _numbered(table: Any, column: str, letter: str) -> Any:
    table.insert(0, column, [f"{letter}{number:04}" for number in range(1, len(table) + 1)])
    return table


def write_tables(folder: Path) -> None:
    """Write every table as CSV."""
    for name, table in tables().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    write_tables(Path(sys.argv[1]))
