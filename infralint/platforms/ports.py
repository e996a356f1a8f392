"""TCP ports, for what only passes bytes on."""

from __future__ import annotations

DEFAULT_PORTS = frozenset({80, 443})
"""What browsers ask where an address names no port."""
WEB_PORTS = frozenset({80, 443, 3000, *range(8000, 9000)})
"""Where what only passes bytes on has to listen, to be taken for something of the web: 22 or 5432 carry something else."""
OTHER_PORTS = frozenset(
    {21, 22, 23, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 1433, 1521, 1883, 2049, 2181, 3306, 3389, 5432, 5671}
    | {5672, 6379, 8883, 9042, 9092, 11211, 27017}
)
"""What belongs to mail, databases, queues and shells: no stream of a browser passes there.

https://www.iana.org/assignments/service-names-port-numbers
"""
