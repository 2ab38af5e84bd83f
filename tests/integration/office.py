"""Everybody who gives commands in a demo, in the test's own process: by the same handlers, on the same log.

A command of the command line takes most of a second, and a request that is brought to its end a dozen of them.
"""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from access_policy import events as e
from access_policy.actor import operator
from access_policy.commands.base import Refusal, parse_command
from access_policy.model.enums import Confirmation
from access_policy.model.ids import PersonId, RequestId
from hub_config.bootstrap import open_policy
from hub_config.cli.manifests import write_manifest
from hub_config.demo.logins import demo_logins
from hub_config.demo.people import ALPINE, CENTRE, NORTH
from hub_config.demo.requests import CLINICAL
from hub_config.places import Places

SIGNATORIES = {CENTRE: "carla", NORTH: "signe", ALPINE: "mia"}
_PRINCIPLES = ("social", "ethical", "legal", "contractual")
_MEASURES = {"protection_adequate": True, "contractual_measures": True, "technical_measures": True}
ADEQUATE = {"basis": "adequacy", "scope": "full", **_MEASURES}
"""The ground of a transfer to a country that is adequate as a whole."""


def soon(seconds: float) -> datetime:
    """Return the instant in so many seconds."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


class Office:
    """The people of one demo, by their logins; `close` lets the log go."""

    def __init__(self, state: Path) -> None:
        self._places = Places(state)
        self._policy = open_policy(self._places)
        self.people = {one.login: one.person for one in demo_logins(self._places)}

    def close(self) -> None:
        """Close the log."""
        self._policy.store.close()

    def do(self, command: str, by: str, /, **fields: Any) -> tuple[e.Fact, ...]:
        """Give a command on behalf of somebody; `person` is a login. Return its facts; it has to be carried out."""
        given = fields | ({"person": self.people[fields["person"]]} if "person" in fields else {})
        outcome = self._policy.handle(parse_command(command, given), operator("tests", self.people[by]))
        assert not isinstance(outcome, Refusal), f"{command} {given}: {outcome}"
        return outcome.facts

    def agree(self, command: str, by: str, /, **fields: Any) -> None:
        """Give a command that a second person has to want; an admin confirms."""
        (fact,) = self.do(command, by, **fields)
        assert isinstance(fact.event, e.CommandProposed)
        self.do("confirm-proposal", "joris" if by == "anna" else "anna", proposal=fact.event.proposal)

    def institution(self, login: str) -> str:
        """Return where somebody works."""
        with self._policy.reading() as state:
            return str(state.people[PersonId(self.people[login])].institution)

    def grant(self, login: str, *datasets: str, ends: datetime | None = None) -> str:
        """Bring a new request of somebody, who is its contact, to where it is active; return it."""
        (opened,) = self.do("open-request", login, title="One more question", purpose="To treat cancer better")
        assert isinstance(opened.event, e.RequestOpened)
        request, home = opened.event.request, self.institution(login)
        self._form(request, login, home, datasets or (CLINICAL,))
        self._review(request, home, ends or soon(300 * 86400))
        for who, party in ((login, "researcher"), (SIGNATORIES[home], "licensee"), ("rosa", "representative")):
            self.do("sign-licence", who, request=request, party=party)
        self.do("make-available", "daan", request=request)
        return str(request)

    def _form(self, request: str, login: str, home: str, datasets: tuple[str, ...]) -> None:
        self.do("describe-request", login, request=request, purpose_kind="research", field_of_work="leukaemia",
                tests_treatment=False, controller=home, processor=CENTRE)  # fmt: skip
        for dataset in datasets:
            self.do("request-dataset", login, request=request, dataset=dataset, necessity="the outcome")
        self.do("name-contact", login, request=request, person=login, email=self.email(login))
        if home == ALPINE:
            confirmed = list(Confirmation)
            self.do("confirm-protection", login, request=request, institution=home, confirmations=confirmed)
        self.do("submit-request", login, request=request)

    def email(self, login: str) -> str:
        """Return somebody's address."""
        with self._policy.reading() as state:
            return state.people[PersonId(self.people[login])].email

    def _review(self, request: str, home: str, ends: datetime) -> None:
        """By people without a tie to where the request comes from."""
        assessor, board = ("tessa" if home == NORTH else "arjen"), ("nils" if home == CENTRE else "bea")
        self.do("assess-request", assessor, request=request, assessment="sound")
        if home == ALPINE:
            self.do("record-transfer-basis", "femke", request=request, institution=ALPINE, **ADEQUATE)
        for criterion in _PRINCIPLES:
            self.do("record-finding", assessor, request=request, criterion=criterion, met=True, reason="it is")
        with self._policy.reading() as state:
            digest = state.requests[RequestId(request)].digest
        self.do("approve-request", board, request=request, improves_treatment=True, public_interest=True,
                reason="good", digest=digest, begins=datetime.now(UTC), ends=ends)  # fmt: skip

    def copied(self, dataset: str, name: str) -> dict[str, Any]:
        """Copy the files of a dataset into a folder of their own; return what a new version or extract says of them."""
        root = self._places.state / "datasets"
        folder = root / f"{dataset}-{name}"
        with self._policy.reading() as state:
            now = next(one for one in state.datasets.values() if one.dataset == dataset)
        shutil.copytree(root / now.location, folder)
        (folder / "README.md").write_text(f"{dataset}, {name}\n")  # files of their own, and so a sum of their own
        return {"location": folder.name, "manifest": write_manifest(folder).digest, "attested": True}

    def running(self, login: str, request: str) -> bool:
        """Say whether the log knows a running workspace."""
        with self._policy.reading() as state:
            return (PersonId(self.people[login]), RequestId(request)) in state.workspaces

    def ended(self, login: str, request: str) -> e.WorkspaceEnded:
        """Return the newest end of a workspace."""
        found = [one.event for one in self._policy.store.facts_since(0)]
        mine = [one for one in found if isinstance(one, e.WorkspaceEnded) and one.request == request]
        return [one for one in mine if one.person == self.people[login]][-1]
