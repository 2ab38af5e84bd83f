"""What a log of an older format cannot hold yet (FLT-10)."""

from access_policy.commands.base import Outcome, Refusal, RefusalCode
from access_policy.log import forms


def unknown_kind(outcome: Outcome, log_format: int) -> Refusal | None:
    """Refuse what would write a kind of event, or a word in one, that a log of this format cannot hold."""
    if isinstance(outcome, Refusal) or all(forms.holds(event, log_format) for event in outcome):
        return None
    text = f"the log is still of format `{log_format}`; run `sluis upgrade finish` first"
    return Refusal(RefusalCode.UPGRADE_FIRST, text)
