"""How a report looks in a browser. The page of a running proxy is dressed the same."""
