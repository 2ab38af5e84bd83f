"""`sluis notice list`: what waits to be sent, what was sent, and what was not; `send-again` for what is in doubt.

No address and nothing that a mail says stands here: the person or the request does whose notice it is.
"""

import argparse
from typing import Any

from access_policy.log.outbox import Entry
from hub_config.cli.answers import instant, show_json, show_line, show_table
from hub_config.cli.options import Call, Parser, UsageProblem, commands_of, group, leaf
from hub_config.cli.reading import opened

_COLUMNS = ("notice", "about", "template", "standing", "tries", "answer", "created", "due", "settled")


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    inner = commands_of(group(commands, "notice", "notices that go out by mail"))
    leaf(inner, "list", show, "list every notice of the last 90 days, and what became of it")
    parser = leaf(inner, "send-again", send_again, "send a notice once more that failed, or may not have been sent")
    parser.add_argument("notice", metavar="NOTICE", help="which, as `sluis notice list` names it")


def show(call: Call) -> int:
    """List the outbox. Raises LogError."""
    with opened(call.places) as policy:
        rows = [_row(one) for one in policy.records.outbox.entries()]
    if call.json:
        show_json(rows)
    else:
        show_table(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])
    return 0


def send_again(call: Call) -> int:
    """Let a notice be sent once more. Raises UsageProblem where there is none that failed or is in doubt."""
    notice = call.arguments.notice
    with opened(call.places) as policy:
        done = policy.records.outbox.send_again(notice, policy.now())
    if not done:
        raise UsageProblem(f"no notice `{notice[:40]}` failed or is uncertain; `sluis notice list` shows what there is")
    if call.json:
        show_json({"notice": notice, "standing": "waiting"})
    else:
        show_line(f"notice {notice} is sent once more, where mail is set up")
    return 0


def _row(one: Entry) -> dict[str, Any]:
    return {
        "notice": one.id,
        "about": one.owner,
        "template": one.template,
        "standing": str(one.state),
        "tries": one.tries,
        "answer": one.answer,
        "created": instant(one.created),
        "due": instant(one.due),
        "settled": instant(one.settled),
        "message_id": one.message_id,
    }
