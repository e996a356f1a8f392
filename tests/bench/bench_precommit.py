"""One changed file in a repository of 20,000: infralint, gixy-ng and checkov as their hooks start them, and git grep.

    python tests/bench/bench_precommit.py [--files 20000] [--rounds 5]

Each tool is installed in an environment of its own. Prints a Markdown table with ratios, all of one run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bench_nginx import environment, seconds, tree

ENDINGS = ("ts", "tsx", "ts", "py", "py", "go", "md", "json", "yaml", "svg", "css", "sh")
TEXT = {
    "yaml": "apiVersion: v1\nkind: Service\nmetadata:\n  name: app\nspec:\n  ports:\n    - port: 80\n",
    "json": '{"name": "app", "version": "1.0.0", "private": true}\n',
}
CODE = "// a line of code that is about as long as lines of code are\n" * 40
TERRAFORM = """\
resource "aws_lb" "chat" {
  name               = "chat"
  load_balancer_type = "application"
  internal           = false
  subnets            = ["subnet-1", "subnet-2"]
  idle_timeout       = 60
}
resource "aws_lb_target_group" "chat" {
  name     = "chat"
  port     = 8000
  protocol = "HTTP"
  vpc_id   = "vpc-1"
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.chat.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = "arn:aws:acm:eu-west-1:1:certificate/1"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.chat.arn
  }
}
"""


def repository(folder: Path, files: int) -> Path:
    """A repository of so many files, one nginx site and one Terraform root among them."""
    tree(folder / "deploy/nginx", 1)
    (folder / "infra").mkdir()
    (folder / "infra/main.tf").write_text(TERRAFORM)
    for number in range(files - 3):
        ending = ENDINGS[number % len(ENDINGS)]
        path = folder / f"packages/p{number % 97}/src/d{number % 11}/f{number}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT.get(ending, CODE))
    for arguments in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--files", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = environment(folder / "ours", str(Path(__file__).parent.parent.parent)) / "infralint"
        gixy = environment(folder / "gixy", "gixy-ng") / "gixy"
        checkov = environment(folder / "checkov", "checkov") / "checkov"
        place = repository(folder / "repository", chosen.files)
        site, root = "deploy/nginx/conf.d/site0.conf", "infra/main.tf"
        quick = [str(checkov), "--quiet", "--compact", "--skip-download", "-f"]
        commands = {
            "one nginx file": ([str(gixy), site], [str(ours), "check", "--allow-empty", site]),
            "one Terraform file": ([*quick, root], [str(ours), "check", "--allow-empty", root]),
        }
        grep = seconds(["git", "grep", "-l", "proxy_pass"], place, chosen.rounds)
        print("| changed | infralint | the other hook | `git grep` of one word |\n|---|---|---|---|")
        for label, (other, own) in commands.items():
            mine = seconds(own, place, chosen.rounds)
            theirs = seconds(other, place, chosen.rounds)
            rival = f"{Path(other[0]).name}: {theirs:.2f} s ({theirs / mine:.1f} times as long)"
            print(f"| {label} | {mine:.2f} s | {rival} | {grep:.2f} s ({grep / mine:.2f} times as long) |")


if __name__ == "__main__":
    main()
