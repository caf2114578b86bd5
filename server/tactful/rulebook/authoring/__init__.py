"""Tools for the authors of rules: explanations, differences, layout, schema, templates."""
