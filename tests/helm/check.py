#!/usr/bin/env python3
"""The chart's promises, checked without a cluster: what it renders, what it refuses, and that Kubernetes would accept it.

Run by ./run-tests, which provides helm (in the variable HELM), PyYAML and kubernetes-validate. The last line is the count.
"""

import copy
import json
import os
import re
import subprocess
import sys
import traceback
from pathlib import Path

import kubernetes_validate
import yaml

HERE = Path(__file__).resolve().parent
CHART = HERE.parents[1] / "helm" / "spazio"
PRESETS = sorted((CHART / "presets").glob("*.yaml"))
HELM = os.environ.get("HELM", "helm")
# The oldest that Chart.yaml admits, and the newest whose schemas kubernetes-validate brings.
KUBERNETES = ["1.30.0", kubernetes_validate.latest_version()]
# What an operator adds to a preset.
MINE = HERE / "mine.yaml"
# Drawn from the program's own description of its settings, so it knows them all.
EXAMPLE = HERE.parents[1] / "spazio.example.toml"

CHECKS = []


def check(function):
    """Registers a check; its name is the sentence that is printed."""
    CHECKS.append((function.__name__.replace("_", " "), function))
    return function


def for_every_preset(function):
    """Registers a check once for each preset."""
    for preset in PRESETS:
        sentence = f"{function.__name__.replace('_', ' ')}: {preset.stem}"
        CHECKS.append((sentence, lambda preset=preset: function(preset)))
    return function


def helm(*arguments):
    return subprocess.run([HELM, *map(str, arguments)], capture_output=True, text=True, check=False)


def render(preset, *settings):
    """The objects of a release, each as a dictionary."""
    done = helm("template", "release", CHART, "--namespace", "archive", "--values", preset, "--values", MINE, *settings)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def refused(preset, *settings, because):
    """The chart refuses these settings, and says why; without them it renders."""
    assert render(preset), "the preset alone must render, or the refusal proves nothing"
    done = helm("template", "release", CHART, "--values", preset, "--values", MINE, *settings)
    assert done.returncode != 0, f"{settings} was accepted"
    assert because in done.stderr, f"expected {because!r} in: {done.stderr}"


def preset(name):
    return CHART / "presets" / f"{name}.yaml"


def of_kind(objects, kind):
    return [each for each in objects if each["kind"] == kind]


def the_one(objects, kind):
    found = of_kind(objects, kind)
    assert len(found) == 1, f"{len(found)} objects of kind {kind}"
    return found[0]


def pod_specs(objects):
    specs = [each["spec"]["template"]["spec"] for each in objects if each["kind"] in ("Deployment", "StatefulSet", "Job")]
    assert specs, "no pods at all"
    return specs


def containers(objects):
    return [container for spec in pod_specs(objects) for container in spec.get("initContainers", []) + spec["containers"]]


def serving(objects):
    workload = (of_kind(objects, "Deployment") + of_kind(objects, "StatefulSet"))[0]
    return workload["spec"]["template"]["spec"]


def environment(objects):
    """Every variable any container gets, by name; those from a secret have their reference as value."""
    found = dict(the_one(objects, "ConfigMap")["data"])
    for container in containers(objects):
        for variable in container.get("env", []):
            found[variable["name"]] = variable.get("value", variable.get("valueFrom"))
    return found


def settings_of_the_program():
    """Every setting's name, with the words that say what is allowed."""
    found, section, comment = {}, None, ""
    for line in EXAMPLE.read_text().splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        elif setting := re.fullmatch(r"(?:# )?(\w+) = .*", line):
            found[f"{section}.{setting[1]}"] = comment.partition("Allowed: ")[2]
        else:
            comment = line
    assert found, f"no settings in {EXAMPLE}"
    return found


def settings_of_the_chart():
    """Every setting that the values accept, with its schema."""
    sections = json.loads((CHART / "values.schema.json").read_text())["properties"]["config"]["properties"]
    return {f"{section}.{key}": schema for section, each in sections.items() for key, schema in each["properties"].items()}


def as_variable(setting):
    return "SPAZIO_" + setting.replace(".", "_").upper()


# What is rendered


@for_every_preset
def helm_lint_finds_nothing(values):
    done = helm("lint", CHART, "--strict", "--values", values, "--values", MINE)
    assert done.returncode == 0, done.stdout + done.stderr


@for_every_preset
def every_object_meets_the_schema_of_kubernetes(values):
    for version in KUBERNETES:
        for each in render(values):
            kubernetes_validate.validate(each, version, strict=True)


@check
def a_misspelt_field_would_be_found_by_the_schema_of_kubernetes():
    wrong = copy.deepcopy(the_one(render(preset("postgres")), "Deployment"))
    wrong["spec"]["replica"] = 1
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(wrong, version, strict=True)
        except kubernetes_validate.ValidationError:
            continue
        raise AssertionError(f"{version} accepted spec.replica")


@for_every_preset
def every_container_is_locked_down(values):
    objects = render(values)
    for spec in pod_specs(objects):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
    for container in containers(objects):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"] and container["resources"]["limits"]["memory"]


@for_every_preset
def every_variable_is_a_setting_of_the_program(values):
    variables = {name for name in environment(render(values)) if name.startswith("SPAZIO_")}
    unknown = variables - {as_variable(setting) for setting in settings_of_the_program()}
    assert variables and not unknown, f"the program does not know {sorted(unknown)}"


@check
def every_setting_the_values_accept_is_one_of_the_program():
    unknown = settings_of_the_chart().keys() - settings_of_the_program().keys()
    assert not unknown, f"the program does not know {sorted(unknown)}"


@check
def every_setting_of_the_program_can_be_set():
    switches = "catalogue.configMap=prices,metrics.enabled=true,secrets.documentKeys.name=keys,secrets.objectStore.name=access"
    by_the_chart = {name for values in PRESETS for name in environment(render(values, "--set", switches))}
    # A clock that can be moved has no place here, and files of mail stay beside the database.
    left_out = {"development.clock_file", "mail.folder"}
    missing = {
        setting
        for setting in settings_of_the_program().keys() - settings_of_the_chart().keys() - left_out
        if as_variable(setting) not in by_the_chart
    }
    assert not missing, f"no value sets {sorted(missing)}"


@check
def numbers_have_the_limits_of_the_program():
    allowed = settings_of_the_program()
    compared = 0
    for setting, schema in settings_of_the_chart().items():
        if limits := re.search(r"from (\d+) to (\d+)", allowed.get(setting, "")):
            assert [schema.get("minimum"), schema.get("maximum")] == [int(limits[1]), int(limits[2])], setting
            compared += 1
    assert compared == sum(schema.get("type") == "integer" for schema in settings_of_the_chart().values())


@for_every_preset
def a_pod_gets_longer_to_stop_than_its_calls_to_finish(values):
    objects = render(values)
    drain = int(environment(objects)["SPAZIO_SERVER_DRAIN_SECONDS"])
    spec = serving(objects)
    leave = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] > drain + leave


@for_every_preset
def the_selector_of_the_service_finds_the_serving_pods_and_not_the_migration(values):
    objects = render(values)
    selector = the_one(objects, "Service")["spec"]["selector"].items()
    for each in objects:
        if each["kind"] in ("Deployment", "StatefulSet", "Job"):
            labels = each["spec"]["template"]["metadata"]["labels"].items()
            assert (selector <= labels) == (each["kind"] != "Job"), each["kind"]


@for_every_preset
def every_mounted_volume_exists(values):
    objects = render(values)
    for spec in pod_specs(objects):
        volumes = {volume["name"] for volume in spec.get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for each in of_kind(objects, "StatefulSet") for claim in each["spec"]["volumeClaimTemplates"]}
        for container in spec["containers"]:
            missing = {mount["name"] for mount in container.get("volumeMounts", [])} - volumes
            assert not missing, missing


@check
def passwords_come_from_secrets_by_reference():
    found = environment(render(preset("postgres")))
    assert found["SPAZIO_DATABASE_URL"] == {"secretKeyRef": {"name": "spazio-database", "key": "url"}}
    assert found["SPAZIO_MAIL_SMTP_URL"] == {"secretKeyRef": {"name": "spazio-smtp", "key": "url"}}


@for_every_preset
def no_secret_is_rendered(values):
    assert not of_kind(render(values), "Secret")


@check
def a_changed_setting_starts_new_pods_and_an_unchanged_one_does_not():
    def mark(*settings):
        return the_one(render(preset("postgres"), *settings), "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert mark() == mark()
    assert mark() != mark("--set", "config.limits.concurrent_calls=99")


@check
def postgres_is_migrated_before_the_pods_with_nothing_that_an_install_has_yet_to_make():
    objects = render(preset("postgres"))
    job = the_one(objects, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    spec = job["spec"]["template"]["spec"]
    assert spec["containers"][0]["args"] == ["migrate"]
    assert "serviceAccountName" not in spec and "envFrom" not in spec["containers"][0] and "volumes" not in spec


@check
def migration_can_be_left_to_somebody_else():
    assert not of_kind(render(preset("postgres"), "--set", "migration.enabled=false"), "Job")


@check
def postgres_keeps_pods_up_while_nodes_are_drained():
    assert the_one(render(preset("postgres")), "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


@check
def sqlite_is_one_pod_with_a_volume_that_outlives_the_release():
    objects = render(preset("sqlite"))
    spec = the_one(objects, "StatefulSet")["spec"]
    assert spec["replicas"] == 1
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "20Gi"
    mounts = {mount["name"]: mount["mountPath"] for mount in serving(objects)["containers"][0]["volumeMounts"]}
    assert mounts["data"] == "/data" and environment(objects)["SPAZIO_DATABASE_URL"].startswith("sqlite:///data/")
    assert not of_kind(objects, "Job") + of_kind(objects, "PodDisruptionBudget") + of_kind(objects, "Deployment")


@check
def readiness_follows_grpc_health_and_liveness_does_not():
    container = serving(render(preset("postgres")))["containers"][0]
    assert container["readinessProbe"]["grpc"] == {"port": 50051}
    assert "grpc" not in container["livenessProbe"]


@check
def with_tls_the_probes_do_not_speak_plaintext():
    container = serving(render(preset("postgres-tls")))["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert "grpc" not in container[probe], probe


@check
def tls_files_are_where_the_program_is_told_they_are():
    objects = render(preset("postgres-tls"))
    mounts = {mount["mountPath"] for mount in serving(objects)["containers"][0]["volumeMounts"]}
    found = environment(objects)
    for name in ("SPAZIO_SERVER_TLS_CERTIFICATE", "SPAZIO_SERVER_TLS_KEY", "SPAZIO_SERVER_TLS_CLIENT_CA", "SPAZIO_IDENTITY_JWKS_FILE"):
        assert str(Path(found[name]).parent) in mounts, name


@check
def only_the_named_peers_may_call():
    panel = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "panel"}}}
    objects = render(preset("postgres"), "--set-json", f"networkPolicy.from={json.dumps([panel])}")
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(objects, "NetworkPolicy")}
    (rule,) = policies["release-spazio"]["ingress"]
    assert rule["from"] == [panel]


@check
def the_network_policy_lets_out_to_the_database_and_mail_only():
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(render(preset("postgres")), "NetworkPolicy")}
    assert all(policy["policyTypes"] == ["Ingress", "Egress"] for policy in policies.values())
    ports = [port["port"] for rule in policies["release-spazio"]["egress"] for port in rule["ports"]]
    assert sorted(set(ports)) == [53, 465, 5432]
    assert "ingress" not in policies["release-spazio-migrate"], "nobody calls the migration"


@for_every_preset
def counters_are_listened_on_only_where_they_are_asked_for(values):
    assert "SPAZIO_METRICS_LISTEN" not in environment(render(values))
    objects = render(values, "--set", "metrics.enabled=true")
    for each in objects:
        kubernetes_validate.validate(each, KUBERNETES[-1], strict=True)
    assert environment(objects)["SPAZIO_METRICS_LISTEN"] == "0.0.0.0:9464"
    ports = {port["name"]: port["containerPort"] for port in serving(objects)["containers"][0]["ports"]}
    assert ports == {"grpc": 50051, "metrics": 9464}


@check
def a_service_monitor_finds_the_service_and_its_port_of_counters():
    objects = render(preset("postgres"), "--set", "metrics.enabled=true,serviceMonitor.enabled=true,serviceMonitor.labels.release=prom")
    monitor, service = the_one(objects, "ServiceMonitor"), the_one(objects, "Service")
    assert monitor["metadata"]["labels"]["release"] == "prom"
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {"port": "metrics", "path": "/metrics", "interval": "30s"}
    assert "metrics" in {port["name"] for port in service["spec"]["ports"]}


@check
def only_the_named_peers_may_read_the_counters():
    scraper = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    peers = f"networkPolicy.metricsFrom={json.dumps([scraper])}"
    objects = render(preset("postgres"), "--set", "metrics.enabled=true", "--set-json", peers)
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(objects, "NetworkPolicy")}
    calls, counters = policies["release-spazio"]["ingress"]
    assert counters == {"ports": [{"port": "metrics", "protocol": "TCP"}], "from": [scraper]}
    assert scraper not in calls["from"]


BUCKET = "config.archive.store=s3,config.archive.s3_bucket=documents,secrets.objectStore.name=access"


@for_every_preset
def documents_in_an_object_store_are_reached_with_an_access_key_from_its_secret(values):
    objects = render(values, "--set", BUCKET)
    for each in objects:
        kubernetes_validate.validate(each, KUBERNETES[-1], strict=True)
    found = environment(objects)
    assert (found["SPAZIO_ARCHIVE_STORE"], found["SPAZIO_ARCHIVE_S3_BUCKET"]) == ("s3", "documents")
    assert found["SPAZIO_ARCHIVE_S3_ACCESS_KEY_ID"] == {"secretKeyRef": {"name": "access", "key": "access-key-id"}}
    assert found["SPAZIO_ARCHIVE_S3_SECRET_ACCESS_KEY"] == {"secretKeyRef": {"name": "access", "key": "secret-access-key"}}
    policies = {each["metadata"]["name"]: each["spec"] for each in of_kind(objects, "NetworkPolicy")}
    ports = [port["port"] for rule in policies["release-spazio"]["egress"] for port in rule["ports"]]
    assert 443 in ports, "the pods reach the object store"


@for_every_preset
def the_keys_of_documents_are_a_file_of_their_secret(values):
    objects = render(values, "--set", "config.archive.key=2026-11,secrets.documentKeys.name=document-keys")
    for each in objects:
        kubernetes_validate.validate(each, KUBERNETES[-1], strict=True)
    assert environment(objects)["SPAZIO_ARCHIVE_KEYS_FILE"] == "/etc/spazio/archive/keys"
    spec = serving(objects)
    mounts = {mount["mountPath"]: mount["name"] for mount in spec["containers"][0]["volumeMounts"]}
    (volume,) = [volume for volume in spec["volumes"] if volume["name"] == mounts["/etc/spazio/archive"]]
    assert volume["secret"]["secretName"] == "document-keys"
    assert volume["secret"]["items"] == [{"key": "keys", "path": "keys"}]


# What is refused


@check
def an_object_store_without_a_bucket_is_refused():
    refused(preset("postgres"), "--set", "config.archive.store=s3", because="config.archive.s3_bucket")


@check
def a_key_of_documents_without_the_secret_that_holds_it_is_refused():
    refused(preset("postgres"), "--set", "config.archive.key=2026-11", because="secrets.documentKeys")


@check
def the_secret_of_an_access_key_in_values_is_refused():
    refused(preset("postgres"), "--set", "config.archive.s3_secret_access_key=x", because="s3_secret_access_key")


@check
def two_replicas_on_sqlite_are_refused():
    refused(preset("sqlite"), "--set", "replicas=2", because="replicas")


@check
def an_unknown_key_is_refused():
    refused(preset("postgres"), "--set", "replicaCount=2", because="replicaCount")


@check
def an_unknown_setting_of_the_program_is_refused():
    refused(preset("postgres"), "--set", "config.limits.call_rate=2", because="call_rate")


@check
def a_database_password_in_values_is_refused():
    refused(preset("postgres"), "--set", "config.database.url=postgres://u:p@h/d", because="url")
    refused(preset("postgres"), "--set", "secrets.databaseUrl=postgres://u:p@h/d", because="databaseUrl")
    refused(preset("postgres"), "--set", "secrets.databaseUrl.name=postgres://u:p@h/d", because="/secrets/databaseUrl/name")


@check
def a_wrong_type_is_refused():
    refused(preset("postgres"), "--set-string", "replicas=two", because="replicas")
    refused(preset("postgres"), "--set-string", "config.server.drain_seconds=20s", because="drain_seconds")


@check
def a_server_without_a_key_set_is_refused():
    refused(preset("postgres"), "--set", "identity.keySet.name=", because="/identity/keySet/name")


@check
def postgres_without_its_secret_is_refused():
    refused(preset("postgres"), "--set", "secrets.databaseUrl.name=", because="/secrets/databaseUrl/name")


@check
def mail_in_files_is_refused_where_the_files_would_vanish():
    refused(preset("postgres"), "--set", "config.mail.transport=files", because="/config/mail/transport")


@check
def the_account_of_the_example_is_refused():
    refused(preset("postgres"), "--set", "config.payments.iban=IT60X0542811101000000123456", because="/config/payments/iban")


@check
def a_release_that_does_not_say_who_is_paid_is_refused():
    for key in ("beneficiary", "iban", "bic", "slip_account"):
        refused(preset("postgres"), "--set", f"config.payments.{key}=", because=f"/config/payments/{key}")


@check
def smtp_without_its_secret_is_refused():
    refused(preset("sqlite"), "--set", "config.mail.transport=smtp", because="/secrets/smtpUrl/name")


@check
def client_certificates_without_tls_are_refused():
    refused(preset("postgres"), "--set", "tls.clientCaSecret=ca", because="/tls/secret")


@check
def a_service_monitor_without_anything_to_scrape_is_refused():
    refused(preset("postgres"), "--set", "serviceMonitor.enabled=true", because="metrics.enabled")


@check
def counters_on_the_port_of_calls_are_refused():
    refused(preset("postgres"), "--set", "metrics.port=50051", because="metrics.port")


@check
def a_headless_service_on_another_port_is_refused():
    refused(preset("postgres-tls"), "--set", "service.port=443", because="headless")


@check
def the_chart_without_any_values_is_refused_rather_than_half_installed():
    done = helm("template", "release", CHART)
    assert done.returncode != 0 and "/identity/keySet/name" in done.stderr, done.stderr


def main():
    failed = 0
    for sentence, function in CHECKS:
        try:
            function()
            print(f"ok    {sentence}")
        except Exception:  # a check that breaks is a check that failed, and the others still run
            failed += 1
            print(f"FAIL  {sentence}\n{traceback.format_exc()}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
