"""CDS Hooks service that checks vitamin B12 orders and follows B12 therapy in FHIR data."""

__version__ = "0.1.0"
