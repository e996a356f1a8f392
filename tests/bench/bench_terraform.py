"""How long Terraform takes: against checkov's four load-balancer checks, and the prefilter against grep.

    python tests/bench/bench_terraform.py [--checkov PROGRAM] [ROOTS …]

Every tree has one relevant root module in ten (a load balancer, listeners, target groups and a
local module with variables); the others are buckets, roles and networks.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKS = "CKV_AWS_150,CKV_AWS_131,CKV_AWS_91,CKV_AWS_2"
RELEVANT = 10

BALANCER = """
terraform {
  backend "s3" {}
}
provider "aws" {}
variable "environment" { default = "prod" }
variable "services" {
  type = map(object({ path = string, sticky = optional(bool, true) }))
  default = {
    api = { path = "/api/*" }
    ws  = { path = "/ws/*", sticky = false }
  }
}
locals {
  idle = lookup({ prod = 300, dev = 60 }, var.environment, 60)
}
module "alb" {
  source   = "./modules/alb"
  idle     = local.idle
  services = var.services
}
resource "aws_ecs_service" "app" {
  for_each      = var.services
  name          = each.key
  desired_count = 2
  load_balancer {
    target_group_arn = module.alb.groups[each.key]
    container_name   = each.key
    container_port   = 8000
  }
}
"""

MODULE = """
variable "idle" { type = number }
variable "services" { type = map(object({ path = string, sticky = bool })) }
resource "aws_lb" "this" {
  name               = "web"
  load_balancer_type = "application"
  idle_timeout       = var.idle
}
resource "aws_lb_target_group" "this" {
  for_each = var.services
  name     = each.key
  port     = 8000
  dynamic "stickiness" {
    for_each = each.value.sticky ? [1] : []
    content { type = "lb_cookie" }
  }
}
resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["api"].arn
  }
}
resource "aws_lb_listener_rule" "this" {
  for_each     = var.services
  listener_arn = aws_lb_listener.this.arn
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }
  condition {
    path_pattern { values = [each.value.path] }
  }
}
output "groups" { value = { for name, group in aws_lb_target_group.this : name => group.arn } }
"""

OTHER = "".join(
    f"""
resource "aws_s3_bucket" "bucket{number}" {{
  bucket = "${{var.name}}-{number}"
  tags   = merge(local.tags, {{ number = {number} }})
}}
resource "aws_iam_role" "role{number}" {{
  name               = "role-{number}"
  assume_role_policy = jsonencode({{ Version = "2012-10-17", Statement = [] }})
}}
"""
    for number in range(10)
)


def tree(folder: Path, roots: int, relevant: int) -> None:
    """Lay out `roots` root modules, of which `relevant` have a load balancer."""
    for number in range(roots):
        root = folder / f"root{number:04}"
        (root / "modules/alb").mkdir(parents=True)
        if number < relevant:
            (root / "main.tf").write_text(BALANCER)
            (root / "modules/alb/main.tf").write_text(MODULE)
        (root / "other.tf").write_text(OTHER)
        (root / "variables.tf").write_text('variable "name" { default = "x" }\nlocals { tags = { a = "b" } }\n')


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and megabytes of a command, its children included."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return time.monotonic() - start, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkov", default=shutil.which("checkov"))
    parser.add_argument("roots", nargs="*", type=int, default=[10, 200, 2000])
    options = parser.parse_args()
    infralint = [sys.executable, "-m", "infralint", "check", "--fail-on", "never", "."]
    grep = ["grep", "-rE", r"aws_(lb|alb|elb)\b", "."]
    checkov = [options.checkov, "-d", ".", "--check", CHECKS, "--skip-download", "--quiet", "--compact"]
    print(f"{'roots':>6} {'relevant':>8} {'infralint':>20} {'--jobs 1':>20} {'grep -r':>10} {'checkov':>20}")
    for roots in options.roots:
        for relevant in (0, roots // RELEVANT, roots // 2):
            with tempfile.TemporaryDirectory() as name:
                tree(Path(name), roots, relevant)
                ours, alone = measured(infralint, Path(name)), measured([*infralint, "--jobs", "1"], Path(name))
                filtered = measured(grep, Path(name))
                theirs = measured(checkov, Path(name)) if options.checkov and roots <= 200 else None
            shown = f"{theirs[0]:9.1f} s {theirs[1]:5.0f} MB" if theirs else "-"
            print(
                f"{roots:>6} {relevant:>8} {ours[0]:9.2f} s {ours[1]:5.0f} MB {alone[0]:9.2f} s {alone[1]:5.0f} MB"
                f" {filtered[0]:8.2f} s {shown:>20}",
                flush=True,
            )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
