"""What stands before the address that a file is served at."""

from __future__ import annotations

import pytest

from infralint.project.routed_files import folder_of_site


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("app/api/test/route.ts", ""),
        ("src/app/api/test/route.ts", ""),
        ("src/routes/demo/+server.ts", ""),
        ("pages/api/chat.ts", ""),
        ("apps/web/app/api/test/route.ts", "apps/web"),
        ("examples/next/src/app/chat/page.tsx", "examples/next"),
        ("node_modules/next/app/api/route.ts", "node_modules/next"),
        ("app/node_modules/app/route.ts", None),
        ("app/api/test/helper.ts", None),
    ],
)
def test_a_site_is_the_folder_before_the_convention(path: str, expected: str | None) -> None:
    assert folder_of_site(path) == expected
