"""A run is told again only where nothing that decides is different; then it says the very same."""

from __future__ import annotations

import builtins
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import write

from infralint.cache import entries, glances, recording, replay
from infralint.cli import cli
from infralint.project import Project
from infralint.text.patterns import TooSlow

FIXTURES = Path(__file__).parent.parent / "fixtures"
NGINX = """\
events {}
http {
    server {
        listen 80;
        location /api/chat/stream { proxy_pass http://app:8000; proxy_read_timeout 30s; }
    }
}
"""
BALANCER = 'resource "aws_lb" "web" {\n  idle_timeout = fileexists("${path.root}/.venv/slow") ? 30 : 60\n}\n'
INSTALLED_MODULE = {
    "main.tf": 'module "alb" {\n  source = "x/alb/aws"\n}\n',
    ".terraform/modules/modules.json": '{"Modules": [{"Key": "alb", "Source": "x/alb/aws", "Dir": ".terraform/modules/alb"}]}',
    ".terraform/modules/alb/main.tf": BALANCER,
}
ODD = {
    **INSTALLED_MODULE,
    ".venv/site.conf": NGINX,
    "sites/a.conf": "proxy_read_timeout 20s;\n",
    "nginx.conf": NGINX.replace("proxy_read", "include linked/*.conf; include node_modules/x.conf; proxy_connect"),
    "node_modules/x.conf": "",
    "pyproject.toml": "",
    "infralint.yaml": "nginx:\n  include_paths:\n    /etc/nginx: .venv\n",
}
"""Files behind links, and in folders that no walk enters."""


class Session:
    """Runs as whole processes make them, in this one. told: what each printed, its status, and whether it was worked out."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.capsys = capsys
        self.folder = folder
        monkeypatch.setenv("INFRALINT_CACHE", str(folder))
        monkeypatch.setattr(recording, "SETTLED", -(10**18))  # files of a test are always new

    def run(self, *arguments: str) -> tuple[str, int, bool]:
        worked = []

        def command() -> None:
            worked.append(True)
            cli(list(arguments))

        with pytest.raises(SystemExit) as end:
            replay.run(arguments, command)
        assert isinstance(end.value.code, int)
        return self.capsys.readouterr().out, end.value.code, bool(worked)

    def is_kept(self, *arguments: str) -> bool:
        """Whether a run is made once, and then told again."""
        assert self.run(*arguments)[2]
        return not self.run(*arguments)[2]

    @property
    def files(self) -> list[Path]:
        """The entries of runs and projects."""
        return [path for path in self.all_files if not path.name.startswith(entries.OF_CODE.hex())]

    @property
    def all_files(self) -> list[Path]:
        return sorted(self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def session(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Session:
    return Session(capsys, monkeypatch, tmp_path / "cache")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write(tmp_path / "project", {"nginx.conf": NGINX, ".git/HEAD": ""})
    monkeypatch.chdir(folder)
    return folder


def _poisons(content: bytes) -> Iterator[bytes]:
    """What may become of an entry: bits that flip, an end that is lost, nothing at all, another's words."""
    for at in (0, 31, 32, len(content) // 2, len(content) - 1):
        yield content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    yield content[:-1]
    yield content[:40]
    yield b""
    yield b"\x94" * 100_000


@pytest.mark.parametrize("name", sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir()))
def test_an_empty_a_warm_and_a_poisoned_cache_say_the_same(
    name: str, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FIXTURES / name, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(tmp_path / "project")
    said, status, _ = session.run("check", "--no-cache", ".")
    assert session.files == []
    assert session.run("check", ".") == (said, status, True)
    if status == 2:
        assert session.files == []
        return
    assert session.run("check", ".") == (said, status, False)
    [entry] = session.files
    entry.write_bytes(entry.read_bytes()[:-1])
    assert session.run("check", ".") == (said, status, True)
    assert session.run("check", ".") == (said, status, False)


def test_a_damaged_entry_is_none(session: Session, project: Path) -> None:
    said, status, _ = session.run("check", ".")
    [entry] = session.files
    for content in list(_poisons(entry.read_bytes())):
        entry.write_bytes(content)
        assert session.run("check", ".") == (said, status, True)
        assert session.run("check", ".") == (said, status, False)


def test_an_entry_of_another_run_is_none(session: Session, project: Path) -> None:
    session.run("check", "--fail-on", "never", ".")
    [other] = session.files
    content = other.read_bytes()
    said, status, _ = session.run("check", ".")
    [entry] = set(session.files) - {other}
    entry.write_bytes(content)
    assert session.run("check", ".") == (said, status, True)


def _edit_in_place(project: Path) -> None:
    """The same size, and the time of change put back: only the file system's own clock tells."""
    file = project / "nginx.conf"
    before = file.stat()
    file.write_text(NGINX.replace("30s", "99s"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file is written": _edit_in_place,
    "a file comes": lambda project: (project / "app.py").write_text("x = 1\n"),
    "a file in a new folder comes": lambda project: write(project, {"deploy/site.conf": NGINX}),
    "an empty file comes": lambda project: (project / "empty").touch(),
    "a file goes": lambda project: (project / "nginx.conf").rename(project.parent / "elsewhere"),
    "a file is another": lambda project: os.replace(write(project.parent, {"n": NGINX}) / "n", project / "nginx.conf"),
    "a file has another name": lambda project: (project / "nginx.conf").rename(project / "site.conf"),
    "a file can be run": lambda project: (project / "nginx.conf").chmod(0o755),
    "a link comes": lambda project: (project / "linked.conf").symlink_to("nginx.conf"),
    "a configuration comes": lambda project: (project / "infralint.yaml").write_text("assume: off\n"),
    "a configuration comes above": lambda project: (project.parent / "infralint.yaml").write_text("assume: off\n"),
    "a baseline comes": lambda project: (project / ".infralint-baseline.json").write_text("{}"),
    "the repository is none any more": lambda project: shutil.rmtree(project / ".git"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_on_the_disk_is_seen(change: str, session: Session, project: Path) -> None:
    assert session.is_kept("check", ".")
    CHANGES[change](project)
    assert session.run("check", ".")[2]


def test_what_nobody_asked_for_may_change(session: Session, project: Path) -> None:
    assert session.is_kept("check", ".")
    write(project, {"node_modules/x/nginx.conf": NGINX, ".git/index": "x", "__pycache__/x.pyc": "x"})
    write(project.parent, {"beside/nginx.conf": NGINX})
    assert not session.run("check", ".")[2]


def test_where_a_link_leads_is_asked_anew(session: Session, project: Path) -> None:
    write(project, {".venv/a.conf": NGINX, ".venv/b.conf": NGINX.replace("30s", "900s")})
    (project / "nginx.conf").unlink()
    (project / "nginx.conf").symlink_to(".venv/a.conf")
    assert session.is_kept("check", ".")
    (project / ".venv/a.conf").write_text(NGINX.replace("30s", "900s"))
    assert session.run("check", ".")[2]
    os.replace(project / ".venv/b.conf", project / ".venv/a.conf")
    assert session.run("check", ".")[2]


def test_what_terraform_asks_for_outside_the_walk_is_asked_anew(session: Session, project: Path) -> None:
    write(project, INSTALLED_MODULE)
    assert session.is_kept("check", ".")
    (project / ".terraform/modules/alb/main.tf").write_text(BALANCER.replace("60", "61"))
    assert session.is_kept("check", ".")
    write(project, {".terraform/modules/alb/outputs.tf": ""})
    assert session.is_kept("check", ".")
    write(project, {".venv/slow": ""})
    assert session.is_kept("check", ".")
    (project / ".terraform/modules/modules.json").write_text('{"Modules": []}')
    assert session.run("check", ".")[2]


def test_processes_that_share_the_work_note_what_they_ask(session: Session, project: Path) -> None:
    for number in range(40):
        balancer = (
            f'resource "aws_lb" "web{number}" {{\n  idle_timeout = fileexists("${{path.root}}/.venv/x") ? 1 : 2\n}}\n'
        )
        write(project, {f"root{number}/main.tf": balancer})
    assert session.is_kept("check", "--jobs", "2", ".")
    write(project, {"root39/.venv/x": ""})
    assert session.run("check", "--jobs", "2", ".")[2]


@pytest.mark.parametrize("name", ["NO_COLOR", "SOURCE_DATE_EPOCH", "TF_VAR_idle"])
def test_the_environment_decides_too(
    name: str, session: Session, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.is_kept("check", ".")
    monkeypatch.setenv(name, "1")
    assert session.run("check", ".")[2]


def test_another_version_works_it_out_anew(session: Session, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert session.is_kept("check", ".")
    monkeypatch.setattr(entries, "__version__", "0.0.1")
    assert session.run("check", ".")[2]


def test_another_folder_to_stand_in_is_another_run(
    session: Session, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"deploy/site.conf": NGINX})
    assert session.is_kept("check", str(project))
    monkeypatch.chdir(project / "deploy")
    assert session.run("check", str(project))[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "nginx.conf"),
        ("check", "--format", "json", "."),
        ("check", "--format", "sarif", "."),
        ("check", "--output", "report.txt", "."),
        ("check", "--fix", "."),
        ("check", "--diff", "."),
        ("check", "--no-cache", "."),
        ("check", "--checks", "own", "."),
        ("checks",),
    ],
)
def test_a_run_that_does_more_or_bears_a_date_is_not_kept(
    arguments: tuple[str, ...], session: Session, project: Path
) -> None:
    write(project, {"own/own.py": "", "own/own.md": ""})
    session.run(*arguments)
    assert session.files == []


def test_a_run_that_fails_is_not_kept(session: Session, project: Path) -> None:
    (project / "nginx.conf").write_text("http {")
    assert session.run("check", ".")[1] == 2
    assert session.files == []


def test_a_run_that_a_busy_machine_decided_is_not_kept(
    session: Session, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(project: Any) -> Any:
        TooSlow()
        return original(project)

    from infralint.engine import run

    original = run.read
    monkeypatch.setattr(run, "read", read)
    session.run("check", ".")
    assert session.files == []


def test_a_run_over_files_that_changed_a_moment_ago_is_not_kept(
    session: Session, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "SETTLED", 3600 * 10**9)
    session.run("check", ".")
    assert session.files == []


def test_what_comes_with_a_repository_is_not_believed(
    session: Session, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFRALINT_CACHE", str(project / ".cache"))
    session.run("check", ".")
    assert not (project / ".cache").exists()
    write(project, {"deploy/site.conf": NGINX})
    monkeypatch.chdir(project / "deploy")
    session.run("check", ".")
    assert not (project / ".cache").exists()


@pytest.mark.skipif(os.name != "posix", reason="folders have no such permissions")
def test_a_folder_that_others_may_write_to_is_not_used(session: Session, project: Path) -> None:
    session.folder.mkdir()
    session.folder.chmod(0o777)
    session.run("check", ".")
    assert session.files == []


def test_a_folder_that_cannot_be_made_changes_nothing(session: Session, project: Path) -> None:
    session.folder.write_text("a file")
    said, status, _ = session.run("check", "--no-cache", ".")
    assert session.run("check", ".") == (said, status, True)


def test_an_empty_name_means_no_cache(session: Session, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFRALINT_CACHE", "")
    assert entries.find_folder() is None
    assert not session.is_kept("check", ".")


def test_the_folder_stays_small(session: Session, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session.run("check", ".")
    [first] = session.files
    os.utime(first, (1, 1))
    write(session.folder, {"0123.77": "never became an entry"})
    os.utime(session.folder / "0123.77", (1, 1))
    monkeypatch.setattr(entries, "MOST_BYTES", first.stat().st_size)
    session.run("check", "--fail-on", "never", ".")
    [left] = session.files
    assert left != first


LOOKED_AT = ("stat", "lstat", "open", "readlink", "access")


@pytest.mark.parametrize("name", [*sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir()), "odd"])
def test_all_that_a_run_asks_of_the_disk_is_noted(
    name: str, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is looked at is a plain file of the walk, a folder on the way to something, or a path that was noted."""
    project = tmp_path / "project"
    if name == "odd":
        write(project, ODD)
        (project / "linked.conf").symlink_to(".venv/site.conf")
        (project / "linked").symlink_to("sites")
    else:
        shutil.copytree(FIXTURES / name, project, symlinks=True)
    monkeypatch.chdir(project)
    session.run("check", "--no-cache", ".")  # all modules are loaded
    with monkeypatch.context() as listening:
        asked, listed = _listen(listening, LOOKED_AT), _listen(listening, ("listdir", "scandir"))
        noted = recording.start()
        with pytest.raises(SystemExit):
            cli(["check", "."])
        recording.stop()
    known = {path for _, path in noted.answers}
    listings = recording.scan(str(project))
    files = {entry.path for _, entries, _, _ in listings for entry in entries}
    onto = {above for path in known | files for above in map(str, Path(path).parents)}
    links = {str(path) for path in project.rglob("*") if path.is_symlink()}
    followed = {os.path.realpath(path) for path in known | links}
    inside = {path for path in asked if path.startswith(str(tmp_path))}
    assert inside & files
    assert inside - known - files - onto - followed == set()
    walked = {at for at, _, _ in os.walk(project) if recording.SKIPPED_FOLDERS.isdisjoint(Path(at).parts)}
    noted_lists = {path for kind, path in noted.answers if kind == "names"}
    assert {path for path in listed if path.startswith(str(tmp_path))} - walked - noted_lists == set()


def _listen(monkeypatch: pytest.MonkeyPatch, questions: tuple[str, ...]) -> set[str]:
    """The absolute paths that these functions are called with from now on."""
    asked: set[str] = set()

    def heard(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if not isinstance(path, (int, bytes)):
                asked.add(os.path.normpath(os.path.join(os.getcwd(), path)))
            return function(path, *arguments, **options)

        return call

    for name in questions:
        monkeypatch.setattr(os, name, heard(getattr(os, name)))
    if "open" in questions:
        opened = heard(io.open)
        monkeypatch.setattr(io, "open", opened)
        monkeypatch.setattr(builtins, "open", opened)
    return asked


class Looks:
    """Runs for one changed file, as a hook makes them: each is worked out, with what earlier ones saw in the other files."""

    def __init__(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.session = session
        self.read: set[str] = set()
        monkeypatch.setattr(glances, "FEWEST", 1)
        monkeypatch.setattr(glances, "SETTLED", -(10**18))
        unwatched = Project.bytes

        def read(project: Project, path: str, *largest: int) -> bytes:
            self.read.add(path)
            return unwatched(project, path, *largest)

        monkeypatch.setattr(Project, "bytes", read)

    def check(self, *arguments: str) -> tuple[str, int]:
        """What a run says, and its status. read: the files that it read."""
        self.read.clear()
        said, status, worked = self.session.run("check", *arguments)
        assert worked
        return said, status


VALUES = "notes/values.yaml"


@pytest.fixture
def looks(session: Session, monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(session, monkeypatch)


@pytest.mark.parametrize("name", sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir()))
def test_what_earlier_runs_saw_in_other_files_changes_nothing(
    name: str, looks: Looks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(FIXTURES / name, project, symlinks=True)
    write(project, {".git/HEAD": "", VALUES: "a: 1\n"})
    monkeypatch.chdir(project)
    paths = [str(path.relative_to(project)) for path in sorted(project.rglob("*")) if path.is_file()]
    for path in paths[:1] + paths[-1:]:
        said = looks.check("--no-cache", path)
        assert path == VALUES or VALUES in looks.read
        assert looks.session.files == [] or path != paths[0]
        assert looks.check(path) == said
        assert looks.check(path) == said
        assert path == VALUES or VALUES not in looks.read
        assert len(looks.session.files) == 1
        for entry in looks.session.all_files:
            for content in list(_poisons(entry.read_bytes())):
                entry.write_bytes(content)
                assert looks.check(path) == said


COMES_TO_MATTER: dict[str, tuple[str, str, str]] = {
    "nginx": ("sites/app.conf", "# nothing here\n", NGINX.partition("{")[2].rpartition("}")[0]),
    "a manifest": ("app.yaml", "a: 1\n", "apiVersion: v1\nkind: Service\nmetadata:\n  name: [\n"),
    "a template": ("cfn.yaml", "a: 1\n", "Resources:\n  Lb: [\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n"),
    "code": ("chat.js", "let a = 1\n", "app.ws('/chat', (socket) => {\n" + "f(" * 3000),
    "another kind": ("deploy/web.yaml", "a: 1\n", "kind: VirtualServer\napiVersion: k8s.nginx.org/v1\n"),
    "a plan": ("plan.json", "[1, 2]\n", '{"format_version": "1.2", "planned_values": 1}\n'),
}
"""Files in which there is nothing, and what is said of once they hold something else."""


@pytest.mark.parametrize("kind", COMES_TO_MATTER)
def test_a_file_that_is_written_again_is_read_again(kind: str, looks: Looks, project: Path) -> None:
    path, nothing, something = COMES_TO_MATTER[kind]
    size = max(len(nothing), len(something))
    file = project / path
    write(project, {path: nothing.ljust(size, "\n")})
    looks.check("nginx.conf")
    looks.check("nginx.conf")
    assert path not in looks.read
    before = file.stat()
    file.write_text(something.ljust(size, "\n"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    said = looks.check("nginx.conf")
    assert path in looks.read
    assert looks.check("--no-cache", "nginx.conf") == said


def test_scripts_that_start_no_server_are_not_read_again(looks: Looks, project: Path) -> None:
    starting, others = "exec uvicorn main:app --port 8123\n", "mkdir -p /srv/2024\ngit checkout -b next-20\n"
    write(project, {"main.py": "app = FastAPI()\n", "start.sh": starting, "backup.sh": others})
    said = looks.check("nginx.conf")
    assert {"start.sh", "backup.sh"} <= looks.read
    assert looks.check("nginx.conf") == said
    assert looks.read >= {"start.sh"}
    assert "backup.sh" not in looks.read


def test_what_a_copy_of_the_process_saw_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glances, "SETTLED", -(10**18))
    write(tmp_path, dict.fromkeys(("both.py", "copy.py", "new.py"), "print(1)\n"))
    here, copy = (glances.Glances(str(tmp_path / "cache"), str(tmp_path)) for _ in range(2))
    here.look("routes", "both.py", lambda: False)
    for look, path in (("streams", "both.py"), ("streams", "copy.py"), ("streams", "new.py"), ("routes", "new.py")):
        copy.look(look, path, lambda: False)
    copy.keep("copy.py", ["parsed"])
    write(tmp_path, {"new.py": "print(22)\n"})
    here.look("routes", "new.py", lambda: True)
    here.take_over(copy.hand_over())
    asked = [(look, path) for look in ("routes", "streams") for path in ("both.py", "copy.py", "new.py")]
    assert [pair for pair in asked if here.look(*pair, lambda: True)] == [
        ("routes", "copy.py"),
        ("routes", "new.py"),
        ("streams", "new.py"),
    ]
    assert here.recall("copy.py", list[str]) == ["parsed"]


def test_files_are_the_same_from_wherever_they_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glances, "SETTLED", -(10**18))
    monkeypatch.setattr(glances, "FEWEST", 1)
    root = tmp_path / "project"
    write(root, {"web/chat.py": "print(1)\n", "web/web/chat.py": "print(22)\n"})
    paths = ["web/chat.py", "web/web/chat.py"]
    monkeypatch.chdir(root)
    first = glances.Glances(str(tmp_path / "cache"), str(root))
    assert first.sift("streams", paths, lambda _: []) == []
    first.save()
    for folder in (root, root / "web", tmp_path):
        monkeypatch.chdir(folder)
        assert glances.Glances(str(tmp_path / "cache"), str(root)).sift("streams", paths, list) == []


def test_looks_at_files_that_changed_a_moment_ago_are_not_remembered(
    looks: Looks, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"notes.py": "print(1)\n"})
    monkeypatch.setattr(glances, "SETTLED", 2_000_000_000)
    looks.check("nginx.conf")
    looks.check("nginx.conf")
    assert "notes.py" in looks.read


SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  ports:\n    - port: 80\n"


def test_manifests_are_parsed_once(looks: Looks, project: Path) -> None:
    manifests = {f"k8s/{name}.yaml": SERVICE.replace("{name}", name) for name in ("api", "chat", "web")}
    write(project, {**manifests, "k8s/shared.yaml": SERVICE.replace("{name}", "&a b") + "---\nkind: *a\n"})
    said = looks.check("nginx.conf")
    assert looks.read >= manifests.keys()
    assert looks.check("nginx.conf") == said
    assert looks.read.isdisjoint(manifests)
    assert "k8s/shared.yaml" in looks.read
    write(project, {"k8s/api.yaml": "# the first of them\n" + manifests["k8s/api.yaml"]})
    assert looks.check("nginx.conf") == said
    assert looks.read & manifests.keys() == {"k8s/api.yaml"}


def test_a_manifest_says_where_it_is_wrong_whatever_grew_before_it(looks: Looks, project: Path) -> None:
    wrong = SERVICE.replace("{name}", "web\n  labels:\n    tier: 1")
    write(project, {"k8s/api.yaml": SERVICE.replace("{name}", "api"), "k8s/web.yaml": wrong})
    for lines in (0, 1, 200):
        write(project, {"k8s/api.yaml": "#\n" * lines + SERVICE.replace("{name}", "api")})
        said = looks.check("--no-cache", "k8s/web.yaml")
        assert "k8s/web.yaml:6" in said[0]
        assert looks.check("k8s/web.yaml") == said
        assert looks.check("k8s/web.yaml") == said


def test_few_looks_are_not_written_down(looks: Looks, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glances, "FEWEST", 500)
    looks.check("nginx.conf")
    assert looks.session.files == []


def test_a_link_is_looked_at_each_time(looks: Looks, project: Path) -> None:
    write(project, {"real/notes.py": "print(1)\n"})
    (project / "notes.py").symlink_to("real/notes.py")
    looks.check("nginx.conf")
    looks.check("nginx.conf")
    assert "notes.py" in looks.read
    assert "real/notes.py" not in looks.read


def test_a_file_from_before_1970_is_looked_at_each_time(looks: Looks, project: Path) -> None:
    write(project, {"notes.py": "print(1)\n"})
    os.utime(project / "notes.py", (-10.0, -10.0))
    looks.check("nginx.conf")
    looks.check("nginx.conf")
    assert "notes.py" in looks.read


def _add_file(project: Path) -> None:
    write(project, {"sites/deep/b.conf": NGINX.replace("app:8000", "other:8000")})


def _remove_file(project: Path) -> None:
    (project / "sites/deep/a.conf").unlink()


def _rename_folder(project: Path) -> None:
    (project / "sites/deep").rename(project / "sites/flat")


def _replace_by_link(project: Path) -> None:
    (project / "sites").rename(project.parent / "elsewhere")
    (project / "sites").symlink_to(project.parent / "elsewhere")


def _put_link(project: Path) -> None:
    (project / "sites/deep/c.conf").symlink_to("a.conf")


def _replace_folder(project: Path) -> None:
    shutil.rmtree(project / "sites/deep")
    write(project, {"sites/deep": NGINX})


CHANGES_OF_FOLDERS = [_add_file, _remove_file, _rename_folder, _replace_by_link, _put_link, _replace_folder]


@pytest.mark.parametrize("change", CHANGES_OF_FOLDERS)
def test_what_comes_to_a_folder_and_goes_is_seen(
    change: Callable[[Path], None], looks: Looks, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"sites/deep/a.conf": NGINX, "sites/empty/.gitkeep": "", "infralint.yaml": "fail_on: never\n"})
    looks.check("infralint.yaml")
    with monkeypatch.context() as listening:
        listed = _listen(listening, ("scandir",))
        before = looks.check("infralint.yaml")
    assert not any(path.startswith(str(project)) for path in listed)
    change(project)
    after = looks.check("infralint.yaml")
    assert after != before
    assert after == looks.check("--no-cache", "infralint.yaml")
    assert after == looks.check("infralint.yaml")


def test_a_folder_that_changed_a_moment_ago_is_listed_again(
    looks: Looks, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glances, "SETTLED", 2_000_000_000)
    looks.check("nginx.conf")
    listed = _listen(monkeypatch, ("scandir",))
    looks.check("nginx.conf")
    assert str(project) in listed
