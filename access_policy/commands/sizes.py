"""How many people and datasets one request may have, however they come into it (REQ-14).

What watches over workspaces outside the policy has the same bounds: a grant that grew beyond them could not be written,
and so not be narrowed either (DAT-15).
"""

from collections.abc import Collection

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.ids import DatasetName, PersonId
from access_policy.state import Request

MOST_CONTACTS = 100
MOST_DATASETS = 50


def too_many_contacts(request: Request, more: Collection[PersonId]) -> Refusal | None:
    """REQ-14: those who are asked for and those of amendments that wait count as well."""
    waiting = {person for one in request.amendments.values() for person in one.contacts}
    if not more or len({*request.contacts, *request.contacts_asked, *waiting, *more}) <= MOST_CONTACTS:
        return None
    text = f"a request has at most {MOST_CONTACTS} download contacts; take one out of `{request.request}` first"
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)


def too_many_datasets(request: Request, more: Collection[DatasetName]) -> Refusal | None:
    """REQ-14, S3: what is granted, and what amendments that wait ask for."""
    waiting = {name for one in request.amendments.values() for name in one.datasets}
    if not more or len({*request.granted, *waiting, *more}) <= MOST_DATASETS:
        return None
    text = f"a request has at most {MOST_DATASETS} datasets; ask for the others in a request of their own"
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
