"""
The exceptions of this service, and nothing else.

CdsError
├── TooManyCalls        429  the caller asks for more than it may at once or in a minute
├── Unauthorized        401  the caller's token does not hold; never says why to the caller
├── RequestError            the caller's request cannot be answered
│   ├── MalformedRequest    400  not JSON, or a field is missing or of the wrong type
│   ├── WrongPatient        400  the Patient sent is not the patient of the context
│   ├── RequestTooLarge     413  more bytes, depth or resources than the settings allow
│   ├── UnsupportedMedia    415  not JSON by its content type
│   └── DataMissing         412  data that the service needs was not sent
├── KnowledgeFault          a protocol, code set or card text is broken: the service does not start
├── SettingsFault           a setting is unknown or wrong: the service does not start
│   └── ClientsFault        the file of clients is broken
├── OutputFault             something we built is not valid FHIR R4 or CDS Hooks: it is not sent
├── OutboundFault           another server was not called, or did not answer usably
└── StoreUnavailable        503  what must be kept could not be written to disk

A message reads "expected ..., got ... at <path>" and never holds a patient's value.
"""

from __future__ import annotations

from typing import Literal


class CdsError(Exception):
    """Root of everything this service raises on purpose."""


class Unauthorized(CdsError):
    """
    The caller's token is missing or does not hold. The message is for the operator; the caller gets a bare 401.

    `issuer`, `tenant` and `jti` are what an unproved token says of itself: all of it that may be logged.
    """

    def __init__(self, message: str, issuer: str = "", tenant: str = "", jti: str = "") -> None:
        super().__init__(message)
        self.issuer, self.tenant, self.jti = issuer, tenant, jti


class TooManyCalls(CdsError):
    """The caller asks for more than it may; `limit` says which, `seconds` when to come back."""

    def __init__(self, limit: str, seconds: int) -> None:
        super().__init__(f"expected fewer calls, got too many ({limit}); come back in {seconds} s")
        self.limit, self.seconds = limit, seconds


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


class ClientsFault(SettingsFault):
    """The file of clients is broken; names file, line, key and what was expected, and repeats no value."""

    def __init__(self, file: str, key: str, message: str, line: int | None = None) -> None:
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {key}: {message}")


class OutputFault(CdsError):
    """Something we built is not valid FHIR R4 or CDS Hooks."""


OutboundKind = Literal[
    "refused-address", "circuit-open", "timeout", "unreachable", "redirect", "status", "not-json", "too-large"
]


class OutboundFault(CdsError):
    """
    Another server was not called, or did not answer usably. The message names no address, token or content.

    `status` is its HTTP status, 0 where there was none; `wait` the seconds that it asked to wait, if it did.
    """

    def __init__(self, kind: OutboundKind, status: int = 0, wait: float | None = None) -> None:
        super().__init__(f"expected an answer from another server, got {kind}" + (f" {status}" if status else ""))
        self.kind, self.status, self.wait = kind, status, wait


class StoreUnavailable(CdsError):
    """What must be kept could not be written to disk."""
