"""The console: pages for people who watch and explain decisions."""
