"""What benchmarks are made of: where they run, what they send, and what they look at."""
