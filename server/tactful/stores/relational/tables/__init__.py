"""Functions on single tables, which run inside the writer's transactions."""
