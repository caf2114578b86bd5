"""What a customer's facts mean for offers: cases, taints and the profile."""
