//! Invoices to and from the contract's messages, every violation at once.

use data_encoding::HEXLOWER;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::receipts;
use super::state::{Direction, InvoiceState, RecipientAnswer};
use super::store::{Filter, ReceiptRow, Row};
use crate::call::{etag, request_id};
use crate::check::{Check, Invalid};
use crate::fatturapa::{DocumentType, MAX_FILE_BYTES, ReceiptKind, SdiFileName};
use crate::ids::{AccountId, InvoiceId};
use crate::paging::{self, Page};
use crate::pb::spazio::v1 as pb;
use crate::wire;

/// What every request that stores a file begins with.
pub(super) struct NewFile {
    pub request_id: Uuid,
    pub file_name: String,
}

const MAX_RECEIPT_BYTES: usize = 1_000_000;
const LONGEST_NAME: usize = 100;

pub(super) fn sent_file(request: &pb::CreateSentInvoiceRequest) -> Result<NewFile, Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let file_name = own_name(&mut check, &request.file_name);
    size(&mut check, &request.file, MAX_FILE_BYTES);
    check.finish(|| Some(NewFile { request_id: request_id?, file_name: file_name? }))
}

pub(super) fn delivered_file(id: &str, name: &str, file: &[u8], most: Delivery) -> Result<NewFile, Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, id);
    let file_name = check.text("file_name", name, 1..=LONGEST_NAME);
    let most = match most {
        Delivery::Invoice => MAX_FILE_BYTES,
        Delivery::Receipt => MAX_RECEIPT_BYTES,
    };
    size(&mut check, file, most);
    check.finish(|| Some(NewFile { request_id: request_id?, file_name: file_name? }))
}

/// What the SdI delivers.
#[derive(Clone, Copy)]
pub(super) enum Delivery {
    Invoice,
    Receipt,
}

/// The name that a sent file comes with, or none.
fn own_name(check: &mut Check, name: &str) -> Option<String> {
    if name.is_empty() { Some(String::new()) } else { check.parse::<SdiFileName>("file_name", name).map(|name| name.to_string()) }
}

pub(super) fn size(check: &mut Check, file: &[u8], most: usize) {
    if file.is_empty() {
        check.refuse("file", "must be given");
    } else if file.len() > most {
        check.refuse("file", format!("must have at most {most} bytes, has {}", file.len()));
    }
}

/// A draft that is to be changed.
pub(super) struct DraftRequest {
    pub request_id: Uuid,
    pub id: InvoiceId,
    pub version: Option<i64>,
}

pub(super) fn draft(id: &str, invoice_id: &str, etag: &str) -> Result<DraftRequest, Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, id);
    let invoice = check.parse("invoice_id", invoice_id);
    let version = crate::call::etag(&mut check, etag);
    check.finish(|| Some(DraftRequest { request_id: request_id?, id: invoice?, version: version? }))
}

/// What CopyRejectedInvoice is asked for.
pub(super) fn copy(request: &pb::CopyRejectedInvoiceRequest) -> Result<(Uuid, InvoiceId), Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let invoice = check.parse("invoice_id", &request.invoice_id);
    check.finish(|| Some((request_id?, invoice?)))
}

pub(super) fn new_version(request: &pb::UpdateSentInvoiceRequest) -> Result<(DraftRequest, String), Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let invoice = check.parse("invoice_id", &request.invoice_id);
    let version = etag(&mut check, &request.etag);
    size(&mut check, &request.file, MAX_FILE_BYTES);
    let file_name = own_name(&mut check, &request.file_name);
    check.finish(|| Some((DraftRequest { request_id: request_id?, id: invoice?, version: version? }, file_name?)))
}

pub(super) fn id(invoice_id: &str) -> Result<InvoiceId, Invalid> {
    let mut check = Check::default();
    let id = check.parse("invoice_id", invoice_id);
    check.finish(|| id)
}

/// A list's filter, its page, and the question its page tokens are good for.
pub(super) fn list(request: &pb::ListInvoicesRequest, account: AccountId) -> Result<(Filter, Page, String), Invalid> {
    let mut check = Check::default();
    let optional_text = |check: &mut Check, field: &str, text: &str, allowed| {
        if text.is_empty() { Some(None) } else { check.text(field, text, allowed).map(Some) }
    };
    let direction = given_direction(&mut check, request.direction);
    let state = given_state(&mut check, request.state);
    let from = check.take_optional("issued_from", request.issued_from.as_ref().map(wire::calendar_day));
    let through = check.take_optional("issued_through", request.issued_through.as_ref().map(wire::calendar_day));
    if let (Some(Some(from)), Some(Some(through))) = (from, through)
        && from > through
    {
        check.refuse("issued_through", "must not be before issued_from");
    }
    let number = optional_text(&mut check, "number", &request.number, 1..=20);
    let counterpart = optional_text(&mut check, "counterpart", &request.counterpart, 2..=100);
    let document_type = given_document_type(&mut check, &request.document_type);
    let filter = || {
        Some(Filter {
            direction: direction?,
            state: state?,
            issued_from: from?,
            issued_through: through?,
            number: number?,
            counterpart: counterpart?,
            document_type: document_type?,
        })
    };
    let filter = filter();
    let question = format!("{account} {filter:?}");
    let page = paging::page(&mut check, request.page_size, &request.page_token, &question);
    check.finish(|| Some((filter?, page?, question)))
}

/// Text of the code list, which has no TD10 to TD15.
fn given_document_type(check: &mut Check, text: &str) -> Option<Option<String>> {
    if text.is_empty() {
        return Some(None);
    }
    let code = DocumentType::from_code(text.trim()).map(|known| known.code().to_owned());
    check.take("document_type", code.ok_or_else(|| format!("must be TD01 to TD09 or TD16 to TD29, is {text:?}"))).map(Some)
}

fn given_direction(check: &mut Check, number: i32) -> Option<Option<Direction>> {
    match pb::Direction::try_from(number) {
        Ok(pb::Direction::Unspecified) => Some(None),
        Ok(pb::Direction::Sent) => Some(Some(Direction::Sent)),
        Ok(pb::Direction::Received) => Some(Some(Direction::Received)),
        Err(_) => {
            check.refuse(
                "direction",
                format!(
                    "{number} is not a direction: {}",
                    wire::names([pb::Direction::Sent, pb::Direction::Received].map(|known| known.as_str_name()))
                ),
            );
            None
        }
    }
}

fn given_state(check: &mut Check, number: i32) -> Option<Option<InvoiceState>> {
    match pb::InvoiceState::try_from(number) {
        Ok(pb::InvoiceState::Unspecified) => Some(None),
        Ok(given) => Some(InvoiceState::ALL.iter().copied().find(|known| state(*known) == given)),
        Err(_) => {
            check.refuse(
                "state",
                format!(
                    "{number} is not a state of an invoice: {}",
                    wire::names(InvoiceState::ALL.iter().map(|known| state(*known).as_str_name()))
                ),
            );
            None
        }
    }
}

fn state(state: InvoiceState) -> pb::InvoiceState {
    match state {
        InvoiceState::Draft => pb::InvoiceState::Draft,
        InvoiceState::Queued => pb::InvoiceState::Queued,
        InvoiceState::Sent => pb::InvoiceState::Sent,
        InvoiceState::Delivered => pb::InvoiceState::Delivered,
        InvoiceState::NotDelivered => pb::InvoiceState::NotDelivered,
        InvoiceState::Rejected => pb::InvoiceState::Rejected,
        InvoiceState::Received => pb::InvoiceState::Received,
    }
}

pub(super) fn invoice(row: &Row) -> pb::Invoice {
    let direction = match row.direction {
        Direction::Sent => pb::Direction::Sent,
        Direction::Received => pb::Direction::Received,
    };
    pb::Invoice {
        invoice_id: row.id.to_string(),
        direction: direction.into(),
        state: state(row.state).into(),
        file_name: row.file_name.clone(),
        size_bytes: row.size.get(),
        sha256: HEXLOWER.encode(&row.sha256),
        format: row.format.clone().unwrap_or_default(),
        document_type: row.document_type.clone().unwrap_or_default(),
        number: row.number.clone().unwrap_or_default(),
        issue_day: row.issue_day.map(wire::day),
        seller: party(row.seller_name.as_ref(), row.seller_vat.as_ref(), row.seller_fiscal_code.as_ref()),
        buyer: party(row.buyer_name.as_ref(), row.buyer_vat.as_ref(), row.buyer_fiscal_code.as_ref()),
        total: row.total_cents.map(|cents| Decimal::new(cents, 2).to_string()).unwrap_or_default(),
        currency: row.currency.clone().unwrap_or_default(),
        documents_in_file: u32::try_from(row.documents).unwrap_or(u32::MAX),
        reading_problems: row.problems.lines().map(str::to_owned).collect(),
        sdi_identifier: row.sdi_identifier.clone().unwrap_or_default(),
        create_time: Some(wire::timestamp(row.created_time)),
        update_time: Some(wire::timestamp(row.updated_time)),
        etag: row.version.to_string(),
        refused_findings: u32::try_from(row.refused).unwrap_or(u32::MAX),
        advice_findings: u32::try_from(row.advice).unwrap_or(u32::MAX),
        copied_from: row.copied_from.map(|id| id.to_string()).unwrap_or_default(),
        recipient_answer: recipient_answer(row.answer).into(),
        sdi_rejections: receipts::rejections(row.rejections.as_ref()),
    }
}

fn recipient_answer(answer: Option<RecipientAnswer>) -> pb::RecipientAnswer {
    match answer {
        None => pb::RecipientAnswer::Unspecified,
        Some(RecipientAnswer::Accepted) => pb::RecipientAnswer::Accepted,
        Some(RecipientAnswer::Refused) => pb::RecipientAnswer::Refused,
        Some(RecipientAnswer::TermPassed) => pb::RecipientAnswer::TermPassed,
    }
}

fn party(name: Option<&String>, vat: Option<&String>, fiscal_code: Option<&String>) -> Option<pb::Party> {
    name.map(|name| pb::Party {
        name: name.clone(),
        vat_number: vat.cloned().unwrap_or_default(),
        fiscal_code: fiscal_code.cloned().unwrap_or_default(),
    })
}

pub(super) fn receipt_kind(kind: ReceiptKind) -> pb::ReceiptKind {
    match kind {
        ReceiptKind::Delivered => pb::ReceiptKind::Delivered,
        ReceiptKind::Rejected => pb::ReceiptKind::Rejected,
        ReceiptKind::NotDelivered => pb::ReceiptKind::NotDelivered,
        ReceiptKind::Outcome => pb::ReceiptKind::Outcome,
        ReceiptKind::TermPassed => pb::ReceiptKind::TermPassed,
        ReceiptKind::Attestation => pb::ReceiptKind::Attestation,
        ReceiptKind::Metadata => pb::ReceiptKind::Metadata,
    }
}

pub(super) fn receipt(row: &ReceiptRow) -> pb::Receipt {
    let kind = ReceiptKind::ALL.into_iter().find(|kind| row.kind.as_deref() == Some(kind.code()));
    let kind = kind.map_or(pb::ReceiptKind::Unspecified, receipt_kind);
    pb::Receipt {
        receipt_id: row.id.to_string(),
        kind: kind.into(),
        file_name: row.file_name.clone(),
        invoice_file_name: row.invoice_file_name.clone().unwrap_or_default(),
        invoice_id: row.invoice_id.map(|id| id.to_string()).unwrap_or_default(),
        sdi_identifier: row.sdi_identifier.clone().unwrap_or_default(),
        size_bytes: row.size.get(),
        create_time: Some(wire::timestamp(row.created_time)),
        recipient_answer: recipient_answer(row.answer).into(),
        description: row.description.clone().unwrap_or_default(),
        sdi_rejections: receipts::rejections(row.rejections.as_ref()),
    }
}
