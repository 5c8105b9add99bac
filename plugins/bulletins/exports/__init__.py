"""What the site writes for programs."""
