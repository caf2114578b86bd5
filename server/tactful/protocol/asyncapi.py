"""The session's messages as an AsyncAPI 3 document, generated from the message structs."""

from typing import Any, get_args

import msgspec

from tactful.protocol import close_codes
from tactful.protocol.messages import ClientMessage, ServerMessage

_REF = "#/components/schemas/{name}"


def document(version: str) -> dict[str, Any]:
    """Return the AsyncAPI document of the session channel.

    Args:
        version: The version of the product, which the document names.
    """
    directions = {"fromClient": get_args(ClientMessage), "fromServer": get_args(ServerMessage)}
    structs = [struct for side in directions.values() for struct in side]
    _, schemas = msgspec.json.schema_components(structs, ref_template=_REF)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Tactful session", "version": version},
        "channels": {"session": _channel(structs)},
        "operations": {
            "receive": _operation("receive", directions["fromClient"]),
            "send": _operation("send", directions["fromServer"]),
        },
        "components": {
            "schemas": schemas,
            "messages": {_tag(struct): _message(struct) for struct in structs},
        },
        "x-close-codes": [msgspec.to_builtins(row) for row in close_codes.TABLE],
    }


def _channel(structs: list[type[msgspec.Struct]]) -> dict[str, Any]:
    return {
        "address": "/v1/session",
        "messages": {
            _tag(struct): {"$ref": f"#/components/messages/{_tag(struct)}"} for struct in structs
        },
        "bindings": {"ws": {"method": "GET"}},
        "x-subprotocol": "tactful.v1",
    }


def _operation(action: str, structs: tuple[type[msgspec.Struct], ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": "#/channels/session"},
        "messages": [{"$ref": f"#/channels/session/messages/{_tag(struct)}"} for struct in structs],
    }


def _message(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "name": _tag(struct),
        "summary": (struct.__doc__ or "").strip(),
        "contentType": "application/json",
        "payload": {"$ref": _REF.format(name=struct.__name__)},
    }


def _tag(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)
