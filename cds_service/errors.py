"""
The exceptions of this service, and nothing else.

CdsError
├── Unauthorized        401  the caller's token does not hold; never says why to the caller
├── RequestError            the caller's request cannot be answered
│   ├── MalformedRequest    400  not JSON, or a field is missing or of the wrong type
│   ├── WrongPatient        400  the Patient sent is not the patient of the context
│   ├── RequestTooLarge     413  more bytes, depth or resources than the settings allow
│   ├── UnsupportedMedia    415  not JSON by its content type
│   └── DataMissing         412  data that the service needs was not sent
├── KnowledgeFault          a protocol, code set or card text is broken: the service does not start
├── SettingsFault           a setting is unknown or wrong: the service does not start
├── OutputFault             something we built is not valid FHIR R4 or CDS Hooks: it is not sent
└── StoreUnavailable        503  what must be kept could not be written to disk

A message reads "expected ..., got ... at <path>" and never holds a patient's value.
"""

from __future__ import annotations


class CdsError(Exception):
    """Root of everything this service raises on purpose."""


class Unauthorized(CdsError):
    """The caller's token is missing or does not hold. The message is for the operator; the caller gets a bare 401."""


class RequestError(CdsError):
    """
    A request that cannot be answered.

    `path` is where in the request the fault is (a JSONPath such as `$.context.patientId`),
    `status` the HTTP status, `issue` the FHIR OperationOutcome issue type.
    """

    status = 400
    issue = "invalid"

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(message)
        self.path = path


class MalformedRequest(RequestError):
    """The body is not JSON, or a field is missing or of the wrong type."""


class WrongPatient(RequestError):
    """The Patient resource sent is not the patient named in the context."""


class RequestTooLarge(RequestError):
    """More bytes, depth or resources than the settings allow."""

    status = 413
    issue = "too-long"


class UnsupportedMedia(RequestError):
    """The content type is not JSON."""

    status = 415
    issue = "not-supported"


class DataMissing(RequestError):
    """Data without which nothing true can be said was not sent."""

    status = 412
    issue = "required"


class KnowledgeFault(CdsError):
    """A protocol, code set or card text is broken; names file, line, key and what was expected."""

    def __init__(self, file: str, key: str, message: str, line: int | None = None) -> None:
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {key}: {message}")
        self.file, self.key, self.line = file, key, line


class SettingsFault(CdsError):
    """A setting is unknown or has a wrong value."""


class OutputFault(CdsError):
    """Something we built is not valid FHIR R4 or CDS Hooks."""


class StoreUnavailable(CdsError):
    """What must be kept could not be written to disk."""
