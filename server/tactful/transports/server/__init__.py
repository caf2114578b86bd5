"""One port for HTTP and WebSocket: accept, parse heads, shake hands, read frames, keep deadlines."""
