"""Rules as compiled data, the policy they run under, and plain evaluation of conditions."""
