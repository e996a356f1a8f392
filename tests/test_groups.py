"""Groups of checks: off unless selected, selected and left out by their names, explained and listed."""

from __future__ import annotations

from conftest import Lint, problems, run

CODE: dict[str, str | bytes] = {
    "chat.py": "from openai import OpenAI\n\nclient = OpenAI()\nclient.responses.create(model='gpt-5', input='hello')\n",
    "nginx.conf": "events {}\nhttp { server { location /chat/completions { proxy_pass http://app; } } }\n",
}
OF_CODE = ["chat.py:3 warning missing-client-timeout", "chat.py:4 warning unbounded-generation"]


def _checks(report: dict[str, object]) -> set[str]:
    return {problem.split()[-1] for problem in problems(report)}


def test_the_group_is_off_unless_it_is_selected(lint: Lint) -> None:
    assert _checks(lint(CODE)) == {"buffered-stream", "short-idle-timeout"}


def test_a_group_is_selected_by_its_name(lint: Lint) -> None:
    assert problems(lint(CODE, "--select", "application")) == OF_CODE


def test_several_groups_and_checks_are_selected_together(lint: Lint) -> None:
    every = {"buffered-stream", "short-idle-timeout", "missing-client-timeout", "unbounded-generation"}
    assert _checks(lint(CODE, "--select", "default,application")) == every
    assert _checks(lint(CODE, "--select", "buffered-stream", "--select", "unbounded-generation")) == {
        "buffered-stream",
        "unbounded-generation",
    }


def test_settings_select_a_group(lint: Lint) -> None:
    report = lint({**CODE, "infralint.yaml": "select: [default, application]\nignore: [missing-client-timeout]\n"})
    assert _checks(report) == {"buffered-stream", "short-idle-timeout", "unbounded-generation"}


def test_a_group_is_left_out_by_its_name(lint: Lint) -> None:
    report = lint(CODE, "--select", "default,application", "--ignore", "application")
    assert _checks(report) == {"buffered-stream", "short-idle-timeout"}


def test_a_mistyped_group_is_an_error(lint: Lint) -> None:
    report = lint(CODE, "--select", "aplication")
    assert report["status"] == 2
    assert "did you mean application?" in report["stderr"]


def test_a_finding_in_code_is_ignored_by_a_comment_with_a_reason(lint: Lint) -> None:
    comment = "  # infralint: ignore[missing-client-timeout] because it is a job"
    ignored = {"chat.py": str(CODE["chat.py"]).replace("OpenAI()\n", f"OpenAI(){comment}\n")}
    report = lint(ignored, "--select", "application")
    assert problems(report) == ["chat.py:4 warning unbounded-generation"]


def test_an_ignore_of_a_check_that_is_off_is_not_called_unused(lint: Lint) -> None:
    code = "# infralint: ignore[unbounded-generation] because it is small\nx = 1\n"
    route = (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n\n@app.get('/s')\n"
        "def s():\n    return StreamingResponse(words(), media_type='text/event-stream')\n"
    )
    report = lint({"main.py": route + code, "requirements.txt": "fastapi\n"})
    assert problems(report, "unused-ignore") == []


def test_a_group_is_listed_and_explained() -> None:
    listed = run("checks").output
    default, _, application = listed.partition("\napplication: off unless selected (--select application)\n")
    assert "buffered-stream" in default
    assert "missing-retry" not in default
    assert "missing-retry" in application
    assert run("explain", "application").output == application
    assert run("explain", "missing-retry").output.startswith("# missing-retry\n")


def test_nothing_of_the_code_is_read_for_a_group_that_is_off(lint: Lint) -> None:
    assert "chat.py" not in lint(CODE)["read"].get("application", [])
    assert lint(CODE, "--select", "application")["read"]["application"] == ["chat.py"]
