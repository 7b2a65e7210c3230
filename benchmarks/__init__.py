"""What a call costs, and beside what: see docs/performance.md. Run by `make bench`, never by `make test`."""
