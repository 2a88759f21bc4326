"""Benchmarks of the write side: see README.md."""
