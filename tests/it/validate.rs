//! `spazio validate` and `spazio render` judge and show files without a server.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::spazio;

fn samples() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples"))
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    spazio(folder).args(arguments).output().expect("it runs")
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
    let unreadable = samples().join("truncated.xml").display().to_string();
    for (arguments, code) in [
        (vec![good.as_str()], 0),
        // The schema alone finds nothing wrong with an amount.
        (vec![wrong.as_str()], 0),
        (vec!["--content", &good], 0),
        (vec!["--content", &good, &wrong], 1),
        (vec!["--content", &wrong, &unreadable], 2),
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
fn with_json_each_file_of_a_folder_is_one_object_on_one_line_in_order() {
    let output = run(samples(), &["validate", "--content", "--format", "json", "."]);
    let objects: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
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
