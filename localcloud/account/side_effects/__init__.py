"""What controllers make in an account by themselves, and what they leave behind."""
