//! `spazio check-config` tells everything that is wrong at once, and no secret.

use std::fs;
use std::net::TcpListener;
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
        "server.tls_key and server.tls_certificate",
    ] {
        assert!(errors.contains(part), "{part} is not in\n{errors}");
    }
}

#[test]
fn every_file_that_cannot_be_used_is_told_with_the_setting_that_names_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("file"), "no folder, no key set, no catalogue\n").expect("it is written");
    let told = |command: &str, settings: &[&str]| {
        let mut program = spazio(folder.path());
        program.arg(command).args(["--set", "server.listen=127.0.0.1:0", "--set", "payments.iban=DE89370400440532013000"]);
        program.args(["--set", "payments.charged_by=none"]);
        let output = program.args(settings.iter().flat_map(|setting| ["--set", setting])).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
        text(&output.stderr)
    };
    let missing = "cannot be read: No such file or directory (os error 2); correct it";
    let files = ["server.tls_certificate=a.crt", "server.tls_key=b.key", "server.tls_client_ca=c.crt", "catalogue.file=d.toml"];
    let production = [&files[..], &["identity.jwks_file=e.json", "data.folder=file", "mail.folder=file"]].concat();
    let lines = [
        "spazio: the configuration is not usable:".to_owned(),
        format!("  - server.tls_certificate: a.crt {missing}"),
        format!("  - server.tls_key: b.key {missing}"),
        format!("  - server.tls_client_ca: c.crt {missing}"),
        format!("  - identity.jwks_file: e.json {missing}"),
        format!("  - catalogue.file: d.toml {missing}"),
        "  - data.folder: file is not a folder; correct it".to_owned(),
        "  - mail.folder: file is not a folder; correct it".to_owned(),
    ];
    for command in ["check-config", "serve"] {
        assert_eq!(told(command, &production).lines().collect::<Vec<_>>(), lines, "{command}");
        let clock = told(command, &["development.clock_file=none"]);
        assert!(clock.contains(&format!("\n  - development.clock_file: none {missing}")), "{clock}");
    }
    for (setting, begin) in [
        ("catalogue.file=file", "catalogue.file: file: "),
        ("identity.jwks_file=file", "identity.jwks_file: file is no JWK set"),
        ("development.clock_file=file", "development.clock_file: file holds \"no folder"),
    ] {
        let wrong = told("check-config", &[setting]);
        assert!(wrong.contains(&format!("\n  - {begin}")), "{wrong}");
    }
    let tls = told("check-config", &["server.tls_certificate=file", "server.tls_key=file"]);
    assert!(tls.contains("\n  - server.tls_certificate and server.tls_key: file, file cannot be used together: "), "{tls}");
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
fn a_flag_that_names_no_setting_is_told_with_the_form_and_without_its_value() {
    for (flag, parts) in [
        ("foo=s3cret", ["foo (flag --set) is no setting", "--set wants SECTION.KEY=VALUE, for example --set log.format=json"]),
        ("=s3cret", ["--set wants SECTION.KEY=VALUE", "found \"=...\""]),
        ("entirely.different=s3cret", ["entirely.different (flag --set) is no setting", "--set wants SECTION.KEY=VALUE"]),
        ("format=s3cret", ["format (flag --set) is no setting", "did you mean log.format?"]),
    ] {
        let output = check(&["--set", flag], &[]);
        let told = text(&output.stderr);
        assert!(output.status.code() == Some(2) && parts.iter().all(|part| told.contains(part)), "{flag}: {told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
    let told = text(&check(&[], &[("SPAZIO_FOO", "s3cret")]).stderr);
    assert!(told.contains("a variable is SPAZIO_SECTION_KEY, for example SPAZIO_LOG_FORMAT") && !told.contains("s3cret"), "{told}");
}

#[test]
fn a_wrong_url_shows_its_scheme_and_nothing_else() {
    for (setting, url, shown) in [
        ("database.url", "mysql://ann:hunter2@db.example/archive", "\"mysql://(hidden)\"; allowed: sqlite://PATH or postgres://"),
        ("database.url", "ann:hunter2@db.example/archive", "not of a form that is allowed (not shown: it may hold a secret)"),
        ("database.url", "ann:hunter2://db.example/archive", "not of a form that is allowed (not shown: it may hold a secret)"),
        ("database.url", "sqlite://:memory:", "\"sqlite://(hidden)\""),
        ("mail.smtp_url", "imap://ann:hunter2@mail.example", "\"imap://(hidden)\"; allowed: smtps://"),
    ] {
        let output = check(&["--set", &format!("{setting}={url}"), "--set", "mail.transport=smtp"], &[]);
        let told = text(&output.stderr);
        assert!(output.status.code() == Some(2) && told.contains(&format!("{setting} (flag --set) is {shown}")), "{told}");
        assert!(!told.contains("hunter2") && !told.contains("ann"), "{told}");
    }
}

#[test]
fn what_the_flag_for_the_database_says_is_told_by_its_own_name() {
    let told = text(&check(&["--database", "archive.db"], &[]).stderr);
    assert!(told.contains("database.url (flag --database) is not of a form that is allowed") && told.contains("sqlite://PATH"), "{told}");
    let listing = text(&check(&["--database", "sqlite://b.db", "--set", "database.url=sqlite://a.db"], &[]).stdout);
    assert!(listing.contains("sqlite://b.db") && listing.contains("flag --database"), "{listing}");
}

#[test]
fn a_file_that_is_missing_is_told_beside_settings_that_are_wrong() {
    let output = check(&["--set", "log.format=xml", "--set", "catalogue.file=none.toml", "--set", "archive.keys_file=none.keys"], &[]);
    let told = text(&output.stderr);
    for part in ["log.format", "catalogue.file: none.toml cannot be read", "archive.keys_file: none.keys: cannot be read"] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
}

#[test]
fn a_catalogue_of_another_shape_is_told_on_one_line_with_its_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("catalogue.toml");
    fs::write(&path, "currency = \"EUR\"\nvat = 22\n").expect("it is written");
    let told = text(&check(&["--set", &format!("catalogue.file={}", path.display())], &[]).stderr);
    let [_, line] = told.lines().collect::<Vec<_>>()[..] else { panic!("{told}") };
    assert!(line.contains("catalogue.toml: the catalogue cannot be read, line 2: unknown field `vat`"), "{line}");
}

#[test]
fn a_token_of_a_key_that_was_made_for_it_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let token = || spazio(folder.path()).args(["token", "operator"]).output().expect("it runs");
    let (first, second) = (token(), token());
    assert!(text(&first.stderr).contains("development-key.pk8 is new: only a server with this data.folder"), "{}", text(&first.stderr));
    assert_eq!((text(&second.stderr).as_str(), text(&second.stdout).lines().count()), ("", 1));
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
    let production = ["--set", "payments.iban=DE89370400440532013000", "--set", "payments.charged_by=none"];
    let output = spazio(folder.path()).args(["token", "operator", "--set", &jwks]).args(production).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("a production key set is configured"), "{}", text(&output.stderr));
}

#[test]
fn every_wrong_line_of_a_file_of_keys_is_told_at_once_and_none_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = folder.path().join("keys");
    fs::write(&keys, "# keys\n2026-a s3cret\n2026-b\n").expect("it is written");
    let set = format!("archive.keys_file={}", keys.display());
    let output = check(&["--set", &set, "--set", "archive.s3_bucket=documents", "--set", "archive.s3_endpoint=https://s3.example"], &[]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("line 2: the key is damaged base64") && told.contains("line 3: must have 2 fields") && !told.contains("s3cret"),
        "{told}"
    );
}

#[test]
fn an_address_that_is_taken_is_told_with_the_setting_that_names_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it listens");
    for setting in ["server.listen", "metrics.listen"] {
        let mut program = spazio(folder.path());
        program.args(["serve", "--set", "server.listen=127.0.0.1:0", "--set", &format!("{setting}={address}")]);
        let output = program.output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        let told = text(&output.stderr);
        let wanted = format!("spazio: {setting}: cannot listen on {address}: another program listens there; end it, or set {setting} to");
        assert!(told.contains(&wanted), "{told}");
    }
}
