"""How a generated document looks: a title, a note for who would edit it, a sentence or two, and one table."""

from collections.abc import Iterable


def page(title: str, about: str, head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> str:
    """Return a document in Markdown."""
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in body]
    note = "<!-- Written by `make docs` from the program; a test compares them. -->"
    table = "\n".join(f"| {line} |" for line in (" | ".join(head), " | ".join("---" for _ in head), *lines))
    return f"# {title}\n\n{note}\n\n{about}\n\n{table}\n"
