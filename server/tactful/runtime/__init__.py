"""The order of work around a decision, free of technology: it speaks through its ports."""
