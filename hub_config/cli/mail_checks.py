"""The line of `sluis check` about mail: whether the server answers as set, and what waits; no mail is sent for it."""

from collections.abc import Mapping

from access_policy.log.outbox import Standing
from hub_config.bootstrap import open_policy
from hub_config.notices.post import server_of
from hub_config.notices.smtp import greeting
from hub_config.places import Places
from hub_config.settings import Settings
from hub_config.startup import mail_password

_QUICK = 10.0  # seconds, for each wait


def mail_state(places: Places, settings: Settings) -> tuple[bool, str]:
    """Return whether mail goes out as far as that is seen from here, and a line about it. Raises LogError."""
    policy = open_policy(places)
    try:
        counts = policy.records.outbox.counts()
    finally:
        policy.store.close()
    if settings.mail is None:
        return True, f"none is sent, sluis.toml has no table [mail]; {_counted(counts)}"
    where = f"{settings.mail.host}, port {settings.mail.port}"
    if settings.cluster is not None:
        return True, f"the desk's pod sends it by {where}, which is not asked from here; {_counted(counts)}"
    server = server_of(settings.mail, mail_password(settings))._replace(timeout=_QUICK)
    problem = greeting(server)
    if problem is not None:
        return False, f"{where} cannot be used: {problem}; correct [mail] in sluis.toml; {_counted(counts)}"
    return True, f"it goes by {where}; {_counted(counts)}"


def _counted(counts: Mapping[Standing, int]) -> str:
    waiting = counts.get(Standing.WAITING, 0) + counts.get(Standing.CLAIMED, 0) + counts.get(Standing.HANDED_OVER, 0)
    lost = counts.get(Standing.FAILED, 0) + counts.get(Standing.UNCERTAIN, 0)
    return f"{waiting} notices wait" + (f", {lost} failed or are uncertain (`sluis notice list`)" if lost else "")
