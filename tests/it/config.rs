//! `spazio check-config` tells everything that is wrong at once, and no secret.

use std::fs;
use std::process::Output;

use crate::support::spazio;

fn check(flags: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    spazio(folder.path()).arg("check-config").args(flags).envs(variables.iter().copied()).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn the_defaults_are_right_and_are_listed_with_where_they_come_from() {
    let output = check(&["--set", "log.format=json"], &[("SPAZIO_SPACE_WARNING_PERCENT", "60")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listing = text(&output.stdout);
    for part in ["50051", "SPAZIO_SPACE_WARNING_PERCENT", "flag --set"] {
        assert!(listing.contains(part), "{part} is not in\n{listing}");
    }
}

#[test]
fn every_error_is_told_at_once() {
    let flags = [
        "--set",
        "server.listen=everywhere",
        "--set",
        "limits.concurrent_calls=0",
        "--set",
        "space.warning_percent=95",
        "--set",
        "log.fromat=json",
        "--set",
        "nonsense",
    ];
    let output = check(&flags, &[("SPAZIO_PAYMENTS_IBAN", "IT00X"), ("SPAZIO_SERVER_TLS_KEY", "/somewhere")]);
    assert_eq!(output.status.code(), Some(2));
    let errors = text(&output.stderr);
    for part in [
        "server.listen",
        "limits.concurrent_calls",
        "space.warning_percent and space.critical_percent",
        "log.fromat",
        "log.format",
        "nonsense",
        "payments.iban",
        "server.tls_certificate and server.tls_key",
    ] {
        assert!(errors.contains(part), "{part} is not in\n{errors}");
    }
}

#[test]
fn secrets_are_shown_neither_when_right_nor_when_wrong() {
    let right = [("SPAZIO_DATABASE_URL", "postgres://spazio:s3cret@db.example/spazio"), ("SPAZIO_MAIL_TRANSPORT", "smtp")];
    let smtp = ("SPAZIO_MAIL_SMTP_URL", "smtps://user:s3cret@mail.example");
    let wrong = [("SPAZIO_DATABASE_URL", "mysql://spazio:s3cret@db.example/spazio"), ("SPAZIO_MAIL_SMTP_URL", "s3cret")];
    let outputs = [check(&[], &[right[0], right[1], smtp]), check(&[], &wrong)];
    assert_eq!(outputs.each_ref().map(|output| output.status.code()), [Some(0), Some(2)]);
    for output in outputs {
        assert!(!text(&output.stdout).contains("s3cret"), "{}", text(&output.stdout));
        assert!(!text(&output.stderr).contains("s3cret"), "{}", text(&output.stderr));
    }
}

#[test]
fn without_a_key_set_only_this_machine_is_listened_to() {
    let output = check(&["--set", "server.listen=0.0.0.0:50051"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("server.listen and identity.jwks_file"), "{}", text(&output.stderr));
}

#[test]
fn development_tokens_are_refused_when_a_production_key_set_is_configured() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = folder.path().join("jwks.json");
    fs::write(&keys, r#"{"keys":[]}"#).expect("it is written");
    let jwks = format!("identity.jwks_file={}", keys.display());
    let iban = "payments.iban=DE89370400440532013000";
    let output = spazio(folder.path()).args(["token", "operator", "--set", &jwks, "--set", iban]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("a production key set is configured"), "{}", text(&output.stderr));
}
