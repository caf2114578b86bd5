"""What runs on a connection: the hub, the session handler, SSE and the mounted ASGI variant."""
