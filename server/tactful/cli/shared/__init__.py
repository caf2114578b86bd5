"""Parts that several commands share: options, output, errors, and access to a server."""
