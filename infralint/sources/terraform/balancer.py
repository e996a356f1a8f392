"""A load balancer as Terraform describes it: what to write, and where its code can be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from infralint.model import CantFix, Edit, Known
from infralint.platforms import aws_elb
from infralint.platforms.aws_elb import BalancerNode, LoadBalancer
from infralint.sources.terraform import edits
from infralint.sources.terraform.hcl import Block

_ARGUMENTS = {aws_elb.IDLE: "idle_timeout", aws_elb.TCP_IDLE: "tcp_idle_timeout_seconds"}


class TerraformBalancer(LoadBalancer, frozen=True, kw_only=True, eq=False):
    """A load balancer as Terraform describes it.

    blocks: where its settings are written out in code, by argument (`group`: its target group).
    adapter: the registry module that makes its target group, as its adapter is called ("": none).
    port: that of its listener, where it is known.
    """

    platform: ClassVar[str] = "terraform"

    blocks: Mapping[str, Block] = {}
    adapter: str = ""
    port: float | None = None

    def fix(self, setting: str, seconds: float = 0) -> str:
        if setting == "keeps_affinity":
            return self.unstickable or self._sticky()
        if setting == "deregistration_delay":
            return f"deregistration_delay = {self.longer_delay(seconds):g}"
        name, value = self.longer(seconds) if setting == "idle_timeout" else ("", 0)
        more = f"  # {aws_elb.KEEP_ALIVE}" if name == "idle_timeout" else ""
        return f"{name} = {value:g}{more}" if name else ""

    def edits(self, setting: str, seconds: float = 0) -> tuple[Edit, ...]:
        """Changes to blocks of its own; a value that comes from elsewhere is left."""
        if setting == "idle_timeout":
            return self._longer_idle(seconds)
        if setting == "keeps_affinity":
            return self._stickiness()
        raise CantFix("infralint knows no edit for this")

    def _longer_idle(self, seconds: float) -> tuple[Edit, ...]:
        """The idle timeout, where its family has it."""
        name, value = self.longer(seconds)
        if not name:
            raise CantFix("no load balancer of this kind waits so long: only a heartbeat helps")
        block = self._block(name, "the listener" if name == "tcp_idle_timeout_seconds" else "the load balancer")
        return (edits.with_argument(block, name, f"{value:g}", self.idle_timeout),)

    def _stickiness(self) -> tuple[Edit, ...]:
        """The target group's cookie, or what a network load balancer has instead."""
        if self.unstickable:
            raise CantFix(self.unstickable)
        if self.is_a("classic"):
            raise CantFix("a stickiness policy is a resource of its own, which infralint does not write")
        return (edits.with_stickiness(self._block("group", "the target group"), self.sticky_type, self.keeps_affinity),)

    def _block(self, name: str, what: str) -> Block:
        """The block that an argument stands in, or would stand in. Raises CantFix."""
        block = self.blocks.get(name)
        if block is None:
            raise CantFix(
                f"{what} is not written out in this project's code: change what is handed to its module, or its plan"
            )
        if block.source.path.endswith(".json"):
            raise CantFix("infralint does not write JSON")
        return block

    def between_groups(self) -> str:
        """What an action over several target groups has to say to keep a client with one."""
        if self.adapter:
            return "stickiness = { enabled = true, duration = 86400 }"
        return "stickiness {\n  enabled  = true\n  duration = 86400\n}"

    def _sticky(self) -> str:
        """Stickiness as the target group, the module that makes it, or a classic load balancer takes it."""
        if self.is_a("classic"):
            return self._policy()
        if self.adapter == "cloudposse":
            return "stickiness = {\n  cookie_duration = 86400\n  enabled         = true\n}"
        kind = f'type = "{self.sticky_type}"'
        return f"stickiness = {{ {kind} }}" if self.adapter else f"stickiness {{\n  {kind}\n}}"

    def _policy(self) -> str:
        local = re.sub(r"^(?:module\.[^.]+\.)+", "", self.name)
        port = f"{self.port:g}" if self.port else "443"
        return (
            'resource "aws_lb_cookie_stickiness_policy" "sticky" {\n  name          = "sticky"\n'
            f"  load_balancer = {local}.id\n  lb_port       = {port}\n}}\n# one for each HTTP or HTTPS listener"
        )

    @property
    def sticky_type(self) -> str:
        return "source_ip" if self.is_a("network") else "lb_cookie"

    def longer(self, seconds: float) -> tuple[str, float]:
        """The argument that sets an idle timeout of so many seconds, and its value; no name where nothing does."""
        key, value = self.longer_idle(seconds)
        return _ARGUMENTS.get(key, ""), value

    def is_a(self, family: str) -> bool:
        """Whether it surely is of that family."""
        return isinstance(self.family, Known) and self.family.value == family


class TerraformNode(BalancerNode, kw_only=True, eq=False):
    """A load balancer as Terraform describes it."""

    platform: ClassVar[str] = "terraform"
