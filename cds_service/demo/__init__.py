"""The example patients of demo mode, and the small FHIR server that holds them."""
