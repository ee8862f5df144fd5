//! Files: what is no invoice cannot be sent, and is received all the same, byte for byte (I2).

use std::fs;
use std::path::Path;

use prost::Message as _;
use tonic::Code;

use super::Row;
use crate::support::pb::ErrorReason;
use crate::support::{Customer, pb, request_id};

const LARGEST: usize = 5_242_880;

pub async fn rows(ann: &Customer) -> Vec<Row> {
    let mut rows = sizes_and_names(ann);
    let draft = ann.creates(&ann.invoice()).await;
    for (number, (what, file)) in unreadable().into_iter().enumerate() {
        let (code, reason) = (Code::InvalidArgument, ErrorReason::DocumentUnreadable);
        let fields = &["file"];
        // What cannot be sent was delivered to somebody else: it is kept, and comes back as it was.
        let received = ann.receives(file.clone(), &format!("delivered-{number}.xml")).await;
        assert_ne!(received.reading_problems, Vec::<String>::new(), "{what} has a problem");
        assert!(ann.downloads(&received.invoice_id).await.1 == file, "{what} is kept byte for byte");

        let file_name = format!("IT01234567897_{number:05}.xml");
        let create = pb::CreateSentInvoiceRequest { request_id: request_id(), file: file.clone(), file_name };
        rows.push(Row { what, method: "CreateSentInvoice", request: create.encode_to_vec(), code, reason, fields });
        let invoice_id = draft.invoice_id.clone();
        let update = pb::UpdateSentInvoiceRequest { request_id: request_id(), invoice_id, file, ..Default::default() };
        rows.push(Row { what, method: "UpdateSentInvoice", request: update.encode_to_vec(), code, reason, fields });
    }
    rows
}

fn sizes_and_names(ann: &Customer) -> Vec<Row> {
    let invoice = ann.invoice();
    let (code, reason) = (Code::InvalidArgument, ErrorReason::InvalidRequest);
    let send = |what, file: Vec<u8>, file_name: &str, fields| {
        let request = pb::CreateSentInvoiceRequest { request_id: request_id(), file, file_name: file_name.to_owned() };
        Row { what, method: "CreateSentInvoice", request: request.encode_to_vec(), code, reason, fields }
    };
    let receive = |what, file: Vec<u8>, file_name: &str, fields| {
        let request = pb::ReceiveInvoiceRequest { request_id: request_id(), file, file_name: file_name.to_owned() };
        Row { what, method: "ReceiveInvoice", request: request.encode_to_vec(), code, reason, fields }
    };
    let record = |what, file: Vec<u8>, file_name: &str, fields| {
        let request = pb::RecordReceiptRequest { request_id: request_id(), file, file_name: file_name.to_owned() };
        Row { what, method: "RecordReceipt", request: request.encode_to_vec(), code, reason, fields }
    };
    let mut rows = vec![
        send("no file", Vec::new(), &invoice.file_name, &["file"]),
        send("a file of 5 MB and a byte", vec![b' '; LARGEST + 1], &invoice.file_name, &["file"]),
        receive("no file", Vec::new(), "a.xml", &["file"]),
        receive("a file of 5 MB and a byte", vec![b' '; LARGEST + 1], "a.xml", &["file"]),
        receive("no name", invoice.bytes.clone(), "", &["file_name"]),
        receive("a name of 101 characters", invoice.bytes.clone(), &"n".repeat(101), &["file_name"]),
        receive("a NUL in the name", invoice.bytes.clone(), "a\0.xml", &["file_name"]),
        receive("neither name nor file", Vec::new(), "", &["file_name", "file"]),
        record("no file", Vec::new(), "a.xml", &["file"]),
        record("a receipt of 5 MB and a byte", vec![b' '; LARGEST + 1], "a.xml", &["file"]),
        record("no name", b"<a/>".to_vec(), "", &["file_name"]),
    ];
    for (what, file_name) in [
        ("a name without a country", "01234567897_00001.xml"),
        ("a name without a progressive", "IT01234567897.xml"),
        ("a progressive too long", "IT01234567897_000001.xml"),
        ("another extension", "IT01234567897_00001.pdf"),
        ("a path", "../IT01234567897_00001.xml"),
        ("a name with a NUL", "IT01234567897_0\0001.xml"),
    ] {
        rows.push(send(what, invoice.bytes.clone(), file_name, &["file_name"]));
    }
    rows
}

/// Files that are no invoice: hostile ones first.
fn unreadable() -> Vec<(&'static str, Vec<u8>)> {
    let sample = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let good = String::from_utf8(sample("fpr12.xml")).expect("the sample is UTF-8");
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "the sample has {from}");
        good.replacen(from, to, 1).into_bytes()
    };
    vec![
        ("a million laughs", sample("hostile-billion-laughs.xml")),
        ("an external entity", sample("hostile-external-entity.xml")),
        ("a quadratic blow-up", sample("hostile-quadratic-blow-up.xml")),
        ("an undefined entity", sample("hostile-undefined-entity.xml")),
        ("a DOCTYPE that does nothing", with("<p:", "<!DOCTYPE invoice><p:")),
        ("a hundred thousand nested elements", "<a>".repeat(100_000).into_bytes()),
        ("a thousand attributes", {
            let attributes: String = (0..1_000).map(|number| format!(" a{number}=''")).collect();
            format!("<a{attributes}/>").into_bytes()
        }),
        ("a million elements", format!("<a>{}</a>", "<b/>".repeat(1_000_000)).into_bytes()),
        ("a NUL as a reference", with("<Denominazione>", "<Denominazione>&#0;")),
        ("a NUL as it is", with("<Denominazione>", "<Denominazione>\0")),
        ("a surrogate as a reference", with("<Denominazione>", "<Denominazione>&#xD800;")),
        ("wrong UTF-8", [&b"<a>\xff\xfe\xfa</a>"[..]].concat()),
        ("UTF-16", "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a text of 5 MB", format!("<a>{}</a>", "x".repeat(5_000_000)).into_bytes()),
        ("a file cut in the middle", sample("truncated.xml")),
        ("another root", sample("wrong-root.xml")),
        ("the old format", sample("old-format.xml")),
        ("a receipt", sample("receipt-rc.xml")),
        ("blanks", vec![b' '; 100]),
        ("JSON", b"{\"invoice\": 1}".to_vec()),
        ("a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3".to_vec()),
        ("a zip", b"PK\x03\x04\x14\0\0\0\x08\0".to_vec()),
    ]
}
