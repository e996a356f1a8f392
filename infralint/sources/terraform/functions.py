"""Terraform's functions. One that is not here gives a hole, never a guess.

https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from infralint.sources.terraform.budget import EvaluationBudget, NotWorkedOut
from infralint.sources.terraform.collection_functions import COLLECTION_FUNCTIONS
from infralint.sources.terraform.number_functions import NUMBER_FUNCTIONS
from infralint.sources.terraform.signature import Signature
from infralint.sources.terraform.text_functions import TEXT_FUNCTIONS
from infralint.sources.terraform.values import Value

FUNCTIONS: Mapping[str, Signature] = MappingProxyType({**COLLECTION_FUNCTIONS, **NUMBER_FUNCTIONS, **TEXT_FUNCTIONS})
"""What infralint works out."""

OTHERS = frozenset(
    """
    abspath base64gunzip base64gzip base64unzip bcrypt can cidrcontains csvdecode ephemeralasnull file filebase64
    filebase64sha256 filebase64sha512 fileexists filemd5 fileset filesha1 filesha256 filesha512 formatdate
    issensitive list map pathexpand plantimestamp rsadecrypt strcontains templatefile templatestring
    textdecodebase64 textencodebase64 timeadd timecmp timestamp try urldecode uuid uuidv5
    """.split()
)
"""Functions of Terraform or OpenTofu that are worked out elsewhere, or not at all."""


def call(name: str, arguments: list[Value], budget: EvaluationBudget) -> Value:
    """What a function gives. Raises EvaluationError where Terraform would refuse, NotWorkedOut, Exhausted."""
    signature = FUNCTIONS.get(name)
    if signature is None:
        raise NotWorkedOut(f"infralint does not work out {name}()")
    return signature.call_function(name, arguments, budget)


def is_known(name: str) -> bool:
    """Whether Terraform or OpenTofu has a function of that name; those of providers can't be known."""
    return name in FUNCTIONS or name in OTHERS or name.startswith("provider::")


def why_not_so_many(name: str, given: int) -> str:
    """Why a function does not take so many arguments; empty where it does, or where that is not known."""
    signature = FUNCTIONS.get(name)
    return "" if signature is None or signature.takes_number(given) else f"{name}() does not take {given} arguments"
