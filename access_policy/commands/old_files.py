"""Files are used once: what a version or an extract ever was comes back under no other name (S82, S99, DAT-03)."""

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.ids import DatasetName
from access_policy.state import Files, State


def used_before(state: State, files: Files) -> Refusal | None:
    """S82, S99, DAT-03: neither a folder nor a checksum that any version of any dataset, or any extract, ever had.

    An extract may lie in the folder of the version that it is cut from, and may be corrected in its own folder.
    """
    for used in state.files:
        if not _may_share(files, used) and _overlap(files.location, used.location):
            text = f"location `{files.location}` overlaps a folder that `{used.dataset}` had; take a new one"
            return Refusal(RefusalCode.ALREADY_EXISTS, text)
        if files.manifest == used.manifest and (_is_gone(state, used) or _is_version_of_it(files, used)):
            text = f"`manifest` is that of files that `{used.dataset}` had; these are used no more, take new ones"
            return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _may_share(files: Files, used: Files) -> bool:
    if files.request is None or files.dataset != used.dataset or files.version != used.version:
        return False
    return used.request in (None, files.request)


def _is_gone(state: State, used: Files) -> bool:
    """Say whether files are of an earlier version, or of one that is not offered."""
    dataset = state.datasets[DatasetName(used.dataset)]
    return used.version != dataset.version or not dataset.open


def _is_version_of_it(files: Files, used: Files) -> bool:
    """Say whether both are whole versions of one dataset."""
    return files.dataset == used.dataset and files.request is None and used.request is None


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
