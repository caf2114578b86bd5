"""The reference of the HTTP API's endpoints and objects, generated from its OpenAPI document."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tactful.api.openapi import describe
from tactful.app import build
from tactful.config import Config

Schema = dict[str, Any]
_PROBLEM = "[ProblemDocument](#problemdocument)"


def api_reference() -> str:
    """Return the page of endpoints and objects."""
    document = _document()
    lines = [
        "# HTTP API: endpoints and objects",
        "",
        "Generated from `GET /openapi.json`, which every server answers.",
        "[The manual of the HTTP API](../server/HTTP.md) explains how they are used.",
        "",
        "## Common problems",
        "",
        "Every endpoint can answer with these.",
        "",
        *_problems(document["components"]["responses"]),
        "## Endpoints",
        "",
    ]
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            lines += _endpoint(method.upper(), path, operation)
    lines += ["## Objects", ""]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += _object(name, schema)
    return "\n".join(lines)


def _document() -> Schema:
    with tempfile.TemporaryDirectory() as folder:
        config = Config(data=Path(folder) / "data", server_key="a-key-for-the-reference-only")
        return describe(build(config).app.routes)


def _endpoint(method: str, path: str, operation: Schema) -> Iterator[str]:
    yield from (f"### {method} {path}", "", f"{operation['summary']}.", "")
    if "security" in operation:
        yield from ("Needs the server key, or the key of a plugin that may do this.", "")
    if parameters := operation.get("parameters"):
        yield from ("| parameter | in | required | meaning |", "|---|---|---|---|")
        for one in parameters:
            required = "yes" if one.get("required") else ""
            meaning = _cell(one.get("description", ""))
            yield f"| `{one['name']}` | {one['in']} | {required} | {meaning} |"
        yield ""
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield from (f"Body, `{kind}`: {_kind(body['schema'])}", "")
    own = {status: one for status, one in operation["responses"].items() if "$ref" not in one}
    yield from _problems(own)


def _problems(responses: Schema) -> Iterator[str]:
    """The table of responses by status."""
    yield from ("| status | answer | problem codes |", "|---|---|---|")
    for name, answer in sorted(responses.items()):
        contents = answer.get("content", {}).values()
        kinds = {_kind(each["schema"]) for each in contents} - {"", _PROBLEM}
        codes = sorted({code for each in contents for code in _codes(each["schema"])})
        named = "; ".join([answer["description"], *sorted(kinds)])
        shown = " ".join(f"`{code}`" for code in codes)
        yield f"| {name.removeprefix('problem_')} | {_cell(named)} | {shown} |"
    yield ""


def _object(name: str, schema: Schema) -> Iterator[str]:
    yield from (f"### {name}", "")
    if "description" in schema:
        yield from (schema["description"], "")
    if properties := schema.get("properties"):
        required = set(schema.get("required", ()))
        yield from ("| field | type | required | meaning |", "|---|---|---|---|")
        for field, one in properties.items():
            needed = "yes" if field in required else ""
            yield f"| `{field}` | {_kind(one)} | {needed} | {_cell(one.get('description', ''))} |"
        yield ""
    elif kind := _kind(schema):
        yield from (kind, "")
    for example in schema.get("examples", ()):
        yield from ("```json", json.dumps(example, indent=2, ensure_ascii=False), "```", "")


def _kind(schema: Schema) -> str:
    """Return a type in words: the shapes of JSON Schema that the document uses."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for joint in ("anyOf", "oneOf", "allOf"):
        if joint in schema:
            kinds = dict.fromkeys(_kind(each) for each in schema[joint])
            return " or ".join(kind for kind in kinds if kind)
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "")
    if kind == "array":
        parts = schema.get("prefixItems") or [schema.get("items") or {}]
        items = ", ".join(_kind(part) for part in parts)
        return f"list of {items}" if items else "list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])}"
    return str(kind)


def _codes(schema: Schema) -> Iterator[str]:
    for part in schema.get("allOf", ()):
        yield from part.get("properties", {}).get("code", {}).get("enum", ())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
