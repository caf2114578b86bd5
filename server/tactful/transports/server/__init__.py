"""One port for HTTP and WebSocket: heads, handshakes, frames and deadlines."""
