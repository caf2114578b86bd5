"""Statistics of experiments: what offers earned, compared with shoppers who saw none."""
