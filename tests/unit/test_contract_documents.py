"""The two pages that are written by hand say what the program does: command line and HTTP, in both directions."""

import argparse
import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from access_policy.actor import component
from access_policy.commands.base import Refusal
from access_policy.commands.workspaces import StartWorkspace
from access_policy.decision import as_json, supposed_session
from access_policy.model.enums import Action, Component, Zone
from access_policy.model.ids import PersonId, RequestId
from hub_config import cli
from hub_config.bootstrap import open_policy
from hub_config.cli import run
from hub_config.cli.options import commands_of, root_parser
from hub_config.demo.seed import seed
from hub_config.desk.words import CODES
from hub_config.places import Places
from hub_config.reference import ROOT
from tests.unit.hub_config.desk.seed import DESK, World, full_world

LINE_PAGE = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
HTTP_PAGE = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
PROMISED_TARGETS = {"run", "test", "test-long", "test-cluster", "bench", "mutation", "docs"}
LOGIN_ROUTES = {("GET", f"{DESK}/login"), ("GET", f"{DESK}/oauth_callback")}  # they need a running hub
SHARED = {"--help", "--state", "--json", "--operator"}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of the tables of a text, headings and rulers left out."""
    cells = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    rulers = {number for number, cell in enumerate(cells) if set(cell) == {"-"}}
    return [cell.strip("`") for number, cell in enumerate(cells) if not {number, number + 1} & rulers]


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading of code (`### ...`), up to the next heading."""
    parts = re.split(r"^(#{2,3} .*)$", text, flags=re.MULTILINE)
    return {head[4:].strip("` "): body for head, body in zip(parts[1::2], parts[2::2], strict=True) if head[4:5] == "`"}


def part(text: str, heading: str) -> str:
    """Return the text below one heading."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def leaves(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Return every command that can be carried out, by its words."""
    inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not inner:
        yield name, parser
    for action in inner:
        for word, child in action.choices.items():
            yield from leaves(child, f"{name} {word}".strip())


def program() -> dict[str, argparse.ArgumentParser]:
    parser = root_parser()
    commands = commands_of(parser)
    for area in cli._AREAS:
        area.add(commands)
    return dict(leaves(parser))


LEAVES = program()
SECTIONS = {" ".join(re.findall(r"(?<= )[a-z-]+", head)): (head, body) for head, body in sections(LINE_PAGE).items()}


def options_of(name: str) -> set[str]:
    return {option for one in LEAVES[name]._actions for option in one.option_strings if option.startswith("--")}


def fields(value: Any, name: str = "") -> Iterator[str]:
    """Return the names of all fields of a JSON value: `session.id`, `reasons[].code`; of a list those of its items."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [f"{name}{key}"] if not _nested(inner) else fields(inner, f"{name}{key}")
    elif isinstance(value, list):
        for one in value:
            yield from fields(one, f"{name}[]" if name else "")
    elif name:
        yield name


def _nested(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value))
