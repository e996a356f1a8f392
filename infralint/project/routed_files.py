"""Files that web frameworks serve by where they lie: their folders and names are addresses.

https://nextjs.org/docs/app/getting-started/project-structure, https://svelte.dev/docs/kit/routing#server,
https://reactrouter.com/how-to/file-route-conventions, https://nuxt.com/docs/guide/directory-structure/server,
https://docs.astro.build/en/guides/endpoints/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Literal

from infralint.text.lazy import lazy

Convention = Literal["next-app", "next-pages", "sveltekit", "remix", "nuxt", "astro", "php"]

ROUTED_FILES: dict[Convention, str] = {
    "next-app": r"(?:^|/)(?:src/)?app/(?P<path>(?:[^/]+/)*)route\.(?:tsx?|jsx?|mjs)$",
    "next-pages": r"(?:^|/)(?:src/)?pages/api/(?P<path>(?!.*(?:\.(?:test|spec)\.|__)).*)\.(?:tsx?|jsx?)$",
    "sveltekit": r"(?:^|/)src/routes/(?P<path>(?:[^/]+/)*)\+server\.(?:ts|js)$",
    "remix": r"(?:^|/)app/routes/(?P<path>.+)\.(?:tsx?|jsx?)$",
    "nuxt": r"(?:^|/)server/(?:routes/)?(?P<path>(?:api/)?.+)\.(?:ts|js|mjs)$",
    "astro": r"(?:^|/)src/pages/(?P<path>.+)\.(?:ts|js)$",
    "php": r"^(?!(?:.*/)?(?:app|src|lib|libs|classes?|inc|includes?|vendor|bootstrap|config|database|resources|routes|bin)/)"
    r"(?P<path>.+\.php)$",
}
"""Files that are routes, by their paths in a project; `path` is what their address is made of. A file of PHP is asked for by
its own path, below the folder that the web server serves."""
_UNMISTAKABLE = tuple(lazy(ROUTED_FILES[name]) for name in ("next-app", "next-pages", "sveltekit"))
_PAGES = lazy(
    r"(?:^|/)(?:src/)?app/(?P<path>(?:[^/]+/)*)(?:page|layout)\.[cm]?[jt]sx?$"
    r"|(?:^|/)src/routes/(?:[^/]+/)*\+page\.server\.[jt]s$"
)
"""Files of pages and layouts, whose server actions run where they are served."""
_NEVER_SERVED = lazy(r"(?:^|/)(?:node_modules|__\w+__|\.\w[\w-]*)/")


def folder_of_site(path: str) -> str | None:
    """What stands before the address that a file is served at: `apps/web` of `apps/web/app/api/test/route.ts`, whose folders
    `api/test` say nothing but `/api/test`. None for any other file, and where the conventions may mean another framework's."""
    for pattern in (*_UNMISTAKABLE, _PAGES):
        if found := pattern.search(path):
            return None if _NEVER_SERVED.search(path, found.start()) else path[: found.start()]
    return None


def app_segments(folders: Sequence[str]) -> list[str] | None:
    """The segments of the address of a file in Next.js's `app/`, by its folders; None below a private one.

    Groups `(site)` and slots `@modal` are no part of an address; `%5Fname` begins with an underscore.
    https://nextjs.org/docs/app/getting-started/project-structure#private-folders
    """
    if any(folder.startswith("_") for folder in folders):
        return None
    return [
        re.sub("%5[Ff]", "_", folder)
        for folder in folders
        if not folder.startswith("@") and not (folder.startswith("(") and folder.endswith(")"))
    ]


def pages_path(name: str) -> str:
    """The path of a file in Next.js's `pages/`, by its name without the ending: `/api/chat` of `api/chat/index`."""
    return "/" + (posixpath.dirname(name) if posixpath.basename(name) == "index" else name)
