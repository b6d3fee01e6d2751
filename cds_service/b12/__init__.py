"""The therapy itself: doses, timeline, episode, protocols. Knows no FHIR JSON, HTTP, clock or environment."""
