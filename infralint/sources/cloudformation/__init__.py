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
    rb"|ApiGatewayV2::Api|Lambda::Url|AppRunner::Service|GlobalAccelerator::Accelerator|ElasticBeanstalk::Environment|Serverless::(?:Function|Api|HttpApi))\b|\bServiceConnectConfiguration\b"
)
"""What a template has to hold to be read."""
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
    return b"AWS::" in content and bool(_ASKED.search(content)) and bool(_RESOURCES.search(content))
