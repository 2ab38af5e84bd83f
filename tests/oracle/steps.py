"""Steps that a history may take: facts as the desks, the offices and the clock would record them, near a good world.

Each step looks at the world only to stay sound (nobody signs what does not exist); which rules it touches is not its
concern.
"""

from tests.oracle.grant_steps import (
    add_contact,
    amend,
    change_grant,
    end,
    make_available,
    make_available_to_contact,
    prepare,
    remove_contact,
    settle,
    sign,
    start,
    whole_request,
    widen,
)
from tests.oracle.people_steps import (
    accept,
    certify,
    confirm,
    doubt,
    enrol,
    found_course,
    hand_over,
    leave,
    move,
    publish,
    remove,
    rename,
    reset,
    revise,
    revoke,
    stop,
    verify,
)
from tests.oracle.place_steps import (
    adopt,
    agree,
    decide_adequacy,
    declare,
    exclude,
    found_institution,
    list_country,
    register_dataset,
    release,
    subject_speaks,
    withdraw_dataset,
)
from tests.oracle.request_steps import decide_request, fill_in, found_transfer, withdraw_request
from tests.oracle.walking import Step

STEPS: tuple[Step, ...] = (
    *(move, leave, verify, verify, doubt, stop, enrol, confirm, remove, hand_over, rename, reset, accept),
    *(publish, certify, revoke, revise),
    *(found_course, found_institution, declare, agree, exclude, decide_adequacy, list_country, adopt),
    *(register_dataset, release, subject_speaks, subject_speaks, withdraw_dataset, withdraw_dataset),
    *(fill_in, decide_request, settle, whole_request, whole_request, whole_request, withdraw_request, found_transfer),
    *(sign, make_available, prepare, add_contact, make_available_to_contact, remove_contact, amend, amend),
    *(change_grant, widen, widen, start, start, end),
)
"""Each as often as it should happen beside the others."""
