"""Which folders are deployments, which are modules for others, and what values a deployment is given."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from infralint.model import Location, Unreadable
from infralint.project import CantRead
from infralint.project.config import TerraformRoot
from infralint.sources.terraform.folders import VALUES, TerraformFolders, join
from infralint.sources.terraform.hcl import HclError, HclFile, parse_values
from infralint.sources.terraform.modules import WITHOUT_VALUE, VariableValue
from infralint.sources.terraform.terragrunt import Terragrunt
from infralint.sources.terraform.values import Hole
from infralint.text.wording import listing

EXAMPLES = frozenset({"example", "examples", "test", "tests", "fixtures"})
MODULES = frozenset({"module", "modules"})
INPUTS = "name the folder under `terraform: roots:` in infralint.yaml with its values, or hand in a plan (terraform show -json)"


class Root(msgspec.Struct, frozen=True):
    """A folder to judge, with an environment's values.

    uncalled: found, not named: it may be a library, whose inputs are nobody's. elsewhere: why its
    inputs may come from a place that is not read.
    """

    path: str
    uncalled: bool = False
    environment: str = ""
    workspace: str = "default"
    var_files: tuple[str, ...] = ()
    given: Mapping[str, str] = {}
    elsewhere: Hole | None = None


def roots(tree: TerraformFolders) -> list[Root]:
    """The folders to judge. Those that others call are judged through their callers."""
    settings = tree.project.settings.terraform
    terragrunt = Terragrunt(tree)
    configured = [_root_of(root) for root in settings.roots]
    named = {root.path for root in configured}
    found = [Root(path, uncalled=True) for path in _uncalled_folders(tree, terragrunt) if path not in named]
    shared = tuple(settings.var_files)
    return [
        replace(
            root,
            var_files=(*root.var_files, *shared),
            given=settings.variables,
            elsewhere=_elsewhere(tree, root, terragrunt),
        )
        for root in configured + found
    ]


def _elsewhere(tree: TerraformFolders, root: Root, terragrunt: Terragrunt) -> Hole | None:
    """Why a root's inputs can't be told, where Terragrunt gives them."""
    where = terragrunt.deploys(root.path)
    if where is None or (where == terragrunt.anywhere and (not root.uncalled or _has_values(tree, root.path))):
        return None
    return Hole(f"{where.path} may give the inputs of this module, and infralint does not work them out", where, INPUTS)


def _root_of(configured: TerraformRoot) -> Root:
    inside = join("", configured.path)
    path = configured.path if inside is None else inside
    files = tuple(posixpath.join(path, name) for name in configured.var_files)
    stems = [posixpath.basename(name).partition(".")[0] for name in configured.var_files]
    return Root(path, False, configured.workspace or ", ".join(stems), configured.workspace or "default", files)


def _uncalled_folders(tree: TerraformFolders, terragrunt: Terragrunt) -> list[str]:
    """Folders that lead to a load balancer and that nobody (or Terragrunt) calls; of a circle of callers, the first."""
    skipped = _example_folders(tree)
    wanted = sorted(folder for folder in tree.leading if folder in tree.files and folder not in skipped)
    found = [
        folder
        for folder in wanted
        if terragrunt.names(folder) or not tree.callers.get(folder, set()) - skipped - {folder}
    ]
    reached = _reachable_folders(tree, found)
    for folder in wanted:
        if folder not in reached:
            found.append(folder)
            reached |= _reachable_folders(tree, [folder])
    return found


def _reachable_folders(tree: TerraformFolders, starts: list[str]) -> set[str]:
    found, pending = set(starts), list(starts)
    while pending:
        for target in tree.calls.get(pending.pop(), ()):
            if target not in found:
                found.add(target)
                pending.append(target)
    return found


def _example_folders(tree: TerraformFolders) -> set[str]:
    """Examples of a repository that is a module itself: they call what stands above them."""
    examples = {folder for folder in tree.files if EXAMPLES & set(folder.split("/"))}
    shows = any(target not in examples and target in tree.files for folder in examples for target in tree.calls[folder])
    return examples if shows else set()


def is_library(tree: TerraformFolders, path: str) -> bool:
    """Whether a folder that no deployment calls is a module for others, and not a deployment itself."""
    if MODULES & set(path.split("/")) or tree.callers.get(path, set()) - {path}:
        return True
    folder = tree.folder(path)
    settled = folder.providers or any(block.of(kind) for block in folder.settings for kind in ("backend", "cloud"))
    if settled or _has_values(tree, path):
        return False
    required = any("default" not in block.attributes for block in folder.variables.values())
    versioned = any(block.of("required_providers") for block in folder.settings)
    return bool(folder.outputs) and (required or versioned)


def remedy(tree: TerraformFolders, root: Root) -> str:
    """How to give the values that a root lacks: the files that lie there ready, if any."""
    if root.var_files:
        return WITHOUT_VALUE
    prefix = f"{root.path}/" if root.path else ""
    automatic = set(_automatic(tree, root.path))
    near = [files for folder, files in tree.values.items() if f"{folder}/".startswith(prefix)]
    ready = [file for files in near for file in files if file.endswith(VALUES) and file not in automatic]
    if not ready:
        return WITHOUT_VALUE
    shown = listing([tree.project.show(file) for file in ready], "or", most=3)
    return f"pass --tf-var-file with {shown}, or name them under `terraform: roots:` in infralint.yaml"


def _has_values(tree: TerraformFolders, path: str) -> bool:
    """Whether values, or a lock file, lie in a folder or one below it: somebody deploys it."""
    prefix = f"{path}/" if path else ""
    return any(
        folder == path or (folder.startswith(prefix) and "/" not in folder[len(prefix) :]) for folder in tree.values
    )


class BadValues(Exception):
    """A file or option with values that can't be used."""

    def __init__(self, problem: Unreadable) -> None:
        super().__init__(problem.message)
        self.problem = problem


def given_values(tree: TerraformFolders, root: Root) -> tuple[dict[str, VariableValue], list[Unreadable]]:
    """A root's values, later ones winning, as Terraform orders them; and the files that can't be read.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    found = _of_environment() if tree.project.settings.terraform.environment else {}
    problems: list[Unreadable] = []
    for path in value_files(tree, root):
        try:
            found |= _of_file(tree, path)
        except BadValues as error:
            problems.append(error.problem)
    for name, text in root.given.items():
        found[name] = VariableValue(text, Location("--tf-var"), f"--tf-var gives var.{name}")
    return found, problems


def value_files(tree: TerraformFolders, root: Root) -> list[str]:
    """The files that give a root its values, as Terraform reads them."""
    return [*_automatic(tree, root.path), *root.var_files]


def _of_environment() -> dict[str, VariableValue]:
    given = {name.removeprefix("TF_VAR_"): text for name, text in os.environ.items() if name.startswith("TF_VAR_")}
    place = Location("environment")
    return {name: VariableValue(text, place, f"TF_VAR_{name} is set") for name, text in given.items()}


def _automatic(tree: TerraformFolders, folder: str) -> Iterator[str]:
    names = {posixpath.basename(path): path for path in tree.values.get(folder, ())}
    for name in ("terraform.tfvars", "terraform.tfvars.json"):
        if name in names:
            yield names[name]
    yield from sorted(path for name, path in names.items() if name.endswith((".auto.tfvars", ".auto.tfvars.json")))


def _of_file(tree: TerraformFolders, path: str) -> dict[str, VariableValue]:
    shown = tree.project.show(path)
    inside = join("", path)
    if inside is None:
        raise BadValues(Unreadable("leads out of the project, which infralint does not leave", Location(shown)))
    try:
        source = HclFile(shown, tree.text(inside))
        body = parse_values(source)
    except CantRead as error:
        raise BadValues(Unreadable(str(error), Location(shown))) from error
    except HclError as error:
        where = source.at(error.offset)
        message = error.complaint("is not a valid file of variables")
        raise BadValues(Unreadable(message, Location(shown, where.line, where.column))) from error
    if body.blocks:
        raise BadValues(Unreadable("is not a valid file of variables: it takes no blocks", body.blocks[0].where))
    return {
        name: VariableValue(attribute.value, attribute.where, f"{posixpath.basename(path)} sets var.{name}")
        for name, attribute in body.attributes.items()
    }
