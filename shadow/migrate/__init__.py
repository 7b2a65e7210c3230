"""Everything around the move itself: controllers converted, live objects handed over, the whole way rehearsed."""
