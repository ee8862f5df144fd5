//! PostgreSQL's own load generator, running the same statements over the same number of connections.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use spazio::ids::AccountId;
use tempfile::TempDir;
use tokio::task::block_in_place;

use crate::statements::{ANSWER_BYTES, DATED, DOCUMENT, GRACE, INVOICE, LEDGER, LOOK_UP, OTHERS, REQUEST, TODAY, WORDS, charge};

const DRAWN: &str = "gen_random_uuid() AS document, gen_random_uuid() AS request, gen_random_uuid() AS name,
    sha256(gen_random_uuid()::text::bytea) AS sha256,";

/// pgbench, ready to run.
pub struct PgBench {
    program: PathBuf,
    url: String,
    /// One script for each account; each connection draws one for each transaction.
    scripts: TempDir,
    content: String,
    size: i64,
}

impl PgBench {
    /// Nothing when it is not installed.
    pub fn ready(url: &str, accounts: &[AccountId], content: &[u8], size: i64) -> Option<Self> {
        let program = installed()?;
        let scripts = tempfile::tempdir().expect("a temporary folder");
        for (number, account) in accounts.iter().enumerate() {
            fs::write(scripts.path().join(format!("{number}.sql")), script(*account)).expect("the script can be written");
        }
        Some(Self { program, url: url.to_owned(), scripts, content: hexadecimal(content), size })
    }

    /// Stores so many invoices over so many connections; how many a second, connecting not counted.
    pub fn rate(&self, callers: usize, calls: usize) -> f64 {
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--client", &callers.to_string(), "--jobs", &callers.min(2).to_string()]);
        command.args(["--transactions", &calls.to_string()]);
        let answer = hexadecimal(&[0; ANSWER_BYTES]);
        let (size, now) = (self.size.to_string(), "2026-03-16T09:00:00Z".to_owned());
        let variables = [("content", &self.content), ("answer", &answer), ("size", &size), ("now", &now)];
        for (name, value) in variables {
            command.args(["--define", &format!("{name}={value}")]);
        }
        command.args(["--define", &format!("today={TODAY}"), "--define", &format!("grace={GRACE}")]);
        for script in fs::read_dir(self.scripts.path()).expect("the scripts") {
            command.arg("--file").arg(script.expect("a script").path());
        }
        let done = block_in_place(|| command.arg(&self.url).output()).expect("pgbench runs");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        assert!(said.contains("number of failed transactions: 0 "), "{said}");
        said.lines().find_map(tps).unwrap_or_else(|| panic!("no rate in {said}"))
    }
}

fn script(account: AccountId) -> String {
    let mut script = String::new();
    // In the script's text: a variable of pgbench cannot hold quotes.
    let texts = |words| format!("json_array_elements_text(CAST('{words}' AS json)) AS texts (value)");
    let words = WORDS.replace("{dated}", &texts(DATED)).replace("{others}", &texts(OTHERS));
    // A union of texts stays one, unless it is told otherwise.
    let words = words.replace(":account", ":account::uuid").replace(":document", ":document::uuid").replace(":today", ":today::date");
    let steps = [
        (LOOK_UP.replace("{drawn}", DRAWN), "\\gset"),
        ("BEGIN".to_owned(), ";"),
        (DOCUMENT.to_owned(), ";"),
        (INVOICE.to_owned(), ";"),
        (words, ";"),
        (charge(), "\\gset"),
        (LEDGER.to_owned(), ";"),
        (REQUEST.to_owned(), ";"),
        ("COMMIT".to_owned(), ";"),
    ];
    for (statement, end) in steps {
        // A statement of pgbench that ends in \gset stands on one line with it.
        let statement = statement.replace('\n', " ").replace(":account", &format!("'{}'", account.0));
        writeln!(script, "{statement} {end}").expect("text can be appended to");
    }
    script
}

/// From PATH, or from where Debian keeps the programs of the newest version.
fn installed() -> Option<PathBuf> {
    let in_path = env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join("pgbench")).find(|program| program.exists());
    in_path.or_else(|| {
        let versions = fs::read_dir(Path::new("/usr/lib/postgresql")).ok()?;
        versions.filter_map(|version| Some(version.ok()?.path().join("bin/pgbench"))).filter(|program| program.exists()).max()
    })
}

fn tps(line: &str) -> Option<f64> {
    line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok()
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = data_encoding::HEXLOWER.encode(bytes);
    format!("\\x{digits}")
}
