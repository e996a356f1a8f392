"""Names of AWS's resources, as people call them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations


def short_name(arn: str) -> str:
    """What people call a resource: `chat` of `arn:…:loadbalancer/app/chat/50dc6c495c0c9188`; what is no ARN as it stands."""
    if not arn.startswith("arn:"):
        return arn
    parts = arn.rpartition(":")[2].split("/")
    named = {"loadbalancer": 2, "listener": 2, "targetgroup": 1}.get(parts[0], 0)
    return parts[named] if len(parts) > named + 1 else parts[-1]
