//! What can be downloaded of an invoice: its file as it came, the XML inside a signed one, a page to read; and receipts.

use ring::digest::{SHA256, digest};
use spazio::demo::invoices::{GeneratedInvoice, receipt};
use spazio::fatturapa::ReceiptKind;
use tonic::Code;

use crate::support::pb::{DownloadForm, ErrorReason};
use crate::support::{Customer, Reworded as _, TestApp, pb, refused, served};

on_both_databases!(
    of_a_signed_invoice_the_xml_inside_it_can_be_had,
    an_invoice_can_be_had_as_a_page_that_loads_nothing,
    the_files_attached_to_an_invoice_can_be_had_one_by_one,
    what_is_attached_to_an_invoice_is_told_without_its_file,
    an_attachment_that_is_nothing_in_base64_is_advised_against_and_not_given_out_empty,
    of_many_attachments_the_first_are_told_and_how_many_there_are,
    what_cannot_be_read_is_told_and_its_file_can_still_be_had,
    a_receipt_is_given_back_byte_for_byte,
    a_name_that_leads_out_of_its_folder_is_kept_and_never_handed_out_to_save_a_file_under,
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

async fn what_is_attached_to_an_invoice_is_told_without_its_file(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    app.day_comes("2026-12-01").await;
    let sample = String::from_utf8_lossy(include_bytes!("../samples/fpr12-everything.xml")).into_owned();
    let damaged = "<Allegati><AlgoritmoCompressione>ZIP</AlgoritmoCompressione><Attachment>no base64!=</Attachment></Allegati>";
    let end = sample.rfind("</FatturaElettronicaBody>").expect("a body");
    let file = format!("{}{damaged}{}", &sample[..end], &sample[end..]).into_bytes();

    let received = ann.receives(file.clone(), "IT01234567897_00001.xml").await;
    let sent = ann.creates(&GeneratedInvoice { bytes: file.clone(), ..ann.invoice() }).await;
    let validated = served(ann.panel.invoices().validate_invoice(pb::ValidateInvoiceRequest { file }).await);
    for invoice in [&received, &sent] {
        let read = ann.reads(invoice).await;
        assert_eq!((&read.attachments, read.attachments_in_file), (&validated.attachments, validated.attachments_in_file));
        assert_eq!(read.attachments.len(), read.attachments_in_file as usize);
        let (last, whole) = read.attachments.split_last().expect("there are some");
        assert!(!whole.is_empty() && whole.iter().all(|attachment| !attachment.damaged), "{whole:?}");
        for attachment in whole {
            let request = pb::DownloadInvoiceRequest {
                invoice_id: invoice.invoice_id.clone(),
                form: DownloadForm::Attachment.into(),
                attachment: attachment.attachment,
            };
            let (description, content) = ann.downloads_what(request).await.unwrap_or_else(|status| panic!("{status}"));
            assert_eq!((&description.file_name, content.len() as u64), (&attachment.name, attachment.size_bytes));
        }
        assert_eq!((whole[0].name.as_str(), whole[0].format.as_str(), whole[0].document), ("rapporto-banchine.pdf", "PDF", 1));
        assert_eq!((last.damaged, last.size_bytes, last.compression.as_str()), (true, 0, "ZIP"));
        assert_eq!(last.name, format!("attachment-{}", last.attachment));
    }
    // As one that an earlier version judged.
    app.database.execute("DELETE FROM judgement").await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(ann.reads(&received).await.attachments, []);
}

async fn an_attachment_that_is_nothing_in_base64_is_advised_against_and_not_given_out_empty(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let attached = |name: &str, content: &str| {
        format!("<Allegati><NomeAttachment>{name}</NomeAttachment><Attachment>{content}</Attachment></Allegati>")
    };
    let both = format!("{}{}</FatturaElettronicaBody>", attached("a.pdf", "!!!!"), attached("b.pdf", ""));
    let received = ann.receives(ann.invoice().with("</FatturaElettronicaBody>", &both).bytes, "IT01234567897_00001.xml").await;
    assert_eq!((received.refused_findings, received.advice_findings), (0, 1));
    let read = ann.reads(&received).await;
    assert_eq!(read.findings[0].code, "ATTACHMENT_NOT_BASE64");
    assert_eq!(read.attachments.iter().map(|attachment| attachment.damaged).collect::<Vec<_>>(), [true, false]);

    let attachment = async |attachment: u32| {
        let form = DownloadForm::Attachment.into();
        ann.downloads_what(pb::DownloadInvoiceRequest { invoice_id: received.invoice_id.clone(), form, attachment }).await
    };
    let refusal = refused(attachment(1).await);
    assert_eq!(refusal.reason, ErrorReason::DocumentUnreadable);
    assert!(refusal.message.contains("what stands in Attachment is not base64"), "{}", refusal.message);
    let (description, empty) = attachment(2).await.unwrap_or_else(|status| panic!("{status}"));
    assert_eq!((description.file_name.as_str(), description.size_bytes, empty.len()), ("b.pdf", 0, 0));

    let (_, page) = ann.downloads_as(DownloadForm::Page, &received.invoice_id).await.unwrap_or_else(|status| panic!("{status}"));
    let page = String::from_utf8(page).expect("a page is UTF-8");
    assert!(page.contains("non leggibile") && !page.contains("3 byte"), "{page}");
}

async fn of_many_attachments_the_first_are_told_and_how_many_there_are(app: &TestApp) {
    const MANY: usize = 30_000;
    let ann = app.customer("ann").trial(16).create().await;
    let many = format!("{}</FatturaElettronicaBody>", "<Allegati><NomeAttachment>a</NomeAttachment></Allegati>".repeat(MANY));
    let file = ann.invoice().with("</FatturaElettronicaBody>", &many).bytes;
    let received = ann.receives(file, "IT01234567897_00001.xml").await;
    let read = ann.reads(&received).await;
    assert_eq!((read.attachments.len(), read.attachments_in_file as usize), (200, MANY));
    let request = pb::DownloadInvoiceRequest { invoice_id: received.invoice_id, form: DownloadForm::Attachment.into(), attachment: 30_001 };
    let refusal = refused(ann.downloads_what(request).await);
    assert_eq!(refusal.reason, ErrorReason::AttachmentNotFound);
    assert!(refusal.message.contains("and 29990 more"), "{}", refusal.message);
}

async fn what_cannot_be_read_is_told_and_its_file_can_still_be_had(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let received = ann.receives(b"no invoice".to_vec(), "odd.xml").await;
    let refusal = refused(ann.downloads_as(DownloadForm::Page, &received.invoice_id).await);
    assert_eq!((refusal.code, refusal.reason), (Code::InvalidArgument, ErrorReason::DocumentUnreadable));
    assert!(ann.downloads(&received.invoice_id).await.1 == b"no invoice");
}

/// The name and the bytes of a receipt, as the panel downloads it.
async fn downloaded_receipt(ann: &Customer, receipt_id: &str) -> (String, Vec<u8>) {
    let request = pb::DownloadReceiptRequest { receipt_id: receipt_id.to_owned() };
    let mut stream = served(ann.panel.invoices().download_receipt(request).await);
    let (mut name, mut file) = (String::new(), Vec::new());
    while let Some(message) = stream.message().await.unwrap_or_else(|status| panic!("{status}")) {
        match message.part.expect("a part") {
            pb::download_receipt_response::Part::Description(first) => name = first.file_name,
            pb::download_receipt_response::Part::Chunk(chunk) => file.extend(chunk),
        }
    }
    (name, file)
}

async fn a_receipt_is_given_back_byte_for_byte(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let rc = receipt(ReceiptKind::Delivered, "IT01234567897_00001.xml", app.now()).expect("a name as the SdI demands it");
    let stored = ann.records(rc.bytes.clone(), &rc.file_name).await.receipt.expect("the receipt");
    let (name, file) = downloaded_receipt(&ann, &stored.receipt_id).await;
    assert!(name == rc.file_name && file == rc.bytes, "{name}");

    // An invoice's id is no receipt's.
    let request = pb::DownloadInvoiceRequest { invoice_id: stored.receipt_id.replace("rcp_", "inv_"), ..Default::default() };
    assert_eq!(refused(ann.panel.invoices().download_invoice(request).await).reason, ErrorReason::InvoiceNotFound);
}

async fn a_name_that_leads_out_of_its_folder_is_kept_and_never_handed_out_to_save_a_file_under(app: &TestApp) {
    const NAME: &str = "../../../etc/passwd";
    const HARMLESS: &str = "_._.._.._etc_passwd";
    let ann = app.customer("ann").create().await;
    let received = ann.receives(ann.invoice().bytes, NAME).await;
    assert_eq!(received.file_name, NAME, "what came is kept");
    for (form, name) in [
        (DownloadForm::Original, HARMLESS.to_owned()),
        (DownloadForm::Xml, HARMLESS.to_owned()),
        (DownloadForm::Page, format!("{HARMLESS}.html")),
    ] {
        let (description, _) = ann.downloads_as(form, &received.invoice_id).await.unwrap_or_else(|status| panic!("{status}"));
        assert_eq!(description.file_name, name, "{form:?}");
    }
    let receipt = ann.records(b"a receipt".to_vec(), NAME).await.receipt.expect("the receipt");
    assert_eq!(receipt.file_name, NAME);
    assert_eq!(downloaded_receipt(&ann, &receipt.receipt_id).await.0, HARMLESS);
}
