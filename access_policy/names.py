"""Names of people as they give them themselves: what a name may be made of, in one form (ID-07, ID-08).

A name identifies nobody (a person's number does), but others read it and trust it. So nothing passes that looks like
what it is not: no hidden characters, no letters of two alphabets in one word, no name of a part or a role.
"""

import unicodedata

_MARKS = frozenset("'-.,()\u2010\u2019\u02bc\u00b7")
_NEVER_FIRST = frozenset("-.,()\u2010\u00b7")
_LETTERS = frozenset("LM")
_ALPHABETS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")
"""Those whose letters look alike (Unicode Technical Standard 39)."""
_NAMES = """
admin administrator root system sysadmin superuser sluis hub desk warden operator installation auditor assessor trainer
representative board support helpdesk security nobody anonymous guest everybody erased
"""
_RESERVED = frozenset(_NAMES.split())


def own_name(text: str) -> str:
    """Return the one form of a name (NFC, single spaces). Raises ValueError, in one line, for what is no name."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not all(_fits(one) for one in name):
        raise ValueError("a name holds letters, digits, spaces and `'-.,()` only; take the rest out")
    if not any(unicodedata.category(one)[0] == "L" for one in name) or name[0] in _NEVER_FIRST:
        raise ValueError("a name begins with a letter; write it as others know you")
    if any(len(_alphabets(word)) > 1 for word in name.replace("-", " ").split()):
        raise ValueError("a word of this name mixes letters of two alphabets; write it in one of them")
    if _plain(name) in _RESERVED:
        raise ValueError("this is the name of a part or a role here; write your own name")
    return name


def _fits(sign: str) -> bool:
    return sign == " " or sign in _MARKS or unicodedata.category(sign)[0] in _LETTERS or sign.isdecimal()


def _alphabets(word: str) -> set[str]:
    found = (unicodedata.name(one, "").split(" ")[0] for one in unicodedata.normalize("NFKC", word))
    return {one for one in found if one in _ALPHABETS}


def _plain(name: str) -> str:
    """Return a name as somebody reads it who looks for `admin`: its letters without case, width and accents."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(one for one in folded if unicodedata.category(one)[0] == "L")
