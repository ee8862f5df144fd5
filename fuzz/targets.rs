//! What is done with a stranger's file, and what must hold whatever is in it. The fuzzer calls these, and so do the tests that replay its
//! corpus (tests/it/fuzz_corpus.rs).

use chrono::NaiveDate;
use spazio::fatturapa::zip::{Limits, entries};
use spazio::fatturapa::{Document, FileKind, Judgement, Reception, page, read, read_receipt, summary, unwrapped};

/// The largest page: so many times the file, and its frame. What has no place of its own is listed with its path.
const PAGE_TIMES: usize = 200;
const PAGE_FRAME: usize = 50_000;

/// Any file: judged, read, shown.
pub fn xml(file: &[u8]) {
    let day = NaiveDate::from_ymd_opt(2026, 11, 24);
    let (structure, judged) = (Judgement::of(file, None), Judgement::of(file, day));
    assert_eq!(structure.schema_valid, judged.schema_valid, "the content has no say in the schema's verdict");
    assert!(structure.findings.iter().all(|finding| judged.findings.contains(finding)), "what the structure shows is always told");
    let only_signatures = structure.findings.iter().all(|finding| matches!(finding.code, "00102" | "00107"));
    assert!(only_signatures || !structure.schema_valid, "what is valid has no structural finding");
    for finding in &judged.findings {
        assert!(finding.at.line > 0 && finding.at.column > 0, "places are counted from 1: {finding:?}");
        assert!(!finding.message.italian.is_empty() && !finding.message.english.is_empty(), "{finding:?}");
    }
    let read = read(file);
    let Ok(document) = Document::open(file) else {
        assert!(read.is_err() && judged.unreadable.is_some(), "what cannot be opened cannot be read");
        return;
    };
    let Ok(tree) = document.tree() else {
        assert!(read.is_err() && judged.unreadable.is_some(), "what is no XML cannot be read");
        return;
    };
    let page = page(&tree, &judged.findings, Reception::On(day.unwrap_or_default()));
    assert!(page.len() <= PAGE_TIMES * file.len() + PAGE_FRAME, "{} bytes become a page of {}", file.len(), page.len());
    assert!(!page.contains("<script") && !page.contains("<img"), "nothing of a file is markup");
    assert!(!summary(&tree).chars().any(char::is_control), "a terminal obeys nothing of a file");
    if let Ok(invoice) = read {
        assert!(matches!(judged.kind, FileKind::Invoice(Some(format)) if format == invoice.format) && invoice.documents > 0);
    }
}

/// A signed file: opened, its signatures told, its content taken out.
pub fn p7m(file: &[u8]) {
    let Ok((content, signatures)) = unwrapped(file) else {
        assert!(Document::open(file).is_err(), "what cannot be opened has no document");
        return;
    };
    assert!(content.len() <= file.len(), "nothing is inside that was not in the file");
    assert!(signatures.len() <= 8, "each signature costs time");
    assert!(Document::open(file).is_err() || unwrapped(&content).is_ok_and(|(_, inner)| inner.is_empty()), "all layers are off");
}

/// A message of the SdI.
pub fn receipt(file: &[u8]) {
    let Ok(receipt) = read_receipt(file) else { return };
    // What is in an archive is judged by itself.
    assert!(file.starts_with(b"PK") || Judgement::of(file, None).kind == FileKind::Message(receipt.kind));
    assert!(!receipt.sdi_identifier.is_empty() && receipt.file_name.is_none_or(|name| !name.is_empty()));
    assert!(receipt.errors.iter().all(|error| !error.code.is_empty()));
}

/// A ZIP archive: every file in it taken out.
pub fn zip(file: &[u8]) {
    let limits = Limits::MESSAGE;
    let Ok(entries) = entries(file, limits) else { return };
    let mut bytes = 0;
    for entry in entries {
        assert!(entry.name.len() <= limits.name_bytes, "names are cut off");
        if let Ok(content) = entry.content {
            assert!(content.len() <= limits.entry_bytes);
            bytes += content.len();
        }
    }
    assert!(bytes <= limits.total_bytes && bytes <= limits.ratio * file.len(), "{} bytes become {bytes}", file.len());
    let _ = read_receipt(file);
}
