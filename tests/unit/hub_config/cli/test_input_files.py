"""Files of `sluis do --input` and `sluis simulate`: read as they are meant, or refused with what is wrong in them."""

from pathlib import Path
from typing import Any

import pytest

from hub_config.cli.input_files import LARGEST_INPUT, read_json
from hub_config.cli.options import UsageProblem
from tests.unit.hub_config.cli.conftest import Sluis

pytestmark = pytest.mark.unit

WRONG = {
    "a key twice": (b'{"reason": "one", "reason": "two"}', "`reason` is given twice; leave one out"),
    "a key twice, once escaped": (b'{"reason": "one", "re\\u0061son": "two"}', "`reason` is given twice"),
    "a key twice, deep down": (b'{"a": [{"b": 1, "b": 2}]}', "`b` is given twice"),
    "the first half of a pair": (b'{"reason": "x\\ud800"}', "`\\ud800` is half of a surrogate pair"),
    "the second half of a pair": (b'{"reason": "\\uDFFFx"}', "`\\udfff` is half of a surrogate pair"),
    "half a pair as a key": (b'{"\\ud800": 1}', "is half of a surrogate pair"),
    "half a pair, another character": (b'{"a": "\\ud800\\u0041"}', "is half of a surrogate pair"),
    "a byte over the bound": (b" " * (LARGEST_INPUT - 1) + b"{}", f"is too large: more than {LARGEST_INPUT} bytes"),
    "too deep": (b'{"a":' * 100_000, "maximum recursion depth"),
    "a mark of byte order": (b"\xef\xbb\xbf{}", "is no JSON object (Unexpected UTF-8 BOM"),
    "another encoding": ('{"a": 1}'.encode("utf-16-le"), "is no JSON object"),
    "NaN": (b'{"a": NaN}', "is no JSON object"),
    "empty": (b"", "is no JSON object"),
}


def read(folder: Path, data: bytes) -> dict[str, Any]:
    file = folder / "input.json"
    file.write_bytes(data)
    return read_json(file, dict[str, Any], "JSON object")


@pytest.mark.parametrize(("data", "said"), WRONG.values(), ids=WRONG)
def test_a_doubtful_file_is_refused_with_what_is_wrong(data: bytes, said: str, tmp_path: Path) -> None:
    """In one line; the last of two values never wins."""
    with pytest.raises(UsageProblem) as refused:
        read(tmp_path, data)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_only_looks_doubtful_is_read(tmp_path: Path) -> None:
    """One key in two objects, a whole pair, an escaped backslash, and a file of exactly the bound."""
    data = b'{"a": {"b": 1}, "c": {"b": 2}, "pair": "\\ud83d\\ude00", "path": "\\\\ud800"}'
    wanted = {"a": {"b": 1}, "c": {"b": 2}, "pair": "\N{GRINNING FACE}", "path": "\\ud800"}
    assert read(tmp_path, data.ljust(LARGEST_INPUT)) == wanted


@pytest.mark.parametrize("command", ["do", "simulate"])
def test_a_key_given_twice_is_two_and_nothing_is_done(
    command: str, sluis: Sluis, people: dict[str, str], tmp_path: Path
) -> None:
    """Exit status 2, one line, and the log is as it was."""
    before, file = sluis("log", "head", "--json").json["size"], tmp_path / "input.json"
    twice = '{"reason": "one", "reason": "two"}'
    step = f'[{{"command": "end-request", "as": "{people["anna"]}", "fields": {twice}}}]'
    file.write_text(twice if command == "do" else step)
    typed = ("end-request", "request=DR-1", "--as", people["rosa"], "--input", str(file))
    said = sluis(command, *(typed if command == "do" else (str(file),)))
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert "`reason` is given twice" in said.err
    assert sluis("log", "head", "--json").json["size"] == before
