"""Rules as compiled data, the policy they run under, and conditions read plainly."""
