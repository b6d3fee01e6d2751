"""Client code of others stands in the repository byte for byte as it came, each with its licence."""

from __future__ import annotations

import hashlib
import tomllib
from typing import Any

import pytest

from cds_service.web.pages import FOLDER

VENDOR = FOLDER / "vendor"
PACKAGES: list[dict[str, Any]] = tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))["package"]


@pytest.mark.parametrize("package", PACKAGES, ids=[one["name"] for one in PACKAGES])
def test_a_package_is_as_it_came(package: dict[str, Any]) -> None:
    hashes = {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in package["files"]}
    assert hashes == package["files"]


@pytest.mark.parametrize("package", PACKAGES, ids=[one["name"] for one in PACKAGES])
def test_a_package_has_its_licence_beside_it(package: dict[str, Any]) -> None:
    assert {"name", "version", "licence", "use", "files"} <= set(package)
    assert [name for name in package["files"] if name.endswith("LICENSE")]


def test_nothing_else_is_there() -> None:
    listed = {name for package in PACKAGES for name in package["files"]}
    assert {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()} == {
        *listed,
        "VENDOR.toml",
    }
