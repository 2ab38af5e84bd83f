"""`/do/<command>`: the form of any command that the visitor may give, and its giving (POST, command, message, 303)."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from access_policy.commands.base import Command
from access_policy.model.codes import digest_of, shown_code
from access_policy.model.ids import RequestId
from access_policy.state import Request as DataRequest
from hub_config.desk.desk import PREFIX, NotYours, View, Visit, Visiting
from hub_config.desk.errors import Refused
from hub_config.desk.follows import LOOKED_AT, follows, why
from hub_config.desk.forms import BOUND_TO_FORM, arguments_of, fields_of, hashed, unanswered
from hub_config.desk.give import check_stands, command_named, give, said_of, target_of
from hub_config.desk.kinds import kind_of, kinds
from hub_config.desk.presets import ISSUING, SIGNING, amendments_about, preset, subject_of, to_sign
from hub_config.desk.render import page, said
from hub_config.desk.security import same
from hub_config.desk.sight import objection, sees_request
from hub_config.desk.told import amendment_reasons, intake_name
from hub_config.desk.words import DANGEROUS, TYPED, command_help, command_label

router = APIRouter(prefix=f"{PREFIX}/do")


_STANDING = ("person", "request", "course", "training")
"""The fields on which it depends how somebody stands to a command."""


@dataclass(frozen=True)
class _Filled:
    """What stands in a form: its values, which of them stand fast, and why it was refused just now."""

    values: dict[str, str]
    given: frozenset[str]
    refused: Refused | None = None


_READ_FIRST = (
    *BOUND_TO_FORM,
    *kinds(
        "answer-intake",
        "approve-amendment",
        "assess-request",
        "record-finding",
        "refuse-amendment",
        "refuse-request",
        "return-request",
        "sign-licence",
        "submit-request",
    ),
)


async def posted(request: Request, visit: Visiting) -> FormData:
    """Return a posted form that came from this login. Raises Refused (SES-06)."""
    form = await request.form(max_files=0, max_fields=40)
    check_token(visit, form.get("_csrf"))
    return form


def check_token(visit: Visit, token: Any) -> None:
    """Raise Refused unless the token belongs to this login (SES-06)."""
    if not isinstance(token, str) or not same(token, visit.csrf):
        raise Refused(403, "forged_form", "this form did not come from your login; open the page again")


Posted = Annotated[FormData, Depends(posted)]


@router.get("/{name}")
def form_page(request: Request, name: str, visit: Visiting) -> Response:
    """Show a command's form; ids in the address are filled in and stand fast."""
    values = dict(request.query_params)
    with visit.reading() as view:
        return _form(request, view, command_named(name), _Filled(values, frozenset(values)))


@router.post("/{name}")
def give_command(request: Request, name: str, visit: Visiting, form: Posted) -> Response:
    """Give the command; where it is refused, show the form again with what was typed and why."""
    kind = command_named(name)
    arguments = arguments_of(kind, form)
    with visit.reading() as view:
        of_file = _of_file(view, arguments)
    if "_look" in form:
        return _looked_at(request, visit, kind, _Filled(_typed_in(form, arguments), _fixed(form)))
    try:
        _check_typed(kind, arguments, form)
        _check_read(kind, arguments)
        _check_answered(kind, arguments)
        _check_ticked(arguments, form)
        done = give(visit, name, hashed(kind, arguments))
    except Refused as refused:
        filled = _Filled(_typed_in(form, arguments), _fixed(form), refused)
        with visit.reading() as view:
            return _form(request, view, kind, filled)
    with visit.reading() as view:
        target = target_of(view, done, {**arguments, **of_file})
    return said(request, f"{PREFIX}/{target}", said_of(done, command_label(name)))


def _looked_at(request: Request, visit: Visit, kind: type[Command], filled: _Filled) -> Response:
    """S94: show what would follow of what was typed; nothing is done."""
    with visit.reading() as view:
        return _form(request, view, kind, filled)


def _fixed(form: FormData) -> frozenset[str]:
    return frozenset(str(form.get("_fixed", "")).split())


def _check_typed(kind: type[Command], arguments: dict[str, str], form: FormData) -> None:
    wanted = arguments.get(TYPED[kind], "") if kind in TYPED else None
    if wanted is not None and str(form.get("_typed", "")).strip() != wanted:
        raise Refused(422, "not_complete", f"type `{wanted}` to confirm; what was typed is different")


def _check_read(kind: type[Command], arguments: dict[str, str]) -> None:
    """REQ-04: an approval or a vote at the desk always names the form that was read."""
    if kind in BOUND_TO_FORM and "digest" not in arguments:
        raise Refused(409, "changed_meanwhile", "it does not say which form was read; read it again")


def _check_answered(kind: type[Command], arguments: dict[str, str]) -> None:
    """S20, S22: no vote, finding or declaration comes from a field that nobody touched."""
    missing = unanswered(kind, arguments)
    if missing is not None:
        raise Refused(422, "not_complete", f"choose an answer to `{missing}`; neither is chosen for you")


def _check_ticked(arguments: dict[str, str], form: FormData) -> None:
    """S3: where every box is empty nothing was chosen; left out, the command would mean all of them."""
    empty = [name for name in str(form.get("_ticks", "")).split() if name not in arguments]
    if empty:
        raise Refused(422, "not_complete", f"tick at least one of the {empty[0]}; or refuse instead")


def _typed_in(form: FormData, arguments: dict[str, str]) -> dict[str, str]:
    unticked = {name: value for name, value in arguments.items() if value == "false"}
    typed = {name: value for name, value in form.items() if isinstance(value, str) and not name.startswith("_")}
    several = {name: arguments[name] for name in typed if len(form.getlist(name)) > 1 and name in arguments}
    return unticked | typed | several


def _form(request: Request, view: View, kind: type[Command], filled: _Filled) -> Response:
    known = {name: value for name, value in filled.values.items() if name in kind.__struct_fields__ and value != ""}
    check_stands(view, kind, {name: known[name] for name in _STANDING if name in known})
    about = _about(view, kind, known)
    if kind in BOUND_TO_FORM and about is not None:
        known["digest"] = about.digest or ""
    fixed, refused = filled.given | {"digest"}, filled.refused
    pinned = {name: value for name, value in known.items() if name in fixed and name != "digest"}
    hindrance = objection(view, kind, pinned)
    code = view.visit.desk.new_code() if kind is ISSUING and hindrance is None else ""
    known |= {"digest": digest_of(code)} if code else {}
    values = {**({} if refused else preset(view, kind, known)), **known}
    return page(
        request, "form.html", view, answer=refused.status if refused else (409 if hindrance else 200), kind=kind,
        name=request.path_params["name"], fields=fields_of(view, kind, values, fixed), hindrance=hindrance,
        refused=refused, dangerous=kind in DANGEROUS, typed=known.get(TYPED.get(kind, "")) if kind in TYPED else None,
        about=about, fixed=" ".join(sorted(pinned)), help=command_help(request.path_params["name"], kind),
        back=_back(view, {**known, **_of_file(view, known)}), code=shown_code(code),
        subject=subject_of(view, kind, known), follows=None if hindrance else follows(view, kind, values),
        looks=kind in LOOKED_AT, reasons_of=why, **_shown_with(view, kind, about, values),
    )  # fmt: skip


def _shown_with(view: View, kind: type[Command], about: DataRequest | None, values: dict[str, str]) -> dict[str, Any]:
    """Return what is decided on beside the form: amendments (E19), the licence's text (S25), who asks (S12)."""
    amendments = [] if about is None else amendments_about(about, kind, values)
    return {
        "amendments": amendments,
        "why": amendment_reasons(view.visit, about) if about is not None and amendments else {},
        "licences": to_sign(view, about, values) if about is not None and kind is SIGNING else [],
        "intake": intake_name(view.visit, about) if about is not None and kind is kind_of("answer-intake") else "",
    }


def _about(view: View, kind: type[Command], known: dict[str, str]) -> DataRequest | None:
    """Return the request whose form is to be read before this command is given."""
    request = view.state.requests.get(RequestId(known.get("request", "")))
    if request is None or kind not in _READ_FIRST:
        return None
    if not sees_request(view, request):
        raise NotYours
    return request


def _of_file(view: View, known: dict[str, str]) -> dict[str, str]:
    """Return which request or person a file of the visitor's is about: once it is taken back nothing says so."""
    sent = (one for one in view.state.uploads.values() if str(one.file) == known.get("file"))
    file = next((one for one in sent if one.by == view.visit.person), None)
    if file is None:
        return {}
    return {"request": file.request} if file.request is not None else {"person": str(file.person)}


def _back(view: View, known: dict[str, str]) -> str:
    if "request" in known:
        return f"{PREFIX}/requests/{known['request']}"
    if known.get("person") == view.visit.person:
        return f"{PREFIX}/me"
    return f"{PREFIX}/people/{known['person']}" if "person" in known else f"{PREFIX}/"
