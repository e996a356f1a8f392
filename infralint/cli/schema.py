"""`infralint schema`: the JSON Schemas of what infralint writes and reads."""

from __future__ import annotations

import json

import click


@click.command("schema", short_help="Print the JSON Schema of reports or settings.")
@click.argument("name", metavar="report|config", type=click.Choice(["report", "config"]))
def schema_command(name: str) -> None:
    """Print a JSON Schema: of the JSON `report`, or of the `config` file infralint.yaml."""
    if name == "report":
        from infralint.reporters.json_types import json_schema
    else:
        from infralint.project.config import json_schema
    click.echo(json.dumps(json_schema(), indent=2))
