"""The only folder that knows Flask: one file for each endpoint, and one shape for every error."""
