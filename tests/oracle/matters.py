"""Which of a request's datasets matter to a question: what one of them asks for binds that one, not the others.

Of a workspace that runs it is what it holds; of one that may be opened, what the person can have now.
"""

from access_policy import events as e
from access_policy.model.enums import Action, Assurance, Zone
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.oracle import law
from tests.oracle.history import Facts


def that_matter(facts: Facts, query: Query) -> list[e.DatasetRegistered]:
    """Return the datasets whose own conditions bind a question (S3, S74, S77, E26, E72).

    Where the person can have none of them, all of them say why, and from outside those first that open from there;
    somebody whom nobody knows can have none.
    """
    offered = d.open_datasets(facts, query.request)
    workspace = d.workspace_of(facts, query.request, query.person)
    if query.action is not Action.OPEN_WORKSPACE and workspace is not None:
        return [what for what in offered if what.dataset in workspace[1].datasets]
    had = [what for what in offered if _can_have(facts, query, what)]
    if had or query.action is not Action.OPEN_WORKSPACE or is_inside(query):
        return had or offered
    return [what for what in offered if not d.is_restricted(what)] or offered


def that_open(facts: Facts, query: Query) -> list[e.DatasetRegistered]:
    """Return the datasets of an allow: from outside a workspace opens without what is for the institute (S77)."""
    matter = that_matter(facts, query)
    if query.action is not Action.OPEN_WORKSPACE or is_inside(query):
        return matter
    return [what for what in matter if not d.is_restricted(what)]


def _can_have(facts: Facts, query: Query, what: e.DatasetRegistered) -> bool:
    known = h.is_known(facts, query.person)
    trained = all(has_passed(facts, query, course) for course in what.trainings)
    sure = is_sure_enough(facts, query.person, what.assurance)
    return known and trained and sure and not ignores_opt_out(facts, query, what.dataset)


def has_passed(facts: Facts, query: Query, name: str) -> bool:
    """Say whether a certification in a course counts now (S74)."""
    course = h.course_of(facts, query.person, name)
    return course is not None and not course.revoked and not course.outdated and query.at < course.ends


def is_sure_enough(facts: Facts, person: str, level: Assurance) -> bool:
    """Say whether an identity was proofed as surely as a dataset asks for; that it was at all is another reason."""
    verification = h.verification_of(facts, person)
    levels = list(Assurance)
    return verification is None or levels.index(level) <= levels.index(verification.assurance)


def ignores_opt_out(facts: Facts, query: Query, dataset: str) -> bool:
    """Say whether a dataset holds somebody whose opt-out stood at its grant, also if taken back later (E72).

    A dataset that is not granted yet would be granted now, so every opt-out comes before it.
    """
    if not law.ehds_binds_dataset(facts, query.request, dataset, query.at):
        return False
    approvals = h.approvals_of(facts, query.request)
    if any(isinstance(one, e.RequestApproved) and one.opt_out_exception for _, one in approvals):
        return False
    issued = d.granted_by(facts, query.request, dataset) or len(facts) + 1
    return any(
        seq < issued and not _is_taken_back(facts, seq, out, issued)
        for seq, out in h.told(facts, e.OptedOut, dataset=dataset)
        if out.subject not in d.excluded_subjects(facts, dataset)
    )


def _is_taken_back(facts: Facts, seq: int, out: e.OptedOut, issued: int) -> bool:
    back = h.told(facts, e.OptOutReversed, dataset=out.dataset, subject=out.subject)
    return any(seq < one < issued for one, _ in back)


def is_inside(query: Query) -> bool:
    """Say whether a question comes with a session of one's own from the institute's network."""
    session = query.session
    return session is not None and session.person == query.person and session.zone is Zone.INSTITUTE
