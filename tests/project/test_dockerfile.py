"""What Dockerfiles say of the image that they build."""

from __future__ import annotations

import posixpath

import pytest
from yardstick import at_most

from infralint.project.dockerfile import Dockerfile, instructions, parse_dockerfile


def test_a_dockerfile_of_several_stages() -> None:
    found = parse_dockerfile(
        "ARG TAG=1.27\nFROM node:20 AS build\nCOPY web web\n\nFROM nginx:${TAG}\n# no\nENV A=1 \\\n  B=two\n"
        "RUN <<EOF\nEXPOSE 1\nEOF\nCOPY --from=build /web/dist /usr/share/nginx/html\n"
        "COPY nginx.conf /etc/nginx/\nEXPOSE 80 443/tcp 53/udp $PORT\nENTRYPOINT [\"nginx\"]\nCMD -g 'daemon off;'\n"
    )
    assert (found.base, found.base_line, found.exposed) == ("nginx:1.27", 5, (80, 443))
    assert [(copied.sources, copied.target) for copied in found.copied] == [
        (("web/dist",), "/usr/share/nginx/html"),
        (("nginx.conf",), "/etc/nginx/"),
    ]
    assert {name: (given.value, given.line) for name, given in found.environment.items()} == {
        "A": ("1", 7),
        "B": ("two", 8),
    }
    assert (found.entrypoint, found.command) == (("nginx",), ("-g", "daemon off;"))


def test_the_stage_to_stop_at() -> None:
    text = "FROM a AS one\nEXPOSE 1\nFROM one AS two\nEXPOSE 2\nFROM one\nEXPOSE 3\n"
    assert parse_dockerfile(text).exposed == (1, 3)
    assert parse_dockerfile(text, "two").exposed == (1, 2)
    assert parse_dockerfile(text, "one").exposed == (1,)


def test_arguments_of_the_build_win() -> None:
    text = "ARG TAG=1.25\nARG NAME\nFROM ${NAME:-nginx}:${TAG}\n"
    assert parse_dockerfile(text).base == "nginx:1.25"
    assert parse_dockerfile(text, arguments={"TAG": "1.29", "NAME": "openresty"}).base == "openresty:1.29"


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("COPY a b /x/", [(("a", "b"), "/x/")]),
        ('COPY ["a b", "/x/"]', [(("a b",), "/x/")]),
        ('COPY --chown=1:1 ["a", "/x"]', [(("a",), "/x")]),
        ("WORKDIR /srv\nCOPY . .", [((".",), "/srv/.")]),
        ("ADD --link conf /etc/nginx", [(("conf",), "/etc/nginx")]),
        ("COPY --from=alpine /a /b", []),
        ("COPY <<EOF /x\nCOPY c /d\nEOF\nCOPY e /f", [(("e",), "/f")]),
        ("COPY a \\\n  # why\n\n  /x", [(("a",), "/x")]),
        ("copy a /x", [(("a",), "/x")]),
        ("COPY a", []),
        ("LABEL a=\"<<EOF\"\nCOPY a /x", [(("a",), "/x")]),
    ],
)  # fmt: skip
def test_what_is_copied(text: str, copied: list[tuple[tuple[str, ...], str]]) -> None:
    assert [(copy.sources, copy.target) for copy in parse_dockerfile(f"FROM a\n{text}\n").copied] == copied


@pytest.mark.parametrize(
    ("first", "copy", "copied"),
    [
        ("COPY . /app", "/app/nginx/site.conf /etc/nginx/conf.d/default.conf", [("nginx/site.conf",)]),
        ("COPY package.json /app/package.json", "/app/nginx/site.conf /etc/nginx/conf.d/default.conf", []),
        ("COPY . /app", "/app /srv", [(".",)]),
        ("COPY web /app/web/\nCOPY api /app/api/", "/app/web /srv", [("web",)]),
        ("COPY web /app/web", "/app /srv", [("web",)]),
        ("COPY web /app/web", "/application /srv", []),
        (
            "WORKDIR /app\nCOPY site.conf ./",
            "/app/site.conf /etc/nginx/conf.d/",
            [("site.conf",), ("site.conf/site.conf",)],
        ),
        (
            "COPY cfg/a.conf cfg/b.txt /c/",
            "/c/*.conf /x/",
            [("cfg/a.conf",), ("cfg/a.conf/*.conf",), ("cfg/b.txt/*.conf",)],
        ),
        ("COPY cfg /c/", "/c/*.conf /x/", [("cfg/*.conf",)]),
        ("COPY cfg/*.conf /c/", "/c/a.conf /x/", [("cfg/a.conf",), ("cfg/*.conf/a.conf",)]),
        ("COPY cfg/*.conf /c/", "/c/* /x/", [("cfg/*.conf",), ("cfg/*.conf/*",)]),
        ("COPY a.conf /c/a.conf\nCOPY b.txt /c/b.txt", "/c/*.conf /x/", [("a.conf",)]),
        ("COPY a /c/one/deep\nCOPY b /c/two", "/c/o*/ /x/", [("a",)]),
        ("ENV H=/c\nCOPY a $H/\nCOPY b /d/", "/c/ /x/", [("a",)]),
        ("ENV H=/c\nWORKDIR $H\nCOPY a ./\nCOPY b /d/", "/c/ /x/", [("a",)]),
        ("COPY a /c/\nCOPY b /d/", "${KNOWN}/ /x/", [("a",)]),
        ("COPY a /c/\nCOPY b /d/", '["$KNOWN", "/x/"]', [("a",)]),
        ("COPY a /c/\nCOPY b /d/", "$UNKNOWN/ /x/", [("a",), ("b",)]),
        ("COPY a $UNKNOWN/\nCOPY b /d/", "/c/ /x/", [("a",)]),
    ],
)
def test_what_is_taken_over_of_an_earlier_stage(first: str, copy: str, copied: list[tuple[str, ...]]) -> None:
    found = parse_dockerfile(f"FROM a AS build\n{first}\nFROM b\nENV KNOWN=/c\nCOPY --from=build {copy}\n").copied
    assert [tuple(map(posixpath.normpath, each.sources)) for each in found] == copied


def test_lines_are_those_of_the_instruction() -> None:
    text = "# syntax=docker/dockerfile:1\n\nFROM a\n# one\n# two\nRUN a \\\n  b\nEXPOSE 80\n"
    assert [(found.line, found.keyword) for found in instructions(text)] == [(3, "FROM"), (6, "RUN"), (8, "EXPOSE")]


def test_an_entrypoint_takes_the_command_of_the_base_away() -> None:
    text = "FROM a AS base\nCMD serve\nFROM base\nENTRYPOINT run\n"
    assert (parse_dockerfile(text).entrypoint, parse_dockerfile(text).command) == (("run",), ())


@pytest.mark.parametrize(
    "text", ["", "#", "FROM", "FROM \\", "COPY", "nonsense", "\\\n" * 10, "RUN <<EOF", "EXPOSE 999999999"]
)
def test_what_says_nothing(text: str) -> None:
    found = parse_dockerfile(text)
    assert (found.copied, found.exposed) == (Dockerfile().copied, Dockerfile().exposed)


def test_stages_that_multiply_are_bounded() -> None:
    lines = ["FROM a AS s0", "COPY a b c /x"]
    for number in range(1, 60):
        lines += [f"FROM a AS s{number}", *[f"COPY --from=s{number - 1} /x /x"] * 8]
    with at_most(100):
        assert len(parse_dockerfile("\n".join(lines)).copied) == 1000


@pytest.mark.parametrize("path", ["/x/a", "/x/*", "/x", "/x/$UNKNOWN"])
def test_paths_that_grow_with_each_stage_are_bounded(path: str) -> None:
    lines = ["ARG LONG=" + "long/" * 200, "FROM a AS s0", "COPY a /x/"]
    for number in range(1, 60):
        lines += [
            f"FROM a AS s{number}",
            "WORKDIR $LONG",
            f"COPY --from=s{number - 1} {path} /x/",
            "COPY $LONG $LONG /x/",
        ]
    with at_most(100):
        found = parse_dockerfile("\n".join(lines))
    assert len(found.copied) <= 1000
    assert len(found.workdir) <= 4096


def test_values_that_double_with_each_line_are_bounded() -> None:
    lines = ["FROM a", "ENV A=0123456789", *["ENV A=$A$A"] * 1000, "ENV B=$A$A", "EXPOSE 80"]
    found = parse_dockerfile("\n".join(lines))
    assert len(found.environment["A"].value) < 20_000
    assert found.exposed
