"""The only folder that knows FHIR JSON: reading it leniently, writing it strictly."""
