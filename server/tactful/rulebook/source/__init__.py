"""Reading of rule files: text, tree, places and diagnostics."""
