"""Session connections: the hub, the session handler, SSE and the mounted ASGI variant."""
