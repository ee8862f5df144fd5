//! The promises of the configuration as a whole.

use std::fs;
use std::path::PathBuf;

use secrecy::ExposeSecret as _;

use super::*;

/// The example file is made from the settings; this names the variable that makes the test write it anew.
const REWRITE: &str = "SPAZIO_TEST_REWRITE_EXAMPLE";

fn flags(assignments: &[&str]) -> Sources {
    Sources { flags: assignments.iter().map(ToString::to_string).collect(), ..Sources::default() }
}

fn variable(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spazio.toml");
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn errors(sources: &Sources) -> Vec<String> {
    Config::load(sources).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_defaults_run() {
    let config = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:50051");
    assert_eq!(config.server.tls, None);
    assert_eq!((config.space.warning_percent, config.space.critical_percent), (70, 90));
    assert!(matches!(config.mail.delivery, Delivery::Files(folder) if folder == Path::new("./mail")));
}

#[test]
fn the_stronger_source_wins() {
    let (_folder, path) = file("[server]\nlisten = \"127.0.0.1:1\"\n[limits]\nconcurrent_calls = 1\nconcurrent_streams = 1\n");
    let sources = Sources {
        file: Some(path),
        variables: vec![variable("SPAZIO_LIMITS_CONCURRENT_CALLS", "2"), variable("SPAZIO_LIMITS_CONCURRENT_STREAMS", "2")],
        flags: vec!["limits.concurrent_streams=3".to_owned()],
        database: None,
    };
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.server.listen.port(), 1);
    assert_eq!((config.limits.concurrent_calls, config.limits.concurrent_streams), (2, 3));
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_where_it_came_from() {
    let (_folder, path) = file("[server]\nlisten = 5\nlisne = \"x\"\n[payments]\niban = \"IT61X0542811101000000123456\"\n");
    let sources = Sources {
        file: Some(path.clone()),
        variables: vec![variable("SPAZIO_LOG_FORMAT", "xml"), variable("SPAZIO_SERVER_DRAIN_SECOND", "1"), variable("HOME", "/")],
        flags: vec!["limits.concurrent_calls=0".to_owned(), "log.filter".to_owned()],
        database: None,
    };
    let file = path.display();
    assert_eq!(
        errors(&sources),
        [
            "--set wants SECTION.KEY=VALUE, for example --set log.format=json; found \"log.filter\"".to_owned(),
            format!("server.listen (file {file}) is \"5\"; allowed: IP:PORT, for example 127.0.0.1:50051 or [::]:50051"),
            "limits.concurrent_calls (flag --set) is \"0\"; allowed: a whole number from 1 to 100000".to_owned(),
            format!("payments.iban (file {file}) is \"IT61X0542811101000000123456\"; allowed: an IBAN whose check digits fit"),
            "log.format (variable SPAZIO_LOG_FORMAT) is \"xml\"; allowed: text or json".to_owned(),
            "SPAZIO_SERVER_DRAIN_SECOND (variable SPAZIO_SERVER_DRAIN_SECOND) is no setting; \
             did you mean SPAZIO_SERVER_DRAIN_SECONDS?"
                .to_owned(),
            format!("server.lisne (file {file}) is no setting; did you mean server.listen?"),
        ]
    );
}

#[test]
fn a_file_that_is_no_toml_is_told_without_its_text() {
    let (_folder, path) = file("[mail]\ntransport = \"smtp\"\nsmtp_url = hunter2\n");
    let told = errors(&Sources { file: Some(path), ..Sources::default() }).join("\n");
    assert!(told.contains("line 3") && !told.contains("hunter2"), "{told}");
    let told = errors(&Sources { file: Some("/nowhere/spazio.toml".into()), ..Sources::default() }).join("\n");
    assert!(told.starts_with("the file /nowhere/spazio.toml cannot be read"), "{told}");
}

#[test]
fn a_list_is_no_value() {
    let (_folder, path) = file("[identity]\nissuer = [\"a\", \"b\"]\n");
    let told = errors(&Sources { file: Some(path.clone()), ..Sources::default() });
    assert_eq!(told, [format!("identity.issuer (file {}) is a list; allowed: one value", path.display())]);
}

#[test]
fn secrets_are_shown_nowhere() {
    let sources = flags(&[
        "mail.transport=smtp",
        "mail.smtp_url=smtps://user:hunter2@mail.example",
        "database.url=postgres://spazio:hunter2@db.example/spazio",
    ]);
    let (config, settings) = Config::load_explained(&sources, |_| Ok(())).unwrap();
    let listing = effective_listing(&settings);
    for shown in [format!("{config:?}"), listing.clone(), format!("{sources:?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert!(listing.contains("database.url = postgres://spazio@db.example/spazio"), "{listing}");
    assert!(matches!(config.mail.delivery, Delivery::Smtp(url) if url.expose_secret().contains("hunter2")));

    let wrong = errors(&flags(&["database.url=mysql://spazio:hunter2@db", "mail.smtp_url=http://hunter2@x"])).join("\n");
    assert!(wrong.contains("database.url") && wrong.contains("mail.smtp_url") && !wrong.contains("hunter2"), "{wrong}");
}

#[test]
fn the_listing_tells_where_each_value_came_from() {
    let sources = Sources { variables: vec![variable("SPAZIO_LOG_FORMAT", "json")], ..flags(&["data.folder=/srv"]) };
    let (_, settings) = Config::load_explained(&sources, |_| Ok(())).unwrap();
    let listing = effective_listing(&settings);
    let line = |key: &str| listing.lines().find(|line| line.starts_with(key)).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(line("data.folder"), "data.folder = /srv flag --set");
    assert_eq!(line("log.format"), "log.format = json variable SPAZIO_LOG_FORMAT");
    assert_eq!(line("log.filter"), "log.filter = info,sea_orm_migration=warn default");
    assert_eq!(line("mail.smtp_url"), "mail.smtp_url = (not set) default");
}

#[test]
fn what_would_fail_at_the_start_is_refused_with_everything_else() {
    let wrong = [
        ("log.filter", "wran"),
        ("log.filter", "spazio"),
        ("log.filter", "spazio=loud"),
        ("log.filter", "info,,spazio=debug"),
        ("log.filter", "info, spazio=debug"),
        ("log.filter", "spazio[call=debug"),
        ("database.url", "sqlite://:memory:"),
        ("database.url", "sqlite:///var/lib/"),
        ("database.url", "postgres://spazio@db.example:port/spazio"),
        ("database.url", "postgres://spazio:hunter2/@db.example/spazio"),
        ("database.url", "postgres://spazio@db.example/spazio?sslmode=maybe"),
        ("mail.smtp_url", "smtp://mail.example?tls=maybe"),
        ("mail.smtp_url", "smtps://"),
        ("mail.smtp_url", "smtps://user:hunter2@mail.example:port"),
    ];
    for (key, value) in wrong {
        let told = errors(&flags(&[&format!("{key}={value}"), "limits.concurrent_calls=0"]));
        assert_eq!(told.len(), 2, "{key} = {value}: {told:?}");
        assert!(told.iter().any(|line| line.starts_with(&format!("{key} (flag --set) is "))), "{told:?}");
        assert!(!told.join("").contains("hunter2"), "{told:?}");
    }
    for filter in ["off", "WARN", "info,spazio::edge=debug", "spazio[call]=trace,sqlx=warn", "spazio[{account}]=debug"] {
        assert_eq!(Config::load(&flags(&[&format!("log.filter={filter}")])).unwrap().log.filter, filter);
    }
    for url in [
        "sqlite://spazio.db",
        "sqlite:///var/lib/an archive?.db",
        "postgres:///spazio?host=/run/postgresql",
        "postgres://u:a%2Fb@[::1]:5433/d",
    ] {
        assert!(Config::load(&flags(&[&format!("database.url={url}")])).is_ok(), "{url}");
    }
}

#[test]
fn settings_must_fit_together() {
    for (assignments, key) in [
        (&["server.listen=0.0.0.0:50051"][..], "server.listen"),
        (&["server.tls_key=/k"], "server.tls_certificate"),
        (&["server.tls_certificate=/c"], "server.tls_key"),
        (&["metrics.listen=127.0.0.1:50051"], "metrics.listen"),
        (&["metrics.listen=0.0.0.0:50051"], "metrics.listen"),
        (&["server.tls_client_ca=/ca"], "server.tls_client_ca"),
        (&["space.warning_percent=90"], "space.warning_percent"),
        (&["database.lock_seconds=11"], "database.lock_seconds"),
        (&["mail.transport=smtp"], "mail.smtp_url"),
        (&["identity.jwks_file=/jwks", "payments.charged_by=none"], "payments.iban"),
        (&["identity.jwks_file=/jwks", "payments.iban=DE89370400440532013000"], "payments.charged_by"),
        (
            &["identity.jwks_file=/jwks", "payments.charged_by=none", "payments.iban=DE89370400440532013000", "development.clock_file=/c"],
            "development.clock_file",
        ),
    ] {
        let found = Config::load(&flags(assignments)).unwrap_err();
        assert!(matches!(&found.0[..], [ConfigError::Conflict { keys, .. }] if keys.contains(&key)), "{assignments:?}: {found}");
    }
    let production =
        ["identity.jwks_file=/jwks", "payments.charged_by=none", "payments.iban=DE89370400440532013000", "server.listen=0.0.0.0:50051"];
    assert!(Config::load(&flags(&production)).is_ok());
    for apart in [
        &["metrics.listen=127.0.0.1:50052"][..],
        &["metrics.listen=127.0.0.2:50051"],
        &["server.listen=127.0.0.1:0", "metrics.listen=127.0.0.1:0"],
    ] {
        assert!(Config::load(&flags(apart)).is_ok(), "{apart:?}");
    }
}

#[test]
fn the_half_of_tls_that_is_missing_is_the_one_that_is_named() {
    let certificate =
        "server.tls_certificate and server.tls_key: a certificate is of no use without its key: set server.tls_key too, or neither";
    let key =
        "server.tls_key and server.tls_certificate: a key is of no use without its certificate: set server.tls_certificate too, or neither";
    assert_eq!(errors(&flags(&["server.tls_certificate=/c"])), [certificate]);
    assert_eq!(errors(&flags(&["server.tls_key=/k"])), [key]);
}

#[test]
fn a_value_that_is_wrong_by_itself_is_not_also_in_conflict() {
    assert_eq!(errors(&flags(&["space.critical_percent=many", "space.warning_percent=95"])).len(), 1);
}

#[test]
fn an_empty_variable_leaves_an_optional_setting_out() {
    let sources =
        Sources { variables: vec![variable("SPAZIO_MAIL_SMTP_URL", ""), variable("SPAZIO_IDENTITY_JWKS_FILE", "")], ..Sources::default() };
    assert_eq!(Config::load(&sources).unwrap().identity.jwks_file, None);
    let sources = Sources { variables: vec![variable("SPAZIO_SERVER_LISTEN", "")], ..Sources::default() };
    assert_eq!(errors(&sources).len(), 1);
}

#[test]
fn what_kubernetes_adds_for_a_service_is_passed_over() {
    let added = [
        ("SPAZIO_SERVICE_HOST", "10.0.0.1"),
        ("SPAZIO_SERVICE_PORT", "50051"),
        ("SPAZIO_SERVICE_PORT_GRPC", "50051"),
        ("SPAZIO_PORT", "tcp://10.0.0.1:50051"),
        ("SPAZIO_PORT_50051_TCP", "tcp://10.0.0.1:50051"),
        ("SPAZIO_PORT_50051_TCP_ADDR", "10.0.0.1"),
        ("SPAZIO_HEADLESS_SERVICE_HOST", "None"),
    ];
    let variables = added.iter().map(|(name, value)| variable(name, value)).collect();
    assert!(Config::load(&Sources { variables, ..Sources::default() }).is_ok());
    let variables = vec![variable("SPAZIO_SERVER_PORT", "50051")];
    assert_eq!(errors(&Sources { variables, ..Sources::default() }).len(), 1);
}

#[test]
fn every_setting_can_be_set_by_its_variable() {
    for setting in default_settings() {
        let sources = Sources { variables: vec![variable(&setting.variable(), "\u{7}")], ..Sources::default() };
        let (name, allowed) = (setting.name(), setting.allowed.clone());
        // A path may hold any character; every other form refuses the bell.
        match Config::load_explained(&sources, |_| Ok(())) {
            Ok((_, settings)) => {
                assert_eq!(allowed, "a path", "{name}");
                assert!(settings.iter().any(|read| read.name() == name && read.origin == Origin::Variable(setting.variable())));
            }
            Err(ConfigErrors(errors)) => assert!(
                errors.iter().all(|error| match error {
                    ConfigError::NotAllowed { key, .. } => *key == name,
                    ConfigError::Conflict { keys, .. } => keys.contains(&name.as_str()),
                    ConfigError::FileUnreadable { .. }
                    | ConfigError::NotToml { .. }
                    | ConfigError::NotAnAssignment { .. }
                    | ConfigError::Unusable { .. }
                    | ConfigError::Unknown { .. } => false,
                }),
                "{name}: {errors:?}"
            ),
        }
    }
}

#[test]
fn the_example_of_every_optional_setting_is_allowed() {
    let uncommented: String = example_file(&default_settings())
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line).to_owned() + "\n")
        .collect();
    let (_folder, path) = file(&uncommented);
    // Together they mix production and development; each by itself is allowed, so nothing but conflicts is left.
    let ConfigErrors(errors) = Config::load(&Sources { file: Some(path), ..Sources::default() }).unwrap_err();
    assert!(errors.iter().all(|error| matches!(error, ConfigError::Conflict { .. })), "{errors:?}");
}

#[test]
fn the_example_file_has_every_setting_with_its_default() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("spazio.example.toml");
    let made = example_file(&default_settings());
    if std::env::var_os(REWRITE).is_some() {
        fs::write(&path, &made).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(found == made, "spazio.example.toml differs from the settings: run this test once with {REWRITE}=1");
    let (_, from_file) = Config::load_explained(&Sources { file: Some(path), ..Sources::default() }, |_| Ok(())).unwrap();
    let values = |settings: Vec<Setting>| settings.into_iter().map(|setting| setting.shown).collect::<Vec<_>>();
    assert_eq!(values(from_file), values(default_settings()));
}

#[test]
fn the_table_has_a_row_for_every_setting() {
    let settings = default_settings();
    let table = markdown_table(&settings);
    assert_eq!(table.lines().count(), settings.len() + 2);
    assert!(table.contains("| `server.listen` | `127.0.0.1:50051` |"), "{table}");
    assert!(table.lines().all(|row| row.matches('|').count() == 5), "{table}");
}

#[test]
fn the_readme_shows_the_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- settings -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /settings -->").unwrap();
    let made = format!("{before}<!-- settings -->\n{}<!-- /settings -->{after}", markdown_table(&default_settings()));
    if std::env::var_os(REWRITE).is_some() {
        fs::write(&path, &made).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == made, "README.md differs from the settings: run this test once with {REWRITE}=1");
}

#[test]
fn a_test_gets_a_free_port_and_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::for_testing("sqlite://test.db", folder.path());
    assert_eq!(config.server.listen.port(), 0);
    assert!(matches!(config.mail.delivery, Delivery::Files(mail) if mail == folder.path().join("mail")));
}

#[test]
fn a_bucket_and_an_endpoint_that_cannot_be_are_refused() {
    let told = |assignment: String| errors(&flags(&[&assignment, "archive.store=s3"]));
    let long = "a".repeat(63);
    for bucket in ["documents", "a.b-9", "123", &long] {
        assert!(Config::load(&flags(&[&format!("archive.s3_bucket={bucket}")])).is_ok(), "{bucket}");
    }
    let too_long = "a".repeat(64);
    for bucket in ["ab", "Documents", "my_bucket", "-documents", "documents.", "a..b", "documenti\u{e0}", "a/b", &too_long] {
        let told = told(format!("archive.s3_bucket={bucket}"));
        assert!(told[0].contains("3 to 63 lower-case letters"), "{bucket}: {told:?}");
    }
    for endpoint in ["https://s3.example", "http://127.0.0.1:9000", "https://[::1]:9000/", "https://s3.example/path"] {
        let set = format!("archive.s3_endpoint={endpoint}");
        assert!(Config::load(&flags(&["archive.s3_bucket=documents", &set])).is_ok(), "{endpoint}");
    }
    let wrong = [
        "s3.example",
        "ftp://s3.example",
        "https:s3.example",
        "https:///s3.example",
        "https://",
        "https://:9000",
        "https://s3.example:0",
        "https://s3.example:99999",
        " https://s3.example",
        "https://s3 .example",
        "https://ann:secret@s3.example",
        "https://s3.example?a=b",
        "https://s3.example#a",
        "https:\\\\s3.example",
    ];
    for endpoint in wrong {
        let told = told(format!("archive.s3_endpoint={endpoint}"));
        assert!(told[0].contains("archive.s3_endpoint") && told[0].contains("https://HOST:PORT"), "{endpoint}: {told:?}");
    }
}
