"""The language of rule files: value types, sections, conditions and their parsed form."""
