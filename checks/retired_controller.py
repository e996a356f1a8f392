from __future__ import annotations

from collections.abc import Iterator

from infralint import Finding, IngressController, check


@check
def retired_controller(controller: IngressController) -> Iterator[Finding]:
    """A controller that nobody maintains any more carries the traffic."""
    if controller.retired:
        served = "1 Ingress" if controller.ingresses == 1 else f"{controller.ingresses} Ingresses"
        message = (
            f"{controller.name} serves {served} here, and is retired: since {controller.retired} it gets no releases, and no"
            f" fixes of security holes either ({controller.page}). Move to {controller.successor}"
        )
        yield Finding("note", controller.where, message)
