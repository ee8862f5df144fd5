//! What can be downloaded of an invoice: its file as it came, the XML inside a signed one, a page to read; and receipts.

use ring::digest::{SHA256, digest};
use spazio::demo::invoices::{GeneratedInvoice, receipt};
use spazio::fatturapa::ReceiptKind;
use tonic::Code;

use crate::support::pb::{DownloadForm, ErrorReason};
use crate::support::{TestApp, pb, refused, served};

on_both_databases!(
    of_a_signed_invoice_the_xml_inside_it_can_be_had,
    an_invoice_can_be_had_as_a_page_that_loads_nothing,
    the_files_attached_to_an_invoice_can_be_had_one_by_one,
    what_cannot_be_read_is_told_and_its_file_can_still_be_had,
    a_receipt_is_given_back_byte_for_byte,
);

const SIGNED: &[u8] = include_bytes!("../samples/signed/rsa-streamed.xml.p7m");

async fn of_a_signed_invoice_the_xml_inside_it_can_be_had(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let received = ann.receives(SIGNED.to_vec(), "IT01234567897_00001.xml.p7m").await;
    let (original, file) = ann.downloads(&received.invoice_id).await;
    assert_eq!(original.file_name, "IT01234567897_00001.xml.p7m");
    assert!(file == SIGNED);

    let inside = ann.downloads_as(DownloadForm::Xml, &received.invoice_id).await;
    let (description, xml) = inside.unwrap_or_else(|status| panic!("{status}"));
    assert_eq!((description.file_name.as_str(), description.size_bytes), ("IT01234567897_00001.xml", xml.len() as u64));
    assert_eq!(description.sha256, data_encoding::HEXLOWER.encode(digest(&SHA256, &xml).as_ref()));
    assert!(xml.starts_with(b"<?xml") && xml.ends_with(b">\n"), "{}", String::from_utf8_lossy(&xml));

    // Of a plain file it is the file itself.
    let plain = ann.creates(&ann.invoice()).await;
    let (_, xml) = ann.downloads_as(DownloadForm::Xml, &plain.invoice_id).await.unwrap_or_else(|status| panic!("{status}"));
    assert!(xml == ann.downloads(&plain.invoice_id).await.1);
}

async fn an_invoice_can_be_had_as_a_page_that_loads_nothing(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.creates(&ann.invoice()).await;
    let made = ann.downloads_as(DownloadForm::Page, &invoice.invoice_id).await;
    let (description, page) = made.unwrap_or_else(|status| panic!("{status}"));
    assert_eq!(description.file_name, format!("{}.html", invoice.file_name));
    let page = String::from_utf8(page).expect("a page is UTF-8");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains(&invoice.number), "{page}");
    assert!(!page.contains("src=") && !page.contains("href="), "{page}");

    // A draft without a name is called by its id.
    let unnamed = ann.creates(&GeneratedInvoice { file_name: String::new(), ..ann.invoice() }).await;
    let made = ann.downloads_as(DownloadForm::Page, &unnamed.invoice_id).await;
    assert_eq!(made.unwrap_or_else(|status| panic!("{status}")).0.file_name, format!("{}.xml.html", unnamed.invoice_id));
}

async fn the_files_attached_to_an_invoice_can_be_had_one_by_one(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let received = ann.receives(include_bytes!("../samples/fpr12-everything.xml").to_vec(), "IT01234567897_00001.xml").await;
    let attachment = async |number: u32, form: DownloadForm| {
        let request = pb::DownloadInvoiceRequest { invoice_id: received.invoice_id.clone(), form: form.into(), attachment: number };
        ann.downloads_what(request).await
    };
    let (description, file) = attachment(1, DownloadForm::Attachment).await.unwrap_or_else(|status| panic!("{status}"));
    assert_eq!((description.file_name.as_str(), description.size_bytes), ("rapporto-banchine.pdf", file.len() as u64));

    let refusal = refused(attachment(99, DownloadForm::Attachment).await);
    assert_eq!((refusal.code, refusal.reason), (Code::NotFound, ErrorReason::AttachmentNotFound));
    assert!(refusal.message.contains("1: \"rapporto-banchine.pdf\""), "{}", refusal.message);
    // A number without the form, and the form without a number.
    assert_eq!(refused(attachment(1, DownloadForm::Page).await).fields(), ["attachment"]);
    assert_eq!(refused(attachment(0, DownloadForm::Attachment).await).fields(), ["attachment"]);
}

async fn what_cannot_be_read_is_told_and_its_file_can_still_be_had(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let received = ann.receives(b"no invoice".to_vec(), "odd.xml").await;
    let refusal = refused(ann.downloads_as(DownloadForm::Page, &received.invoice_id).await);
    assert_eq!((refusal.code, refusal.reason), (Code::InvalidArgument, ErrorReason::DocumentUnreadable));
    assert!(ann.downloads(&received.invoice_id).await.1 == b"no invoice");
}

async fn a_receipt_is_given_back_byte_for_byte(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let rc = receipt(ReceiptKind::Delivered, "IT01234567897_00001.xml", app.now()).expect("a name as the SdI demands it");
    let stored = ann.records(rc.bytes.clone(), &rc.file_name).await.receipt.expect("the receipt");
    let request = pb::DownloadReceiptRequest { receipt_id: stored.receipt_id.clone() };
    let mut stream = served(ann.panel.invoices().download_receipt(request).await);
    let mut file = Vec::new();
    while let Some(message) = stream.message().await.unwrap_or_else(|status| panic!("{status}")) {
        match message.part.expect("a part") {
            pb::download_receipt_response::Part::Description(first) => assert_eq!(first.file_name, rc.file_name),
            pb::download_receipt_response::Part::Chunk(chunk) => file.extend(chunk),
        }
    }
    assert!(file == rc.bytes);

    // An invoice's id is no receipt's.
    let request = pb::DownloadInvoiceRequest { invoice_id: stored.receipt_id.replace("rcp_", "inv_"), ..Default::default() };
    assert_eq!(refused(ann.panel.invoices().download_invoice(request).await).reason, ErrorReason::InvoiceNotFound);
}
