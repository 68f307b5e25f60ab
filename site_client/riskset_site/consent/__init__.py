"""What a hospital is asked, what it signs, and whether it holds now."""
