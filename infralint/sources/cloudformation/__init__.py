"""CloudFormation and SAM templates, also those that the CDK makes: load balancers, CloudFront, API Gateway, Lambda."""

from __future__ import annotations

from functools import partial

from infralint.model import Reading
from infralint.project import CantRead, Project
from infralint.text.lazy import lazy

ENDINGS = ("yaml", "yml", "json", "template")
LARGEST = 4 * 1024 * 1024
"""Bytes of a template; CloudFormation takes 1 MB, and the CDK writes less."""
_ASKED = lazy(
    rb"\bAWS::(?:ElasticLoadBalancing(?:V2)?::(?:LoadBalancer|Listener|ListenerRule)|CloudFront::Distribution|ApiGateway::RestApi"
    rb"|ApiGatewayV2::Api|Lambda::Url|AppRunner::Service|GlobalAccelerator::Accelerator|ElasticBeanstalk::Environment|VpcLattice::Service|Serverless::(?:Function|Api|HttpApi))\b|\bServiceConnectConfiguration\b"
)
"""What a template has to hold to be read."""
_TYPE = lazy(rb"\bAWS::[A-Za-z0-9]{2,40}::[A-Za-z0-9]{2,60}\b")
_RESOURCES = lazy(rb"(?m)(?:^|[{,])[ \t]*[\"']?Resources[\"']?[ \t]*:")


def read(project: Project) -> Reading:
    """The templates of a project. Those that CloudFormation could not read are unreadable; the rest is judged.

    Where there is none, what works them out is not imported.
    """
    reading = Reading("cloudformation")
    for path in project.glance_at_all("cloudformation", project.files_ending(*ENDINGS), partial(_is_template, project)):
        from infralint.sources.cloudformation.reading import read_into

        read_into(reading, project, path)
    return reading


def _is_template(project: Project, path: str) -> bool:
    """A quick look at the bytes."""
    try:
        content = project.searchable(path, LARGEST)
    except CantRead:
        return False
    if b"AWS::" not in content or not (_ASKED.search(content) or _is_mistyped(content)):
        return False
    return bool(_RESOURCES.search(content)) or b"AWSTemplateFormatVersion" in content


def _is_mistyped(content: bytes) -> bool:
    """Whether a type that is not there is nearly one that is asked for."""
    names = {name.decode() for name in _TYPE.findall(content)}
    if not names:
        return False
    from infralint.sources.cloudformation.mistypes import meant_type

    return any(map(meant_type, names))
