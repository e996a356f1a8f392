"""Load balancers of a live AWS account: `fetch` talks to AWS and nothing else, all the rest is pure."""

from __future__ import annotations
