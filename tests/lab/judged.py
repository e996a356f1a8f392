"""infralint's side: the nginx that it reads out of a configuration, in this process."""

from __future__ import annotations

from pathlib import Path

from infralint.project import Project
from infralint.project.config import NginxSettings, Settings
from infralint.sources import nginx
from infralint.sources.nginx.build import Nginx

from .harness import Binary


def tier_of(text: str, folder: Path, binary: Binary | None = None, files: dict[str, str] | None = None) -> Nginx:
    """The one nginx of a configuration, read as if it ran on this binary."""
    for name, content in {"nginx.conf": text, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    version = ".".join(map(str, binary.version)) if binary else None
    reading = nginx.read(Project(folder, Settings(nginx=NginxSettings(version=version)), folder))
    assert not reading.unreadable
    [tier] = reading.nodes
    assert isinstance(tier, Nginx)
    return tier
