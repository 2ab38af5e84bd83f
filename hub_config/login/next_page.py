"""Where a login may lead: a path of this hub, never another site (CVE-2026-33709, CVE-2019-10255)."""

import re
from urllib.parse import unquote, urlsplit

_LONGEST = 2000
_OURS = ("/hub/", "/services/desk/", "/user/")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\U0010ffff\\\"<>]")


def local_path(wished: str) -> str | None:
    """Return the wished address where it is a plain path below one of ours, or None."""
    if len(wished) > _LONGEST or _UNSAFE.search(wished) or not wished.startswith(_OURS):
        return None
    parts = urlsplit(wished)
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or "//" in path or ".." in path.split("/") or _UNSAFE.search(path):
        return None
    return wished
