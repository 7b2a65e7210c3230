"""The configuration: its form, its reading, its digests, and watching it for changes."""
