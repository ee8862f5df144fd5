//! `spazio validate` and `spazio render` judge and show files without a server.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::spazio;

fn samples() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples"))
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    spazio(folder).args(arguments).output().expect("it runs")
}

/// With a file on standard input.
fn run_with(folder: &Path, arguments: &[&str], input: &Path) -> Output {
    let input = Stdio::from(File::open(input).expect("the input is there"));
    spazio(folder).args(arguments).stdin(input).output().expect("it runs")
}

fn objects(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The sample with its tax a euro too high.
fn with_a_wrong_tax(folder: &Path) -> String {
    let good = fs::read_to_string(samples().join("fpr12.xml")).expect("the sample is there");
    fs::write(folder.join("wrong.xml"), good.replace("<Imposta>22.00", "<Imposta>23.00")).expect("it can be written");
    "wrong.xml".to_owned()
}

#[test]
fn good_files_end_with_0_findings_with_1_and_what_cannot_be_read_with_2() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = samples().join("fpr12.xml").display().to_string();
    let wrong = with_a_wrong_tax(folder.path());
    let sample = |name: &str| samples().join(name).display().to_string();
    let (unreadable, old) = (sample("truncated.xml"), sample("old-format.xml"));
    for (arguments, code) in [
        (vec![good.as_str()], 0),
        // The schema alone finds nothing wrong with an amount.
        (vec![wrong.as_str()], 0),
        (vec!["--content", &good], 0),
        (vec!["--content", &good, &wrong], 1),
        (vec!["--content", &wrong, &unreadable], 2),
        // Enough of it is read to say that the SdI refuses it.
        (vec![&old], 1),
        (vec!["no-such-file.xml"], 2),
    ] {
        let output = run(folder.path(), &[&["validate"], arguments.as_slice()].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    }
}

#[test]
fn a_report_tells_place_code_and_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrong = with_a_wrong_tax(folder.path());
    let report = text(&run(folder.path(), &["validate", "--content", &wrong]).stdout);
    for part in ["refused wrong.xml (FPR12)", " 00421 FatturaElettronicaBody/DatiBeniServizi/DatiRiepilogo/Imposta ", "23.00", "22.00"] {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
    assert!(!report.contains('\u{1b}'), "no colours where there is no terminal");
}

#[test]
fn where_only_the_structure_was_judged_the_report_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrong = with_a_wrong_tax(folder.path());
    let receipt = samples().join("receipt-rc.xml").display().to_string();
    let report = |arguments: &[&str]| run(folder.path(), &[&["validate"], arguments].concat());
    let told = text(&report(&[&wrong, &receipt]).stdout);
    assert!(told.contains("good wrong.xml (FPR12, structure only)\n") && told.contains("receipt-rc.xml (RC)\n"), "{told}");
    assert!(told.ends_with("\n2 files: 1 good, 1 receipt (structure only; add --content to judge all of it)\n"), "{told}");
    assert!(text(&report(&[&receipt, "--content"]).stdout).ends_with("receipt-rc.xml (RC)\n1 file: 1 receipt\n"));
    assert!(text(&report(&[&receipt]).stdout).ends_with("\n1 file: 1 receipt\n"), "there is nothing more to judge");
    let receipt = &objects(&report(&["--format", "json", &receipt]))[0];
    assert_eq!((&receipt["verdict"], &receipt["kind"], &receipt["schema_valid"]), (&"receipt".into(), &"RC".into(), &false.into()));
}

#[test]
fn a_document_changed_after_signing_is_refused_even_where_only_the_structure_is_judged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut signed = fs::read(samples().join("signed/rsa.xml.p7m")).expect("the sample is there");
    let amount = signed.windows(3).position(|bytes| bytes == b"122").expect("it is inside");
    signed[amount] = b'9';
    fs::write(folder.path().join("changed.xml.p7m"), signed).expect("it can be written");
    for content in [&[][..], &["--content"]] {
        let report = run(folder.path(), &[&["validate", "changed.xml.p7m", "--fail-on", "refused"], content].concat());
        assert_eq!(report.status.code(), Some(1));
        let told = text(&report.stdout);
        assert!(told.contains(" 00102 signature 1 (") && told.contains("the document was changed after it was signed"), "{told}");
    }
    let signed = samples().join("signed/rsa.xml.p7m").display().to_string();
    let object = &objects(&run(folder.path(), &["validate", "--format", "json", &signed, "changed.xml.p7m"]))[1];
    assert_eq!((&object["schema_valid"], &object["verdict"]), (&true.into(), &"refused".into()), "the schema has no say in signatures");
}

#[test]
fn with_json_each_file_of_a_folder_is_one_object_on_one_line_in_order() {
    let output = run(samples(), &["validate", "--content", "--format", "json", "."]);
    let objects = objects(&output);
    let files: Vec<_> = objects.iter().map(|object| object["file"].as_str().expect("a file")).collect();
    assert!(files.is_sorted() && files.len() > 30, "{files:?}");
    let of = |name: &str| objects.iter().find(|object| object["file"] == format!("./{name}")).expect("it is reported");
    assert_eq!(of("fpr12.xml")["schema_valid"], true);
    assert_eq!(of("fpr12.xml")["kind"], "FPR12");
    assert_eq!(of("receipt-rc.xml")["kind"], "RC");
    let hostile = of("hostile-billion-laughs.xml");
    assert_eq!((&hostile["schema_valid"], &hostile["findings"][0]["code"]), (&Value::Bool(false), &Value::from("DOCTYPE_FORBIDDEN")));
    let wrong = &of("wrong-content.xml")["findings"][0];
    assert_eq!((&wrong["code"], &wrong["severity"]), (&Value::from("00200"), &Value::from("refused")));
    assert!(wrong["line"].is_u64() && wrong["column"].is_u64() && wrong["path"].is_string() && wrong["message_it"].is_string());
    let signed = objects.iter().find(|object| object["signed"] == true).expect("there are signed samples");
    assert_eq!(signed["signatures"][0]["trust"], "not checked");
}

/// The sample with a payment that is due before the invoice's day: advice, and nothing else.
fn with_advice_only(folder: &Path) -> String {
    let good = fs::read_to_string(samples().join("fpr12.xml")).expect("the sample is there");
    let paid = "<DatiPagamento><CondizioniPagamento>TP02</CondizioniPagamento><DettaglioPagamento><ModalitaPagamento>MP05</ModalitaPagamento>\
                <DataScadenzaPagamento>2020-01-01</DataScadenzaPagamento><ImportoPagamento>122.00</ImportoPagamento></DettaglioPagamento>\
                </DatiPagamento></FatturaElettronicaBody>";
    fs::write(folder.join("advice.xml"), good.replace("</FatturaElettronicaBody>", paid)).expect("it can be written");
    "advice.xml".to_owned()
}

#[test]
fn what_cannot_be_read_keeps_nothing_else_from_being_judged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrong = with_a_wrong_tax(folder.path());
    fs::create_dir(folder.path().join("empty")).expect("it is made");
    let paths = ["no-such-file.xml", &wrong, "empty", "empty/none.p7m"];
    let report = run(folder.path(), &[&["validate", "--content"], &paths[..]].concat());
    assert_eq!(report.status.code(), Some(2));
    let told = text(&report.stdout);
    for line in [
        "unreadable no-such-file.xml: there is no such file; correct the name\n",
        "unreadable empty/none.p7m: there is no such file",
        "refused wrong.xml (FPR12)\n",
    ] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    assert_eq!(text(&report.stderr), "spazio: 3 files: 1 refused, 2 unreadable; no .xml or .p7m files in empty\n");
    let report = run(folder.path(), &[&["validate", "--content", "--format", "json"], &paths[..]].concat());
    assert_eq!(report.status.code(), Some(2));
    let objects = objects(&report);
    let files: Vec<_> = objects.iter().map(|object| object["file"].as_str().expect("a file")).collect();
    assert_eq!(files, ["no-such-file.xml", "wrong.xml", "empty/none.p7m"], "as they were named");
    assert_eq!(objects.iter().map(|object| object["schema_valid"] == true).collect::<Vec<_>>(), [false, true, false]);
    let finding = &objects[0]["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&Value::from("NOT_A_FILE"), &Value::from("refused")));
    assert_eq!(finding["message_it"], "il file non esiste; correggere il nome");
    let keys = |object: &Value| object.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&objects[0]), keys(&objects[1]), "one shape for all");
    assert_eq!(keys(finding), keys(&objects[1]["findings"][0]));
}

#[test]
fn a_folder_named_beside_a_file_in_it_is_not_taken_for_an_empty_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("invoices")).expect("it is made");
    fs::copy(samples().join("fpr12.xml"), folder.path().join("invoices/a.xml")).expect("it is copied");
    let report = run(folder.path(), &["validate", "--content", "invoices/a.xml", "invoices", "invoices"]);
    assert_eq!((report.status.code(), text(&report.stdout)), (Some(0), "good invoices/a.xml (FPR12)\n1 file: 1 good\n".to_owned()));
}

#[test]
fn files_are_told_as_they_were_named_each_once_and_those_of_a_folder_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir_all(folder.path().join("b/inner")).expect("it is made");
    for name in ["z.xml", "a.xml", "b/2.xml", "b/1.P7M", "b/inner/0.xml", "b/notes.txt"] {
        fs::copy(samples().join("fpr12.xml"), folder.path().join(name)).expect("it is copied");
    }
    let report = run(folder.path(), &["validate", "--format", "json", "z.xml", "b", "a.xml", "b/2.xml", "z.xml"]);
    let objects = objects(&report);
    let files: Vec<_> = objects.iter().map(|object| object["file"].as_str().expect("a file")).collect();
    assert_eq!(files, ["z.xml", "b/1.P7M", "b/2.xml", "b/inner/0.xml", "a.xml"]);
    fs::create_dir(folder.path().join("c")).expect("it is made");
    let report = run(folder.path(), &["validate", "c", "c"]);
    assert_eq!((report.status.code(), text(&report.stderr)), (Some(2), "spazio: no .xml or .p7m files in c\n".to_owned()));
}

#[test]
fn a_named_pipe_or_device_is_refused_and_one_handed_over_by_the_shell_is_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("pipes")).expect("it is made");
    let made = Command::new("mkfifo").arg(folder.path().join("pipes/waiting.xml")).status().expect("mkfifo runs");
    assert!(made.success());
    for path in ["pipes/waiting.xml", "/dev/null"] {
        for command in ["validate", "render"] {
            let refused = run(folder.path(), &[command, path]);
            assert_eq!(refused.status.code(), Some(2), "{command} {path}");
            let told = text(&refused.stdout) + &text(&refused.stderr);
            assert!(told.contains(&format!("{path}: it is no file but a pipe or a device; name a file")), "{told}");
        }
    }
    let passed_over = run(folder.path(), &["validate", "pipes"]);
    assert_eq!(text(&passed_over.stderr), "spazio: no .xml or .p7m files in pipes\n");
    for command in ["validate", "render"] {
        let mut reading =
            spazio(folder.path()).args([command, "/dev/stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut pipe = reading.stdin.take().expect("it is piped");
        pipe.write_all(&fs::read(samples().join("fpr12.xml")).expect("the sample is there")).expect("it is read");
        drop(pipe);
        assert!(reading.wait().expect("it ends").success(), "{command}");
    }
}

#[test]
fn neither_the_name_nor_the_content_of_a_file_is_obeyed_by_a_terminal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = "a\u{1b}[31m\nb.xml";
    let good = fs::read_to_string(samples().join("fpr12.xml")).expect("the sample is there");
    fs::write(folder.path().join(name), good.replace("<Numero>12/2026", "<Numero>\u{9b}2J\n")).expect("it can be written");
    let report = text(&run(folder.path(), &["validate", name]).stdout);
    assert!(report.starts_with("refused a\\u{1b}[31m\\nb.xml (FPR12"), "{report}");
    assert!(!report.chars().any(|character| character.is_control() && character != '\n') && report.lines().count() == 2, "{report}");
    let object = &objects(&run(folder.path(), &["validate", "--format", "json", name]))[0];
    assert_eq!(object["file"], name, "a program finds the file again");
    let refused = text(&run(folder.path(), &["render", name, "no\u{7}ne.xml"]).stderr);
    assert!(refused.contains("no\\u{7}ne.xml: there is no such file"), "{refused}");
}

#[test]
fn advice_is_told_from_what_is_refused_and_fails_only_where_it_should() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = samples().join("fpr12.xml").display().to_string();
    let (advice, wrong) = (with_advice_only(folder.path()), with_a_wrong_tax(folder.path()));
    let truncated = samples().join("truncated.xml").display().to_string();
    let judged = |fail_on: &[&str], files: &[&str]| run(folder.path(), &[&["validate", "--content"], fail_on, files].concat());
    let refused_only = ["--fail-on", "refused"];
    let report = judged(&[], &[&good, &advice]);
    assert_eq!((report.status.code(), text(&report.stderr)), (Some(1), "spazio: 2 files: 1 good, 1 with advice only\n".to_owned()));
    assert!(text(&report.stdout).contains("advice advice.xml (FPR12)\n"), "{}", text(&report.stdout));
    let report = judged(&refused_only, &[&good, &advice]);
    assert_eq!((report.status.code(), text(&report.stderr)), (Some(0), String::new()));
    assert!(text(&report.stdout).ends_with("\n2 files: 1 good, 1 with advice only\n"), "{}", text(&report.stdout));
    let report = judged(&refused_only, &[&good, &advice, &wrong]);
    assert_eq!(report.status.code(), Some(1));
    assert_eq!(text(&report.stderr), "spazio: 3 files: 1 good, 1 with advice only, 1 refused\n");
    assert_eq!(judged(&refused_only, &[&advice, &truncated]).status.code(), Some(2));
    let verdicts = objects(&judged(&["--format", "json"], &[&good, &advice, &wrong, &truncated]));
    let verdicts: Vec<_> = verdicts.iter().map(|object| object["verdict"].as_str().expect("a verdict")).collect();
    assert_eq!(verdicts, ["good", "advice", "refused", "unreadable"]);
}

#[test]
fn a_dash_is_standard_input() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrong = folder.path().join(with_a_wrong_tax(folder.path()));
    let report = run_with(folder.path(), &["validate", "--content", "-"], &wrong);
    assert_eq!(report.status.code(), Some(1));
    assert!(text(&report.stdout).starts_with("refused - (FPR12)\n"), "{}", text(&report.stdout));
    let rendered = run_with(folder.path(), &["render", "-"], &samples().join("fpr12.xml"));
    assert!(rendered.status.success() && text(&rendered.stdout).starts_with("<!DOCTYPE html>"), "{}", text(&rendered.stderr));
    assert!(text(&rendered.stderr).contains("12/2026"), "the summary: {}", text(&rendered.stderr));
    let rendered = run_with(folder.path(), &["render", "-", "--output", "page.html"], &samples().join("fpr12.xml"));
    assert!(rendered.status.success() && text(&rendered.stdout).ends_with("page.html\n"), "{}", text(&rendered.stderr));
}

#[test]
fn a_rendered_invoice_is_a_page_of_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = samples().join("fpr12.xml").display().to_string();
    let output = run(folder.path(), &["render", &good]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("12/2026"), "the summary: {}", text(&output.stdout));
    let page = fs::read_to_string(folder.path().join("fpr12.xml.html")).expect("the page is there");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("Caffè &amp; Più S.r.l."), "{page}");
    let refused = run(folder.path(), &["render", &samples().join("truncated.xml").display().to_string()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(!folder.path().join("truncated.xml.html").exists(), "nothing half done");
}

#[test]
fn a_page_on_standard_output_is_nothing_but_the_page() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = samples().join("fpr12.xml").display().to_string();
    run(folder.path(), &["render", &good, "--output", "page.html"]);
    let page = fs::read(folder.path().join("page.html")).expect("the page is there");
    for place in ["-", "/dev/stdout"] {
        let piped = run(folder.path(), &["render", &good, "--output", place]);
        assert!(piped.status.success() && piped.stdout == page, "{}", text(&piped.stderr));
        assert!(text(&piped.stderr).contains("12/2026"), "the summary: {}", text(&piped.stderr));
        let into = folder.path().join("redirected.html");
        let file = File::create(&into).expect("it can be made");
        let status = spazio(folder.path()).args(["render", &good, "--output", place]).stdout(file).output().expect("it runs").status;
        assert!(status.success() && fs::read(&into).expect("it is there") == page, "{place}");
    }
}

#[test]
fn pages_are_not_written_over_without_being_asked_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (one, other) = (samples().join("fpr12.xml").display().to_string(), samples().join("fsm10.xml").display().to_string());
    let kept = folder.path().join("fsm10.xml.html");
    fs::write(&kept, "mine").expect("it can be written");
    let refused = run(folder.path(), &["render", &one, &other]);
    assert_eq!(refused.status.code(), Some(1));
    let told = text(&refused.stderr);
    assert!(told.contains("fsm10.xml.html is there already") && told.contains("--force"), "{told}");
    assert_eq!(fs::read_to_string(&kept).expect("it is there"), "mine");
    assert!(!folder.path().join("fpr12.xml.html").exists(), "nothing was written");
    assert!(run(folder.path(), &["render", "--force", &one, &other]).status.success());
    assert!(fs::read_to_string(&kept).expect("it is there").ends_with("</html>\n"));
    let own = folder.path().join("own.xml");
    fs::copy(&one, &own).expect("it is copied");
    let refused = run(folder.path(), &["render", "--force", "own.xml", "--output", "./own.xml"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("./own.xml is an invoice"), "{}", text(&refused.stderr));
    assert_eq!(fs::read(own).expect("it is there"), fs::read(&one).expect("it is there"), "an invoice is never written over");
}

#[test]
fn several_invoices_are_each_a_page_and_one_that_cannot_be_read_keeps_none_from_being_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = |name: &str| samples().join(name).display().to_string();
    let (one, other, truncated) = (sample("fpr12.xml"), sample("fsm10.xml"), sample("truncated.xml"));
    fs::create_dir(folder.path().join("pages")).expect("it is made");
    let rendered = run(folder.path(), &["render", &one, "no-such-file.xml", &truncated, "pages", &other, "--output", "pages"]);
    assert_eq!(rendered.status.code(), Some(2));
    let told = text(&rendered.stderr);
    assert!(told.starts_with("spazio: 3 of 5 invoices could not be rendered:\n  - no-such-file.xml: there is no such file;"), "{told}");
    assert!(told.contains("\n  - pages: it is a folder; name the files in it"), "{told}");
    let mut pages: Vec<_> =
        fs::read_dir(folder.path().join("pages")).expect("a folder").map(|page| page.expect("a page").file_name()).collect();
    pages.sort();
    assert_eq!(pages, ["fpr12.xml.html", "fsm10.xml.html"]);
    let told = text(&rendered.stdout);
    assert!(told.contains("pages/fpr12.xml.html\n") && told.ends_with("pages/fsm10.xml.html\n"), "{told}");
    let failed = run(folder.path(), &["render", &one, "--output", "nowhere/page.html"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed.stderr).contains("its folder is not there; choose another place"), "{}", text(&failed.stderr));
    assert!(run(folder.path(), &["render", &one, &other, "--output", "pages/new/"]).status.success());
    assert!(folder.path().join("pages/new/fsm10.xml.html").exists(), "the folder is made");
    fs::copy(&other, folder.path().join("fpr12.xml")).expect("it is copied");
    for (arguments, what_to_do) in [
        (vec![one.as_str(), "fpr12.xml"], "into different folders, or one by one with --output and a name of its own"),
        (vec![&one, "fpr12.xml", "--output", "out/"], "into different folders, or one by one"),
        (vec![&one, &other, "--output", "one.html"], "name a folder with --output"),
        (vec![&one, &other, "--output", "-"], "name a folder with --output"),
    ] {
        let refused = run(folder.path(), &[&["render"], arguments.as_slice()].concat());
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        let told = text(&refused.stderr);
        assert!(told.contains("would be the page of both") && told.contains(what_to_do), "{told}");
        assert!(refused.stdout.is_empty() && fs::read_dir(folder.path()).expect("a folder").count() == 2, "nothing was written");
    }
}

#[test]
fn a_file_that_is_named_twice_has_one_page() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::copy(samples().join("fpr12.xml"), folder.path().join("a.xml")).expect("it is copied");
    let rendered = run(folder.path(), &["render", "a.xml", "./a.xml", "a.xml", "--output", "pages/"]);
    assert!(rendered.status.success(), "{}", text(&rendered.stderr));
    let told = text(&rendered.stdout);
    assert_eq!(told.matches("pages/a.xml.html").count(), 1, "{told}");
}
