"""The files an operator starts from: compose.yaml, the Kubernetes manifests and the alerts name only what there is."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from cds_service import __version__, web
from cds_service.answer import FAILED
from cds_service.cli import main
from cds_service.clients_file import load_clients
from cds_service.fhir.queries import FETCHED
from cds_service.settings import FILE, PREFIX, Settings, settings_table
from tests.helpers.processes import ROOT

Yaml = dict[str, Any]
KUBERNETES = ROOT / "deploy" / "kubernetes"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SETTINGS = {name for name, *_ in settings_table()}
SECRETS = {"database_url", "database_password", "pseudonym_key"}
UNIT = ROOT / "deploy" / "systemd" / "cobalamin-cds.service"
TEXTS = [
    ROOT / "compose.yaml", ROOT / "Dockerfile", ROOT / "deploy" / "README.md", UNIT, *sorted(KUBERNETES.iterdir())
]  # fmt: skip
NAME = {"app.kubernetes.io/name": "cobalamin-cds"}


@cache
def compose() -> Yaml:
    loaded: Yaml = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return loaded


@cache
def manifests() -> dict[tuple[str, str], Yaml]:
    """The resources of the kustomization by kind and name."""
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text("utf-8"))["resources"]
    found = [one for name in listed for one in yaml.safe_load_all((KUBERNETES / name).read_text("utf-8"))]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def pod() -> Yaml:
    template: Yaml = manifests()["StatefulSet", "cobalamin-cds"]["spec"]["template"]
    return template


def container() -> Yaml:
    [only] = pod()["spec"]["containers"]
    return dict(only)


def environment() -> dict[str, str]:
    """What a pod's environment says, the settings of the ConfigMap included."""
    lines = (KUBERNETES / "settings.env").read_text("utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return settings | {one["name"]: one["value"] for one in container()["env"]}


def alerts() -> list[Yaml]:
    [group] = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return list(group["rules"])


def values_in(node: object, *keys: str) -> Iterator[Any]:
    """Everything that stands under one of these keys, however deep."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key in keys)
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in below:
        yield from values_in(value, *keys)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_is_known(path: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", path.read_text("utf-8")))
    assert {name.removesuffix(FILE) for name in named} <= SETTINGS


def test_settings_in_compose_are_taken_with_their_defaults(tmp_path: Path) -> None:
    given = compose()["services"]["service"]["environment"]
    defaults = {name: re.sub(r"\$\{\w+(?::[-?]([^}]*))?\}", r"\1", str(value)) for name, value in given.items()}
    (tmp_path / "secret").write_text("sqlite:///x.db", "utf-8")
    files = {name: str(tmp_path / "secret") for name in defaults if name.endswith(FILE)}
    assert Settings.from_environ(defaults | files).workers == 2


def test_settings_in_the_manifests_are_taken(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sqlite:///x.db", "utf-8")
    files = {name: str(tmp_path / "secret") for name in environment() if name.endswith(FILE)}
    assert Settings.from_environ(environment() | files).clients == "/etc/cobalamin/clients.toml"


def test_commands_are_those_of_the_command_line() -> None:
    assert re.findall(r'^CMD \["cobalamin-cds", "(\w+)"\]', DOCKERFILE, re.MULTILINE) == ["serve"]
    program, command = container()["args"]
    assert (program, command in main.commands) == ("cobalamin-cds", True)


def test_images_are_pinned_by_version() -> None:
    images = [one["image"] for one in compose()["services"].values()]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    unpinned = [image for image in images if not re.search(r":v?\d+\.\d+", image)]
    assert (len(images), unpinned) == (5, [])


def test_our_image_has_the_version_of_the_package() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text("utf-8"))
    [image] = kustomization["images"]
    assert compose()["services"]["service"]["image"] == f"{image['name']}:{__version__}"
    assert image["newTag"] == __version__
    assert kustomization["labels"][0]["pairs"]["app.kubernetes.io/version"] == __version__
    assert container()["image"] == image["name"]


def test_no_file_holds_a_secret() -> None:
    example = yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text("utf-8"))
    assert set(example["stringData"].values()) == {""}
    assert set(example["stringData"]) == SECRETS - {"database_password"}
    for path in [*TEXTS, ALERTS]:
        assert not re.search(r"://[^\s:/@]+:[^\s@<]+@", path.read_text("utf-8")), path.name
        assert "PRIVATE KEY" not in path.read_text("utf-8"), path.name


def test_secrets_come_by_file_and_each_is_where_its_setting_says() -> None:
    mounted = {one["mountPath"] for one in container()["volumeMounts"] if one["name"] == "secrets"}
    assert environment()["COBALAMIN_REPLAY_URL_FILE"] == environment()["COBALAMIN_DATABASE_URL_FILE"]
    for name in SECRETS - {"database_password"}:
        assert environment()[f"{PREFIX}{name.upper()}{FILE}"] in {f"{folder}/{name}" for folder in mounted}
        assert compose()["services"]["service"]["environment"][f"{PREFIX}{name.upper()}{FILE}"].endswith(f"/{name}")
    assert {Path(one["file"]).name for one in compose()["secrets"].values()} == SECRETS
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    assert {"secrets/", "/clients.toml"} <= set(ignored)
    assert {"secrets", "clients.toml"} <= set((ROOT / ".dockerignore").read_text("utf-8").split())


def test_probes_ask_routes_of_the_service(app: Flask) -> None:
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    probes = {name: probe["httpGet"]["path"] for name, probe in container().items() if name.endswith("Probe")}
    live, ready = "/health/live", "/health/ready"
    assert probes == {"startupProbe": live, "livenessProbe": live, "readinessProbe": ready}
    assert {live, ready} <= routes


def test_ports_are_those_that_are_listened_on() -> None:
    port, metrics = Settings().port, int(environment()["COBALAMIN_METRICS_PORT"])
    assert re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.MULTILINE) == [str(port)]
    service = compose()["services"]["service"]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}", f"127.0.0.1:{metrics}:{metrics}"]
    assert service["environment"]["COBALAMIN_METRICS_PORT"] == metrics
    listening = {one["name"]: one["containerPort"] for one in container()["ports"]}
    assert listening == {"http": port, "metrics": metrics}
    targets = [one for (kind, _), found in manifests().items() if kind == "Service" for one in found["spec"]["ports"]]
    assert {one["targetPort"] for one in targets} == set(listening)


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in compose()["services"].values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_user_is_the_images_and_may_not_do_more() -> None:
    [uid] = re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)
    security = pod()["spec"]["securityContext"]
    assert f"--uid {uid} " in DOCKERFILE
    assert {security[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {int(uid)}
    assert security["runAsNonRoot"] is True
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    service = compose()["services"]["service"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_what_is_written_is_written_to_a_volume() -> None:
    """The root is read-only: spool and SQLite lie on the volume, everything that passes under /tmp."""
    [home] = re.findall(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE)
    mounts = {one["mountPath"]: one["name"] for one in container()["volumeMounts"]}
    [claim] = manifests()["StatefulSet", "cobalamin-cds"]["spec"]["volumeClaimTemplates"]
    assert re.findall(r"^WORKDIR (/var\S+)$", DOCKERFILE, re.MULTILINE) == [home]
    assert mounts[home] == claim["metadata"]["name"]
    assert environment()["COBALAMIN_SPOOL_DIR"].startswith(f"{home}/")
    assert f"COBALAMIN_SPOOL_DIR={home}/" in DOCKERFILE
    assert compose()["services"]["service"]["volumes"] == [f"records:{home}"]
    assert ("/tmp" in mounts, compose()["services"]["service"]["tmpfs"]) == (True, ["/tmp"])  # noqa: S108 - a mount


def test_a_volume_holds_more_than_the_spool_may() -> None:
    [claim] = manifests()["StatefulSet", "cobalamin-cds"]["spec"]["volumeClaimTemplates"]
    gibibytes = int(claim["spec"]["resources"]["requests"]["storage"].removesuffix("Gi"))
    assert gibibytes * 2**30 > Settings().spool_bytes


def test_every_volume_and_every_secret_that_is_named_is_there() -> None:
    claims = manifests()["StatefulSet", "cobalamin-cds"]["spec"]["volumeClaimTemplates"]
    volumes = {one["name"] for one in pod()["spec"]["volumes"]} | {one["metadata"]["name"] for one in claims}
    assert {one["name"] for one in container()["volumeMounts"]} == volumes
    for service in compose()["services"].values():
        assert set(service.get("secrets", ())) <= set(compose()["secrets"])
        assert set(service["networks"]) <= set(compose()["networks"])
        assert {one.split(":")[0] for one in service.get("volumes", ())} <= set(compose()["volumes"])


def test_selectors_choose_the_pod() -> None:
    assert pod()["metadata"]["labels"].items() >= NAME.items()
    for (kind, _), one in manifests().items():
        chosen = one["spec"]["podSelector" if kind == "NetworkPolicy" else "selector"]
        assert chosen in (NAME, {"matchLabels": NAME}), kind


def test_no_service_of_the_cluster_becomes_an_unknown_setting() -> None:
    """A Service named cobalamin-cds would put COBALAMIN_CDS_SERVICE_HOST into every pod's environment."""
    assert pod()["spec"]["enableServiceLinks"] is False


def test_a_pod_does_not_reach_private_addresses() -> None:
    """The second wall against requests that a FHIR server's or key set's address would lead astray."""
    policy = manifests()["NetworkPolicy", "cobalamin-cds"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    [excepted] = values_in(policy["egress"], "except")
    assert {"10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(excepted)


def test_alerts_ask_for_metrics_that_the_service_has(client: FlaskClient) -> None:
    text = client.get("/metrics").get_data(as_text=True)
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    had = {f"{name}_bucket" if kind == "histogram" else name for name, kind in kinds.items()}
    source = (ROOT / "cds_service" / "metrics.py").read_text("utf-8")
    for alert in alerts():
        assert set(re.findall(r"cobalamin_\w+", alert["expr"])) <= had, alert["alert"]
        for label in re.findall(r"[{,]\s*(\w+)[!=]", alert["expr"].replace('{job="cobalamin-cds"}', "")):
            assert f'"{label}"' in source, (alert["alert"], label)


def test_alerts_ask_for_values_that_occur() -> None:
    asked = " ".join(alert["expr"] for alert in alerts())
    assert re.findall(r'outcome!="(\w+)"', asked) == [FETCHED]
    [missing] = re.findall(r'missing=~"([^"]+)"', asked)
    assert re.fullmatch(missing, FAILED)
    assert float(re.findall(r"cobalamin_spool_bytes > (\S+)", asked)[0]) < Settings().spool_bytes


def test_an_alert_says_what_to_do_and_how_soon() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert set(alert["annotations"]) == {"summary", "action"}
    assert len({alert["alert"] for alert in alerts()}) == len(alerts())


def test_time_to_stop_is_longer_than_the_servers() -> None:
    from gunicorn.config import Config  # noqa: PLC0415 - loads a good part of gunicorn

    graceful = Config().graceful_timeout
    assert pod()["spec"]["terminationGracePeriodSeconds"] > graceful + 5
    assert int(compose()["services"]["service"]["stop_grace_period"].removesuffix("s")) > graceful


def test_the_example_of_clients_is_taken() -> None:
    assert load_clients(KUBERNETES / "clients.toml")


INSIDE = {"/health", "/version", "/metrics"}
DEMO = {"cds_service.web.demo", "cds_service.web.demo_fhir"}


def test_the_proxy_passes_on_every_route_but_those_of_the_inside() -> None:
    served = Flask(__name__)
    for one in pkgutil.iter_modules(web.__path__, f"{web.__name__}."):
        blueprint = getattr(importlib.import_module(one.name), "blueprint", None)
        if blueprint and one.name not in DEMO:
            served.register_blueprint(blueprint)
    routes = {f"/{rule.rule.split('/')[1]}" for rule in served.url_map.iter_rules() if rule.endpoint != "static"}
    page = (ROOT / "deploy" / "README.md").read_text("utf-8")
    passed = {
        path for row in re.findall(r"^\| (`/.*?) \|", page, re.MULTILINE) for path in re.findall(r"`(/.+?)`", row)
    }
    assert passed == routes - INSIDE


def test_the_unit_starts_what_the_page_installs() -> None:
    unit, page = UNIT.read_text("utf-8"), (ROOT / "deploy" / "README.md").read_text("utf-8")
    [folder] = re.findall(r"^WorkingDirectory=(\S+)$", unit, re.MULTILINE)
    assert f"\nExecStart={folder}/env/bin/cobalamin-cds serve\n" in unit
    assert f"\nEnvironmentFile={folder}/service.env\n" in unit
    assert f"\nReadWritePaths={folder}/data\n" in unit
    assert f"such as `{folder}`" in page


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_builds_the_set_and_changes_no_selector() -> None:
    done = subprocess.run(["kubectl", "kustomize", str(KUBERNETES)], check=True, capture_output=True, text=True)
    built = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)}
    assert len(built) == len(manifests()) + 2
    for key, one in manifests().items():
        wanted, found = ([*values_in(side, "selector", "podSelector", "matchLabels")] for side in (one, built[key]))
        assert sorted(map(str, found)) == sorted(map(str, wanted)), key
    assert "namespace" not in built["StatefulSet", "cobalamin-cds"]["metadata"]
