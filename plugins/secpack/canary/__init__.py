"""What canaries state, how that changes, and whether it holds."""
