"""The demo's texts: which kind each is, in which version, on which day it was published. The files lie in `texts/`."""

from dataclasses import dataclass
from pathlib import Path

from access_policy.model.enums import DocumentKind
from hub_config.texts import keep_text

_FOLDER = Path(__file__).parent / "texts"
_K = DocumentKind
_FIRST_DAY = -718
_BINDING = (_K.CODE_OF_CONDUCT, _K.NO_REIDENTIFICATION, _K.LICENCE_EEA, _K.LICENCE_NON_EEA)


@dataclass(frozen=True)
class DemoText:
    """One version of one text."""

    kind: DocumentKind
    title: str
    version: str = "1"
    day: int = _FIRST_DAY
    amends: bool = True

    @property
    def binding(self) -> bool:
        """Whether it has to be accepted or signed: those that bind, unless the version only mends the wording."""
        return self.amends and self.kind in _BINDING

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return (_FOLDER / f"{self.kind}-{self.version}.txt").read_bytes()


TEXTS = (
    DemoText(_K.CODE_OF_CONDUCT, "Code of conduct for health research"),
    DemoText(_K.NO_REIDENTIFICATION, "No tracing of people"),
    DemoText(_K.LICENCE_EEA, "Licence agreement for EEA countries"),
    DemoText(_K.LICENCE_NON_EEA, "Licence agreement for non-EEA countries"),
    DemoText(_K.GUIDING_PRINCIPLES, "Guiding principles"),
    DemoText(_K.RULES_OF_PROCEDURE, "Rules of procedure"),
    DemoText(_K.DATA_GUIDE, "Data guide"),
    DemoText(_K.FAQ, "Questions and answers"),
    DemoText(_K.ACCOUNT_HELP, "Getting an account and a second factor"),
    DemoText(_K.REQUEST_INSTRUCTIONS, "How to fill in a request"),
    DemoText(_K.CLINICAL_FORM, "Clinical request"),
    DemoText(_K.PUBLICATION_POLICY, "Publication policy"),
    DemoText(_K.PRIVACY_NOTICE, "Privacy notice"),
    # says more clearly what was meant: what was signed before stays good
    DemoText(_K.LICENCE_EEA, "Licence agreement for EEA countries", version="2", day=-520, amends=False),
    # adds a duty: what was signed before counts no more
    DemoText(_K.LICENCE_NON_EEA, "Licence agreement for non-EEA countries", version="2", day=-2),
)


def keep_texts(folder: Path) -> None:
    """Write every text under its hash."""
    for one in TEXTS:
        keep_text(folder, one.content)
