"""Which files are no deployment: tests, examples, a developer's own machine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from infralint.project.routed_files import folder_of_site
from infralint.text.lazy import lazy

_TRIAL_FOLDERS = frozenset(
    "test tests __tests__ testing testdata test-data e2e spec specs fixtures fixture mock mocks example examples sample"
    " samples demo demos benchmark benchmarks .devcontainer vagrant kind minikube k3d".split()
)
_TRIAL_NAME = lazy(r"(?:^|[._-])(?:dev|development|local|test|testing|example|sample|e2e)(?=[._-])", re.IGNORECASE)


_HOST_NAME = lazy(
    r"(?:[\w-]+\.){2,}(?!(?:local|test|dev|example|sample|localhost|conf|template|inc)\b)[a-z]{2,}(?:\.conf(?:\.(?:j2|template|tmpl|tpl))?)?$",
    re.IGNORECASE,
)
_SITES = frozenset("sites-available sites-enabled conf.d vhosts vhost.d sites".split())


def is_trial(path: str) -> bool:
    """Whether a project path names what is no deployment: tests, examples, a developer's own machine."""
    site = folder_of_site(path)
    *folders, name = (path if site is None else f"{site}/").split("/")
    if _TRIAL_FOLDERS & {folder.lower() for folder in folders}:
        return True
    return _TRIAL_NAME.search(name) is not None and not _is_named_after_host(folders, name)


def _is_named_after_host(folders: Sequence[str], name: str) -> bool:
    """Whether a site is called as its host is (`chat.example.com.conf`), whose labels say nothing of trials."""
    is_site = ".conf" in name or bool(folders and folders[-1] in _SITES)
    return is_site and _HOST_NAME.match(name) is not None
