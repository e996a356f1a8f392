"""Proxied Cloudflare records of Terraform."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

DECLARED = "streams: [{path: /chat, host: chat.example.com, silence: SILENCE, generation: 5m}]\n"
RECORD = """
variable "proxied" {}
resource "KIND" "chat" {
  zone_id = "z"
  name    = "HOST"
  type    = "CNAME"
  ARGUMENT = aws_lb.main.dns_name
  proxied = PROXIED
}
resource "aws_lb" "main" {
  name         = "main"
  idle_timeout = 900
}
"""


def record(proxied: str = "true", kind: str = "cloudflare_record", name: str = "chat.example.com") -> str:
    argument = "content" if kind == "cloudflare_dns_record" else "value"
    text = RECORD.replace("KIND", kind).replace("HOST", name).replace("ARGUMENT", argument)
    return text.replace("PROXIED", proxied)


@pytest.mark.parametrize("kind", ["cloudflare_record", "cloudflare_dns_record"])
@pytest.mark.parametrize(
    ("proxied", "silence", "found"), [("true", "3m", True), ("true", "60s", False), ("false", "3m", False)]
)
def test_a_proxied_record_allows_two_minutes_of_silence(
    kind: str, proxied: str, silence: str, found: bool, lint: Lint
) -> None:
    report = lint({"main.tf": record(proxied, kind), "infralint.yaml": DECLARED.replace("SILENCE", silence)})
    assert problems(report) == (["main.tf:3 error short-idle-timeout"] if found else [])
    assert "unsupported" not in report


def test_the_load_balancer_stands_behind_its_record(lint: Lint) -> None:
    text = record().replace("idle_timeout = 900", "idle_timeout = 30")
    report = lint({"main.tf": text, "infralint.yaml": DECLARED.replace("SILENCE", "60s")})
    [finding] = report["findings"]
    assert [leg["hop"]["name"] for leg in finding["trace"]["legs"]] == ["cloudflare_record.chat", "aws_lb.main"]
    assert finding["hop"]["name"] == "aws_lb.main"


def test_a_zone_may_have_another_timeout(lint: Lint) -> None:
    zone = 'resource "cloudflare_zone_setting" "read" {\n  setting_id = "proxy_read_timeout"\n  value = 600\n}\n'
    report = lint({"main.tf": record() + zone, "infralint.yaml": DECLARED.replace("SILENCE", "5m")})
    assert problems(report) == []


def test_a_record_of_which_it_is_not_known_whether_it_is_proxied(lint: Lint) -> None:
    report = lint({"main.tf": record("var.proxied"), "infralint.yaml": DECLARED.replace("SILENCE", "3m")})
    assert report["findings"] == []
    assert any("var.proxied" in unknown["message"] for unknown in report["unknown"])


def test_records_of_mail_are_none(lint: Lint) -> None:
    text = record().replace('"CNAME"', '"MX"')
    report = lint({"main.tf": text, "infralint.yaml": DECLARED.replace("SILENCE", "3m")})
    assert problems(report) == []
