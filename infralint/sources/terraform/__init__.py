"""Terraform: load balancers and what stands behind them, on the values that Terraform would use."""

from __future__ import annotations

from infralint.model import Reading
from infralint.project import Project
from infralint.sources.terraform.folders import ENDINGS, VALUES, TerraformFolders


def read(project: Project) -> Reading:
    """Every deployment of a project, and its plans. Files that Terraform would refuse are unreadable; the rest is judged.

    Where a look at the files finds nothing that could be a hop, what works them out is not imported.
    """
    reading = Reading("terraform")
    tree = TerraformFolders(project)
    plans = tree.find_plans()
    settings = project.settings.terraform
    if plans or tree.leading or any(tree.far_modules.values()) or settings.roots or settings.variables:
        from infralint.sources.terraform.deployments import read_into

        read_into(reading, tree, plans)
    reading.unreadable = list(dict.fromkeys([*reading.unreadable, *tree.unreadable]))
    endings = (*ENDINGS, *VALUES)
    last = {ending.rpartition(".")[2] for ending in endings}
    reading.files += [project.show(path) for path in project.files_ending(*last) if path.endswith(endings)]
    return reading
