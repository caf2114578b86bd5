"""The edges: sockets and HTTP."""
