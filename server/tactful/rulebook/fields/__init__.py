"""The fields that conditions read, and how each is read from a scene."""
