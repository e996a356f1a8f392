"""Go's text/template with sprig's functions, as Helm charts use them: parsed, and rendered with the place of every line.

Nothing is executed but the template language itself; steps, depth and length are bounded.
https://pkg.go.dev/text/template, https://masterminds.github.io/sprig/, https://helm.sh/docs/chart_template_guide/
"""

from __future__ import annotations

from infralint.text.go_templates.bounds import TemplateAllowance
from infralint.text.go_templates.functions import merge_values
from infralint.text.go_templates.parsing import TemplateProblem, parse_template
from infralint.text.go_templates.rendering import RenderedOutput, Renderer, TemplateFile
from infralint.text.go_templates.values import NotEvaluated, PlacedText, plain_values

__all__ = [
    "NotEvaluated",
    "PlacedText",
    "RenderedOutput",
    "Renderer",
    "TemplateAllowance",
    "TemplateFile",
    "TemplateProblem",
    "merge_values",
    "parse_template",
    "plain_values",
]
