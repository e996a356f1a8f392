"""Languages as tables: what each grammar calls the things that all languages have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import msgspec


class Language(msgspec.Struct, frozen=True, dict=True):
    """A language's words for what all have.

    calls: node kind -> fields of the callee, of its receiver (empty: part of the callee) and of the arguments.
    members: node kind -> fields of the owner and of the name. assignments: node kind -> fields of target and value.
    pairs: node kind -> fields of key and value, `0` and `1` for the first and second child.
    """

    name: str
    endings: Mapping[str, str]
    calls: Mapping[str, tuple[str, str, str]]
    members: Mapping[str, tuple[str, str]]
    assignments: Mapping[str, tuple[str, str]]
    pairs: Mapping[str, tuple[str, str]]
    functions: frozenset[str]
    classes: frozenset[str]
    strings: frozenset[str]
    identifiers: frozenset[str] = frozenset({"identifier"})
    decorated: str = ""

    @cached_property
    def looked_for(self) -> Mapping[str, str]:
        """The kinds of nodes that nearly every file of the language is asked for, each with what it is."""
        return {
            **dict.fromkeys(self.calls, "call"),
            **dict.fromkeys(self.assignments, "assignment"),
            **dict.fromkeys(self.functions | self.classes, "definition"),
            **dict.fromkeys(self.strings, "string"),
            **dict.fromkeys(["decorator"] if self.decorated else [], "decorator"),
        }


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PYTHON = Language(
    "python",
    {"py": "python"},
    {"call": ("function", "", "arguments")},
    {"attribute": ("object", "attribute")},
    {"assignment": ("left", "right"), "named_expression": ("name", "value")},
    {"keyword_argument": ("name", "value"), "pair": ("key", "value")},
    _words("function_definition lambda"),
    _words("class_definition"),
    _words("string concatenated_string"),
    decorated="decorated_definition",
)
JAVASCRIPT = Language(
    "javascript",
    {
        **dict.fromkeys(("js", "jsx", "mjs", "cjs"), "javascript"),
        **dict.fromkeys(("ts", "mts", "cts"), "typescript"),
        **dict.fromkeys(("tsx", "vue", "svelte", "astro"), "tsx"),
    },
    {
        "call_expression": ("function", "", "arguments"),
        "new_expression": ("constructor", "", "arguments"),
    },
    {"member_expression": ("object", "property")},
    {
        "variable_declarator": ("name", "value"),
        "assignment_expression": ("left", "right"),
        "public_field_definition": ("name", "value"),
        "field_definition": ("property", "value"),
    },
    {"pair": ("key", "value")},
    _words(
        "function_declaration generator_function_declaration function_expression generator_function arrow_function"
        " method_definition"
    ),
    _words("class_declaration abstract_class_declaration class"),
    _words("string template_string"),
    _words("identifier property_identifier shorthand_property_identifier type_identifier"),
    "decorator",
)
GO = Language(
    "go",
    {"go": "go"},
    {"call_expression": ("function", "", "arguments"), "composite_literal": ("type", "", "body")},
    {"selector_expression": ("operand", "field"), "qualified_type": ("package", "name")},
    {
        "short_var_declaration": ("left", "right"),
        "assignment_statement": ("left", "right"),
        "var_spec": ("name", "value"),
        "const_spec": ("name", "value"),
    },
    {"keyed_element": ("0", "1")},
    _words("function_declaration method_declaration func_literal"),
    _words("type_spec"),
    _words("interpreted_string_literal raw_string_literal"),
    _words("identifier field_identifier type_identifier package_identifier"),
)
JAVA = Language(
    "java",
    {"java": "java"},
    {
        "method_invocation": ("name", "object", "arguments"),
        "object_creation_expression": ("type", "", "arguments"),
        "annotation": ("name", "", "arguments"),
        "marker_annotation": ("name", "", "arguments"),
    },
    {"field_access": ("object", "field"), "method_reference": ("0", "last")},
    {"variable_declarator": ("name", "value"), "assignment_expression": ("left", "right")},
    {"element_value_pair": ("key", "value")},
    _words("method_declaration constructor_declaration lambda_expression"),
    _words("class_declaration interface_declaration record_declaration"),
    _words("string_literal"),
    _words("identifier type_identifier"),
)
KOTLIN = Language(
    "kotlin",
    {"kt": "kotlin", "kts": "kotlin"},
    {"call_expression": ("0", "", "1"), "constructor_invocation": ("0", "", "1")},
    {"navigation_expression": ("0", "1")},
    {"property_declaration": ("variable_declaration", "last")},
    {"value_argument": ("0", "1")},
    _words("function_declaration lambda_literal"),
    _words("class_declaration object_declaration"),
    _words("string_literal"),
    _words("simple_identifier type_identifier"),
)
CSHARP = Language(
    "csharp",
    {"cs": "csharp"},
    {
        "invocation_expression": ("function", "", "arguments"),
        "object_creation_expression": ("type", "", "arguments"),
        "attribute": ("name", "", "attribute_argument_list"),
    },
    {"member_access_expression": ("expression", "name")},
    {"variable_declarator": ("0", "1"), "assignment_expression": ("left", "right")},
    {},
    _words("method_declaration local_function_statement lambda_expression constructor_declaration"),
    _words("class_declaration record_declaration"),
    _words("string_literal verbatim_string_literal interpolated_string_expression"),
)
RUBY = Language(
    "ruby",
    {"rb": "ruby", "ru": "ruby"},
    {"call": ("method", "receiver", "arguments")},
    {},
    {"assignment": ("left", "right")},
    {"pair": ("key", "value")},
    _words("method singleton_method block do_block lambda"),
    _words("class module"),
    _words("string"),
    _words("identifier constant"),
)
PHP = Language(
    "php",
    {"php": "php"},
    {
        "function_call_expression": ("function", "", "arguments"),
        "member_call_expression": ("name", "object", "arguments"),
        "scoped_call_expression": ("name", "scope", "arguments"),
        "object_creation_expression": ("0", "", "arguments"),
    },
    {"member_access_expression": ("object", "name")},
    {"assignment_expression": ("left", "right")},
    {"array_element_initializer": ("0", "1")},
    _words("function_definition method_declaration anonymous_function arrow_function"),
    _words("class_declaration"),
    _words("string encapsed_string"),
    _words("name"),
)
RUST = Language(
    "rust",
    {"rs": "rust"},
    {"call_expression": ("function", "", "arguments"), "attribute": ("0", "", "arguments")},
    {"field_expression": ("value", "field"), "scoped_identifier": ("path", "name")},
    {"let_declaration": ("pattern", "value"), "const_item": ("name", "value"), "static_item": ("name", "value")},
    {},
    _words("function_item closure_expression"),
    _words("struct_item impl_item"),
    _words("string_literal raw_string_literal"),
    _words("identifier field_identifier type_identifier"),
)
ELIXIR = Language(
    "elixir",
    {"ex": "elixir", "exs": "elixir"},
    {"call": ("target", "", "1")},
    {"dot": ("left", "right")},
    {},
    {"pair": ("key", "value")},
    frozenset(),
    frozenset(),
    _words("string"),
    _words("identifier alias"),
)
NOT_IN: Mapping[str, frozenset[str]] = {
    "javascript": _words("public_field_definition abstract_class_declaration type_identifier instantiation_expression"),
    "typescript": _words("field_definition"),
    "tsx": _words("field_definition"),
}
"""Kinds of a language that one of its grammars does not have."""
LISTS = _words("array list tuple array_initializer collection_literal element_value_array_initializer")
"""Kinds of nodes that list several values in the place of one."""
CONDITIONS = _words(
    "if_statement else_clause conditional_expression ternary_expression switch_case expression_case case_clause"
    " match_statement except_clause catch_clause if_expression match_arm when_entry if unless if_modifier unless_modifier"
    " else when switch_section communication_case type_case"
)
"""Kinds of nodes what is in which is done only sometimes."""
LANGUAGES = (PYTHON, JAVASCRIPT, GO, JAVA, KOTLIN, CSHARP, RUBY, PHP, RUST, ELIXIR)
BY_ENDING = {ending: language for language in LANGUAGES for ending in language.endings}


def language_of(path: str) -> Language | None:
    """The language of a file, by its ending."""
    return BY_ENDING.get(path.rpartition(".")[2])
