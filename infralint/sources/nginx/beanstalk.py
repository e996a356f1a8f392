"""Elastic Beanstalk's own nginx, which stands before the application on each instance and includes what `.platform/nginx` holds.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/platforms-linux-extend.proxy.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from infralint.model import Known, Location, Service
from infralint.project import CantRead, Project
from infralint.project.beanstalk import BeanstalkEnvironment, instances_of, read_environments
from infralint.project.dockerfile import parse_dockerfile
from infralint.sources.nginx.templates import prepare
from infralint.sources.nginx.tree import NginxFile
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number

_INCLUDED = lazy(r"(?:(.*)/)?(\.platform|\.ebextensions)/nginx/conf\.d/.*\.conf")
PORTS = {"package.json": 8080, "requirements.txt": 8000, "Pipfile": 8000, "pyproject.toml": 8000}
"""A file of the platforms Node.js and Python -> where nginx looks for the application.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/nodejs-platform-proxy.html
"""
USUAL_PORT = 5000
"""Where it looks on the other platforms, unless PORT says otherwise.

https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/platforms-linux-extend.proxy.html
"""
_PORT = ("aws:elasticbeanstalk:application:environment", "PORT")
_PROXY = ("aws:elasticbeanstalk:environment:proxy", "ProxyServer")
_OTHERS = ("composer.json", "index.php")
"""Files of PHP, which nginx asks by FastCGI."""
_APPLICATIONS = (
    *PORTS,
    *("Procfile", "Buildfile", "Dockerfile", "go.mod", "Gemfile", "pom.xml", "build.gradle", "build.gradle.kts"),
)
"""Files of what runs in a folder."""
_CONTAINERS = ("docker-compose.yml", "Dockerrun.aws.json")
"""Files by which containers have a proxy of their own."""
_LOCATION = """
    location / {
      proxy_pass http://127.0.0.1:%d;
      proxy_http_version 1.1;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
"""
_MAIN = """events {}
http {
  include conf.d/*.conf;
  map $http_upgrade $connection_upgrade { default "upgrade"; }
  server {
    listen 80 default_server;
    gzip on;
    gzip_comp_level 4;
    gzip_types text/plain text/css application/json application/javascript application/x-javascript text/xml
      application/xml application/xml+rss text/javascript;
    include conf.d/elasticbeanstalk/*.conf;%s
  }
}
"""
"""What an instance's nginx.conf says around them: their files come into `http`, and those of `elasticbeanstalk` into its server."""


class BeanstalkInstance(NamedTuple):
    """What runs on an instance: nginx with this main file, and the application. reference: by which a load balancer dials
    it."""

    main: NginxFile
    services: tuple[Service, ...]
    reference: str


def instances(project: Project) -> Iterator[BeanstalkInstance]:
    """The instances of each folder that Elastic Beanstalk runs with an nginx of its own."""
    environments = read_environments(project)
    included = [found for path in project.files_ending("conf") if (found := _INCLUDED.fullmatch(path))]
    places = {found[1] or "": found[2] for found in included}
    for folder in dict.fromkeys((*places, *environments)):
        environment = environments.get(folder) or BeanstalkEnvironment(folder)
        place = _join(folder, places.get(folder, ".platform"), "nginx")
        if _is_proxied(environment) and _is_default(project, folder, place, folder in places):
            yield _instance(project, environment, place)


def rewriting(project: Project) -> Iterator[str]:
    """Files that change an instance's nginx in a way that is not followed, as project paths."""
    for environment in read_environments(project).values():
        yield from environment.rewriting


def _is_proxied(environment: BeanstalkEnvironment) -> bool:
    """Whether it is nginx that stands before the application, with files that are known before it is deployed."""
    proxy = environment.options.get(_PROXY)
    is_nginx = proxy is None or (isinstance(proxy, Known) and proxy.value == "nginx")
    return is_nginx and not environment.rewriting and not environment.unreadable


def _is_default(project: Project, folder: str, place: str, is_extended: bool) -> bool:
    """Whether the main file is Elastic Beanstalk's, before an application that is reached by HTTP. is_extended: the folder
    holds files for it."""

    def holds(names: Iterable[str]) -> bool:
        return any(_join(folder, name) in project.file_set for name in names)

    if holds(_OTHERS) or f"{place}/nginx.conf" in project.file_set:
        return False
    return is_extended or (holds(_APPLICATIONS) and not holds(_CONTAINERS))


def _instance(project: Project, environment: BeanstalkEnvironment, place: str) -> BeanstalkInstance:
    folder = environment.folder
    port = _port(project, environment)
    has_location = f"{place}/conf.d/elasticbeanstalk/00_application.conf" in project.file_set
    text = _MAIN % ("" if has_location else _LOCATION % port)
    shown = project.show(_shown_file(project, environment, place))
    where = Location(shown)
    file = NginxFile(
        f"{place}/nginx.conf",
        shown,
        prepare(text),
        sealed="Elastic Beanstalk writes its nginx.conf",
        locate=lambda *_: where,
        called=f"Elastic Beanstalk's nginx{f' of {folder}' if folder else ''}",
        advice=f"in a file {_join(folder, '.platform/nginx/conf.d/streams.conf')}, which holds for every location",
    )
    pod = f"an instance of {project.show(folder)}"
    nginx = Service(name="nginx", where=where, files=frozenset({place}), ports=(80,), pod=pod)
    application = Service(name="the application", where=where, context=folder, ports=(port,), pod=pod)
    return BeanstalkInstance(file, (nginx, application), instances_of(project, folder))


def _shown_file(project: Project, environment: BeanstalkEnvironment, place: str) -> str:
    """The file that stands for it: one that it includes, else one that says that there is an environment."""
    inside = (path for path in project.files_ending("conf") if path.startswith(f"{place}/"))
    return next(inside, None) or environment.files[0]


def _port(project: Project, environment: BeanstalkEnvironment) -> int:
    given = environment.options.get(_PORT)
    if isinstance(given, Known) and given.value.isdecimal():
        return whole_number(given.value)
    folder = environment.folder
    names = (port for name, port in PORTS.items() if _join(folder, name) in project.file_set)
    return _exposed_port(project, _join(folder, "Dockerfile")) or next(names, USUAL_PORT)


def _exposed_port(project: Project, dockerfile: str) -> int | None:
    """The port of a container that nginx asks: the first that its image exposes."""
    if dockerfile not in project.file_set:
        return None
    try:
        exposed = parse_dockerfile(project.text(dockerfile)).exposed
    except CantRead:
        return None
    return exposed[0] if exposed else None


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
