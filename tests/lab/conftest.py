"""Fixtures of the lab."""

from __future__ import annotations

import pytest

from .harness import Binary, binaries


@pytest.fixture(scope="session", params=binaries(), ids=str)
def binary(request: pytest.FixtureRequest) -> Binary:
    """Each nginx that is here, in turn."""
    found: Binary = request.param
    return found
