from __future__ import annotations

from collections.abc import Iterator

from infralint import ApplicationRoute, CacheBehaviorHop, Crossing, Finding, Unknown, check, listing


@check
def refused_method(crossing: Crossing[CacheBehaviorHop]) -> Iterator[Finding]:
    """A CDN refuses the method by which a stream is asked for."""
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
    methods, route = crossing.hop.methods, crossing.trace.legs[-1].hop
    if isinstance(methods, Unknown) or not isinstance(route, ApplicationRoute) or not methods.value:
        return
    asked = {method.upper() for method in route.methods}
    if asked and asked.isdisjoint(methods.value):
        taken = f"`{methods.written}`" if methods.written else f"{listing(sorted(methods.value))} alone"
        message = (
            f"{crossing.hop.name} answers {route.name} with 403: {crossing.hop.behavior.title} takes {taken}, so the"
            " request never comes to the application"
        )
        yield Finding("error", methods, message, crossing.hop.fix("methods"))
