"""The page: what the API says, rendered on the server for whoever is on call. Reads well without JavaScript."""
