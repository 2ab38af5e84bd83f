"""`sluis audit pack`: a folder with which an outsider sees and checks who could open what, and why (E53, E54)."""

import argparse
import shlex
from pathlib import Path

from access_policy.actor import Actor
from access_policy.events import LogRead
from access_policy.log.keys import load_keys
from hub_config.audit.pack import Order, make_pack
from hub_config.audit.signing import signer_of, vkey
from hub_config.checkpoint_folder import checkpoint_target
from hub_config.cli.answers import quoted, say, show_json, show_line
from hub_config.cli.options import Call, Parser, UsageProblem, commands_of, group, leaf
from hub_config.cli.reading import known_request, opened


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    inner = commands_of(group(commands, "audit", "what an auditor takes along"))
    parser = leaf(inner, "pack", pack, "a folder that an outsider checks without Sluis")
    about = parser.add_mutually_exclusive_group(required=True)
    about.add_argument("--request", metavar="R", help="all that the decisions about this request rest on")
    about.add_argument("--installation", action="store_true", help="the whole log")
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder to make; it has to be missing or empty")


def pack(call: Call) -> int:
    """Make the pack, after recording that somebody reads the log for it (E51)."""
    given = call.arguments
    out = Path(given.out).absolute()
    if out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir()))):
        raise UsageProblem(f"{quoted(given.out)} is there and not empty; name a folder that is not there yet")
    keys = load_keys(call.places.keys)
    with opened(call.places) as policy:
        with policy.reading() as state:
            request = known_request(state, given.request) if given.request is not None else None
            signer = signer_of(keys, state)
        what = f"--request {request}" if request else "--installation"
        policy.observe(Actor(operator=call.operator), LogRead(what=f"audit pack {what}"))
        places = call.places
        order = Order(request, call.operator, policy.now(), checkpoint_target(places), places.documents, out)
        make_pack(policy.store, signer, order, say)
    if call.json:
        show_json({"out": str(out), "about": order.about})
    else:
        show_line(f"the audit pack about {order.about} is in {out}")
        key = vkey(signer.keys, signer.name)
        show_line(f"check it with `python3 -I verify.py {shlex.quote(str(out))} --key '{key}'`")
        show_line("take verify.py from the Sluis release, not from the pack; tell the key by another way than the pack")
    return 0
