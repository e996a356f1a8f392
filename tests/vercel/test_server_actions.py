"""Pages whose server actions stream: the page is the function, and its duration is what ends the answer."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

PACKAGE = '{ "dependencies": { "next": "14.1.3", "ai": "3.0.12" } }'
VERCEL = {"package.json": PACKAGE, "vercel.json": '{ "fluid": false }'}
PAGE = 'import { Chat } from "../components/chat";\nexport default function Page() { return <Chat />; }\n'
CHAT = (
    '"use client";\nimport { submit } from "../lib/actions";\n'
    "export function Chat() { return <form action={submit}><input /></form>; }\n"
)
ACTIONS = (
    '"use server";\nimport { createStreamableValue } from "ai/rsc";\n'
    "export async function submit() {\n  const answer = createStreamableValue();\n  return answer.value;\n}\n"
)


def test_a_page_streams_through_the_action_that_its_component_calls(lint: Lint) -> None:
    report = lint({**VERCEL, "app/page.tsx": PAGE, "components/chat.tsx": CHAT, "lib/actions.ts": ACTIONS})
    assert problems(report) == ["app/page.tsx:2 warning serverless-stream"]
    finding = report["findings"][0]
    assert "lib/actions.ts:4 streams from a server action with createStreamableValue()" in finding["stream"]["because"]
    assert finding["fix"] == "export const maxDuration = 300;"


@pytest.mark.parametrize(
    ("files", "package"),
    [
        ({"lib/actions.ts": ACTIONS.replace("ai/rsc", "@ai-sdk/rsc")}, PACKAGE.replace('"ai": "3.0.12"', '"@ai-sdk/rsc": "1.0.0"')),
        (
            {
                "lib/actions.ts": 'import { streamUI as answer } from "ai/rsc";\n'
                'export async function submit() { "use server"; return answer({}); }\n'
            },
            PACKAGE,
        ),
        (
            {
                "components/chat.tsx": 'import { AI } from "../lib/ai";\nexport const Chat = () => <AI><p /></AI>;\n',
                "lib/ai.tsx": 'import { createAI } from "ai/rsc";\nimport { submit } from "./actions";\n'
                "export const AI = createAI({ actions: { submit }, initialUIState: [] });\n",
            },
            PACKAGE,
        ),
        ({"components/chat.tsx": 'export { Chat } from "./inner";\n', "components/inner.tsx": CHAT}, PACKAGE),
    ],
)  # fmt: skip
def test_ways_from_a_page_to_an_action(files: dict[str, str], package: str, lint: Lint) -> None:
    whole = {"app/page.tsx": PAGE, "components/chat.tsx": CHAT, "lib/actions.ts": ACTIONS, **files}
    assert problems(lint({**VERCEL, "package.json": package, **whole})) == ["app/page.tsx:2 warning serverless-stream"]


@pytest.mark.parametrize(
    "files",
    [
        {"lib/actions.ts": '"use server";\nexport async function submit() { return 1; }\n'},
        {"lib/actions.ts": ACTIONS.replace('"use server";\n', "")},
        {"lib/actions.ts": ACTIONS.replace("ai/rsc", "./values"), "lib/values.ts": "export const createStreamableValue = () => 1;"},
        {"app/page.tsx": 'import type { Chat } from "../lib/types";\nexport default () => <p />;\n'},
        {"app/page.tsx": PAGE.replace("<Chat />", "<p />")},
        {"package.json": PACKAGE.replace("3.0.12", "5.0.1")},
    ],
)  # fmt: skip
def test_a_page_that_reaches_no_such_action_is_silent(files: dict[str, str], lint: Lint) -> None:
    whole = {**VERCEL, "app/page.tsx": PAGE, "components/chat.tsx": CHAT, "lib/actions.ts": ACTIONS, **files}
    assert lint(whole)["findings"] == []


def test_a_provider_in_the_layout_brings_its_actions_to_pages_that_use_them(lint: Lint) -> None:
    layout = 'import { AI } from "../lib/ai";\nexport default ({ children }) => <AI>{children}</AI>;\n'
    provider = (
        'import { createAI } from "ai/rsc";\nimport { submit } from "./actions";\n'
        "export const AI = createAI({ actions: { submit } });\n"
    )
    form = '"use client";\nimport { useActions } from "ai/rsc";\nexport const Form = () => <form action={useActions().submit} />;\n'
    report = lint({
        **VERCEL,
        "app/layout.tsx": layout,
        "app/page.tsx": "export default () => <p />;\n",
        "app/chat/page.tsx": 'import { Form } from "../../components/form";\n\nexport default () => <Form />;\n',
        "components/form.tsx": form,
        "lib/ai.tsx": provider,
        "lib/actions.ts": ACTIONS,
    })  # fmt: skip
    assert problems(report) == ["app/chat/page.tsx:3 warning serverless-stream"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"app/page.tsx": f"export const maxDuration = 300;\n{PAGE}"}, "app/page.tsx:1 note"),
        ({"app/page.tsx": f"export const maxDuration = 60;\n{PAGE}"}, "app/page.tsx:1 warning"),
        ({"app/layout.tsx": "export const maxDuration = 200;\nexport default ({ children }) => children;\n"}, "app/layout.tsx:1 note"),
        (
            {
                "app/layout.tsx": "export const maxDuration = 30;\nexport default ({ children }) => children;\n",
                "app/page.tsx": f"export const maxDuration = 300;\n{PAGE}",
            },
            "app/page.tsx:1 note",
        ),
        ({"vercel.json": '{ "functions": { "app/page.tsx": { "maxDuration": 300 } } }'}, "vercel.json:1 note"),
    ],
)  # fmt: skip
def test_a_pages_duration_is_its_own_or_that_of_the_layout_around_it(
    files: dict[str, str], expected: str, lint: Lint
) -> None:
    whole = {**VERCEL, "app/page.tsx": PAGE, "components/chat.tsx": CHAT, "lib/actions.ts": ACTIONS, **files}
    assert problems(lint(whole)) == [f"{expected} serverless-stream"]


def test_on_a_server_of_ones_own_no_duration_ends_it(lint: Lint) -> None:
    files = {"package.json": PACKAGE, "next.config.mjs": 'export default { output: "standalone" };\n'}
    report = lint({**files, "app/page.tsx": PAGE, "components/chat.tsx": CHAT, "lib/actions.ts": ACTIONS})
    assert (report["findings"], report["status"]) == ([], 0)
