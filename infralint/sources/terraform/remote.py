"""Modules whose files are not here: what can be told of them by their names, inputs and outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infralint.sources.terraform.adapters import adapter, sounds_like_balancer
from infralint.sources.terraform.folders import SPEAKING, Folder, TerraformFolders
from infralint.sources.terraform.hcl import Block, HclFile
from infralint.text.lazy import lazy

MOST = 5
"""Modules that are named in the summary."""

_OF_OTHER_THINGS = lazy(
    r"(?i)(?:^|[-_/])(?:vpc|subnets?|nat|network(?:ing)?|security-?groups?|sg|firewall|iam|roles?|polic(?:y|ies)|oidc|users?"
    r"|s3|buckets?|storage|backups?|rds|aurora|postgres(?:ql)?|mysql|databases?|db|dynamodb|redis|elasticache|memcached|sql"
    r"|sns|sqs|queues?|eventbridge|kinesis|msk|kafka|lambda|functions?|step-functions|acm|certificates?|cert|route53|dns|zones?"
    r"|kms|keys?|key-?pairs?|secrets?|ssm|parameters?|ecr|registry|repositor(?:y|ies)|labels?|tags|context|naming|label"
    r"|cloudwatch|cloudtrail|alarms?|logs?|logging|monitoring|budgets?|waf|guardduty|config|bastion|vpn|peering|endpoints?"
    r"|efs|ebs|eks|opensearch|elasticsearch|ec2-instance|autoscaling|datadog|github|gke|aks|project(?:-factory)?|service-accounts?)"
    r"(?:$|[-_/.?])"
)
"""What modules are named after that make no load balancer."""


def makes_balancer(call: Block, folder: Folder, source: str) -> bool:
    """Whether the inputs or outputs of a module speak of a load balancer of its own."""
    if _is_of_other_things(source):
        return False
    text = call.source.text[call.start : call.end].encode()
    if SPEAKING.search(text):
        return True
    output = re.compile(
        rf"\bmodule\.{re.escape(call.labels[0])}(?:\[[^\]\n]*\])?\.(?:\w+_)?(?:alb|nlb|elb|lb|load_balancer)_\w+"
    )
    return any(output.search(expression.text) for expression in _texts(folder))


def _texts(folder: Folder) -> Iterator[HclFile]:
    """The files of a folder."""
    homes = (folder.resources, folder.data, folder.calls, folder.outputs, folder.locals)
    blocks = [block for home in homes for block in home.values()]
    yield from {block.source.path: block.source for block in blocks}.values()


def unread_modules(tree: TerraformFolders) -> list[str]:
    """Modules that are not here, and might hold a load balancer for all that their names say."""
    found: dict[str, None] = {}
    for folder, sources in tree.far_modules.items():
        unclear = [source for source in sources if _is_unclear(source)]
        if unclear and not tree.installed_modules(folder):
            found.update(dict.fromkeys(source.partition("?")[0] for source in unclear))
    return list(found)[:MOST]


def _is_unclear(source: str) -> bool:
    if re.match(r"[\w.-]+/[\w.-]+$", source) and not source.startswith("github.com"):
        return False  # a provider: `hashicorp/aws`
    if source.startswith("${path."):
        return False  # a file that a resource uploads
    known = _is_of_other_things(source) or sounds_like_balancer(source)
    return bool(source) and not known and adapter(source, Block("module", (), 0, 0, HclFile("", ""))) is None


def _is_of_other_things(source: str) -> bool:
    """Whether a module's own name, or that of the part that is taken of it, says that it makes something else."""
    path = re.sub(r"^[\w+.-]+::|^\w+://|\.git$", "", source.partition("?")[0].rstrip("/"))
    package, _, part = path.partition("//")
    names = package.removesuffix(".git").split("/")
    registry = len(names) == 3 or (len(names) == 4 and "." in names[0])
    name = names[-2] if registry and "@" not in package and "github" not in package else names[-1]
    return any(_OF_OTHER_THINGS.search(words) for words in (name, part.rpartition("/")[2] or name))
