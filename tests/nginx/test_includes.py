"""Includes come to an end, take what nginx would take, and say what they can't."""

from __future__ import annotations

import pytest
from conftest import Lint, problems
from yardstick import at_most

from infralint.sources.nginx import includes

LOCATION = "location /api/chat { proxy_pass http://app:8000; }\n"
REST = f"events {{}}\nhttp {{ server {{ listen 80; {LOCATION} }} }}\n"


def main(*includes: str) -> str:
    lines = "".join(f"    include {name};\n" for name in includes)
    return f"events {{}}\nhttp {{\n  server {{\n    listen 80;\n{lines}    {LOCATION}  }}\n}}\n"


def told(report: dict) -> list[str]:
    return [
        f"{entry['location']['path']}:{entry['location']['line']} {entry['message']}" for entry in report["unreadable"]
    ]


def test_a_pattern_of_stars_is_matched_at_once(lint: Lint) -> None:
    with at_most(200):
        report = lint({"nginx.conf": main("*a" * 60), f"{'a' * 120}.conf": "", "rest/nginx.conf": REST})
    assert problems(report, "buffered-stream")


def test_files_that_include_two_each_are_followed_up_to_a_bound(lint: Lint) -> None:
    files = {f"f{number}.conf": f"include f{number + 1}.conf;\n" * 2 for number in range(40)}
    with at_most(200):
        report = lint({**files, "f40.conf": "gzip off;\n", "nginx.conf": main("f0.conf"), "rest/nginx.conf": REST})
    assert any("too many includes to follow" in entry for entry in told(report))
    assert {problem.split(":")[0] for problem in problems(report, "buffered-stream")} >= {"rest/nginx.conf"}
    assert report["status"] == 2


def test_a_long_snippet_in_many_locations_is_followed_up_to_a_bound(
    lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(includes, "MOST_DIRECTIVES", 200)
    monkeypatch.setattr(includes, "AT_EACH", 10)
    snippet = "".join(f"add_header X-{number} 1;\n" for number in range(40))
    locations = "".join(
        f"location /chat/{number} {{ include long.conf; proxy_pass http://app; }}\n" for number in range(9)
    )
    files = {"nginx.conf": f"events {{}}\nhttp {{ server {{ listen 80;\n{locations}}} }}\n", "long.conf": snippet}
    report = lint(files)
    assert told(report) == [
        "nginx.conf:9 too much to follow: the includes of nginx.conf bring more than 200 directives"
    ]
    assert report["status"] == 2
    assert len(problems(report, "buffered-stream")) == 6
    [entry] = report["unknown"]
    assert "brings more than is followed" in entry["message"]
    assert "include_paths" not in str(entry)
    assert told(lint({"long.conf": "add_header X-1 1;\n"})) == []


def test_a_file_a_site_is_followed_however_many_there_are(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(includes, "MOST_DIRECTIVES", 200)
    monkeypatch.setattr(includes, "AT_EACH", 10)
    site = (
        "server { listen 80; server_name s%d; location /chat { proxy_pass http://app; } location / { return 404; } }\n"
    )
    files = {f"conf.d/{number}.conf": site % number for number in range(30)}
    report = lint({"nginx.conf": "events {}\nhttp { include conf.d/*.conf; }\n", **files})
    assert told(report) == []
    assert len(problems(report, "buffered-stream")) == 30


def test_a_row_of_files_has_an_end(lint: Lint) -> None:
    files = {f"f{number}.conf": f"include f{number + 1}.conf;\n" for number in range(900)}
    report = lint({**files, "nginx.conf": main("f0.conf"), "rest/nginx.conf": REST})
    assert told(report) == ["f59.conf:1 files include each other more than 60 deep"]


def test_files_that_all_include_all_name_each_circle_once(lint: Lint) -> None:
    files = {f"f{number}.conf": "include f*.conf;\n" for number in range(14)}
    report = lint({**files, "nginx.conf": main("f*.conf"), "rest/nginx.conf": REST})
    circles = [entry for entry in told(report) if "files include each other for ever" in entry]
    assert len(circles) == len({entry.split(" ")[0] for entry in circles}) == 14


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.conf", "location /x { include b.conf; }\n", "b.conf:1"),
        ("a.conf", "include b.conf;\n", "b.conf:1"),
        ("nginx.conf", main("b.conf"), "b.conf:1"),
    ],
)
def test_a_circle_through_blocks_is_found(name: str, text: str, place: str, lint: Lint) -> None:
    files = {"nginx.conf": main("a.conf"), name: text, "b.conf": f"location /y {{ include {name}; }}\n"}
    [entry] = told(lint(files))
    assert entry.startswith(f"{place} files include each other for ever: ")


@pytest.mark.parametrize("name", ["a.conf", "nginx.conf"])
def test_a_file_that_includes_itself_is_refused(name: str, lint: Lint) -> None:
    files = {"nginx.conf": main("a.conf"), name: main(name) if name == "nginx.conf" else f"include {name};\n"}
    [entry] = told(lint(files))
    assert f"files include each other for ever: {name} -> {name}" in entry


def test_a_name_that_stands_for_a_file_of_the_server_is_not_the_file_itself(lint: Lint) -> None:
    assert told(lint({"conf.d/proxy.conf": f"server {{ listen 80; {LOCATION} include proxy.conf; }}\n"})) == []


@pytest.mark.parametrize("argument", ["conf.d", "conf.d/*", "conf.d/inner"])
def test_an_include_that_takes_a_folder_is_refused(argument: str, lint: Lint) -> None:
    [entry] = told(lint({"nginx.conf": main(argument), "conf.d/inner/a.conf": "gzip on;\n"}))
    assert entry.startswith(f"nginx.conf:5 nginx would refuse `include {argument}`: it takes the folder conf.d")


@pytest.mark.parametrize("argument", ["conf.d/*.conf", "conf.d/i*.conf", "/etc/nginx/conf.d/*", "conf.d/*"])
def test_folders_that_an_include_does_not_take_are_left_alone(argument: str, lint: Lint) -> None:
    folder = ".inner" if argument == "conf.d/*" else "inner"
    files = {"nginx.conf": main(argument), f"conf.d/{folder}/a.conf": "gzip on;\n", "conf.d/b.conf": "gzip on;\n"}
    assert not any("takes the folder" in entry for entry in told(lint(files)))


def test_fragments_that_include_each_other_are_not_passed_over(lint: Lint) -> None:
    server = f"server {{ listen 80; {LOCATION} }}\n"
    report = lint({"conf.d/a.conf": f"include b.conf;\n{server}", "conf.d/b.conf": "include a.conf;\n"})
    assert any("for ever" in entry for entry in told(report))
    assert any("can't be followed to its end" in entry["message"] for entry in report["unknown"])


class TestDumps:
    """`nginx -T` output."""

    HEAD = "# configuration file /etc/nginx/nginx.conf:\n"

    def test_a_dumped_file_that_includes_itself(self, lint: Lint) -> None:
        dump = (
            f"{self.HEAD}{main('snip.conf')}# configuration file /etc/nginx/snip.conf:\ngzip off;\ninclude snip.conf;\n"
        )
        report = lint({"dump.conf": dump, "rest/nginx.conf": REST})
        assert told(report) == ["/etc/nginx/snip.conf:2 files include each other for ever: snip.conf -> snip.conf"]
        assert problems(report, "buffered-stream")

    def test_two_dumps_keep_their_own_files(self, lint: Lint) -> None:
        held = f"{self.HEAD}{main('snip.conf')}# configuration file /etc/nginx/snip.conf:\nproxy_buffering on;\n"
        free = held.replace("buffering on", "buffering off")
        report = lint({"a.dump.conf": free, "b.dump.conf": held})
        assert problems(report, "buffered-stream") == ["b.dump.conf: /etc/nginx/snip.conf:1 warning buffered-stream"]

    def test_globs_take_the_names_of_the_server(self, lint: Lint) -> None:
        text = "".join(
            f"# configuration file /etc/nginx/conf.d/{name}.conf:\nproxy_buffering off;\n" for name in (".a", "b/c")
        )
        report = lint({"dump.conf": f"{self.HEAD}{main('conf.d/*.conf')}{text}"})
        assert len(problems(report, "buffered-stream")) == 1

    def test_two_servers_in_one_dump_are_told_apart(self, lint: Lint) -> None:
        report = lint({"dump.conf": f"{self.HEAD}{main()}{self.HEAD}{main('x')}"})
        assert "holds /etc/nginx/nginx.conf twice, with different content" in told(report)[0]


def test_a_hidden_file_is_taken_by_no_star(lint: Lint) -> None:
    report = lint({"nginx.conf": main("set/*.conf"), "set/.off.conf": "proxy_buffering off;\n"})
    assert problems(report, "buffered-stream")
    assert not problems(lint({"set/off.conf": "proxy_buffering off;\n"}), "buffered-stream")


def test_what_is_copied_into_another_image_is_not_included(lint: Lint) -> None:
    main = "events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n"
    docker = "FROM nginx:1.27\nCOPY nginx.conf /etc/nginx/nginx.conf\nCOPY %s.conf /etc/nginx/conf.d/%s.conf\n"
    server = "server { listen 80; location / { proxy_pass http://%s:8000; } }\n"
    files = {
        f"{name}/{path}": text
        for name in ("a", "b")
        for path, text in {
            "nginx.conf": main,
            "Dockerfile": docker % (name, name),
            f"{name}.conf": server % name,
        }.items()
    }
    report = lint({"infralint.yaml": "assume: warning\n", **files, "b/b.conf": "server {\n  listen 80\n}\n"})
    assert [entry["location"]["path"] for entry in report["unreadable"]] == ["b/b.conf"]
    assert {found["location"]["path"] for found in report["findings"]} == {"a/a.conf"}
    assert "b.conf" not in str([entry for entry in report["unknown"] if "a/" in entry["location"]["path"]])


def test_many_locations_in_many_servers_are_followed_up_to_a_bound(lint: Lint) -> None:
    shared = "".join(f"location /c{number}/chat {{ proxy_pass http://app; }}\n" for number in range(300))
    servers = "".join(f"server {{ listen 80; server_name s{number}; include shared.conf; }}\n" for number in range(300))
    with at_most(600):
        report = lint({"nginx.conf": f"events {{}}\nhttp {{\n{servers}}}\n", "shared.conf": shared})
    assert any("bring more than 250000 directives" in entry for entry in told(report))
    assert report["status"] == 2
