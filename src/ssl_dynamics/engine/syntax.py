"""Syntax trees as text, the same under every Python that reads the source as the same program.

`ast.dump` is not: minor versions differ in the fields that a node has, in those that are shown where they are empty, in
empty texts and prefixes inside f-strings, and in the characters that `repr` escapes.
"""

import ast


def text_of(node: object) -> str:
    """A node, a list of nodes or a value as text, without places in the file; what is empty or lacking is left out."""
    match node:
        case ast.AST():
            fields = [(name, value) for name, value in sorted(_fields(node).items()) if value not in (None, [])]
            return f"{type(node).__name__}({','.join(f'{name}={text_of(value)}' for name, value in fields)})"
        case list():
            return f"[{','.join(map(text_of, node))}]"
        case int() if not isinstance(node, bool):
            return hex(node)  # in decimals Python refuses long ones
        case _:
            return ascii(node)


def _fields(node: ast.AST) -> dict[str, object]:
    """The fields of a node, but for those parts of f-strings on which versions disagree."""
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.JoinedStr):
        fields["values"] = [part for part in node.values if not (isinstance(part, ast.Constant) and part.value == "")]
    elif isinstance(node, ast.Constant):
        fields.pop("kind", None)  # the u of u"…"
    return fields
