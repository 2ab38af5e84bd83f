"""What came to a request after its form was signed, so that nobody takes it for a part of what was signed (REQ-04)."""

from access_policy.model.enums import PermitStatus
from access_policy.model.ids import DatasetName, PersonId
from access_policy.state import Request


def added_datasets(request: Request) -> frozenset[DatasetName]:
    """Return the datasets of a request that amendments of its permit added (E18, E19)."""
    amended = [one.datasets for one in request.permits if one.status is PermitStatus.AMENDED]
    first = request.permits[0].datasets if request.permits else ()
    return frozenset().union(*amended).difference(first).intersection(request.datasets)


def added_contacts(request: Request) -> frozenset[PersonId]:
    """Return the download contacts who came after the form was sent in (S31, E19)."""
    sent = request.submitted
    return frozenset(person for person, one in request.contacts.items() if sent is not None and one.since > sent)
