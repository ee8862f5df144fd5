//! Lists of receipts, latest arrival first, a page at a time.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::convert::receipt_kind;
use super::store::ReceiptRow;
use crate::check::{Check, Invalid};
use crate::db::entity::receipt::{Column, Entity};
use crate::db::tenant;
use crate::fatturapa::ReceiptKind;
use crate::ids::{AccountId, InvoiceId, ReceiptId};
use crate::paging::{Page, Seal};
use crate::pb::spazio::v1 as pb;
use crate::wire;

/// Which receipts a list shows. All conditions hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    invoice: Option<InvoiceId>,
    kind: Option<ReceiptKind>,
    unmatched: bool,
    unreadable: bool,
    from: Option<DateTime<Utc>>,
    before: Option<DateTime<Utc>>,
}

/// A list's filter, its page, and the question its page tokens are good for.
pub(super) fn request(request: &pb::ListReceiptsRequest, account: AccountId, seal: &Seal) -> Result<(Filter, Page, String), Invalid> {
    let mut check = Check::default();
    let about = (!request.about_invoice_id.is_empty()).then(|| request.about_invoice_id.parse::<InvoiceId>());
    let invoice = check.take_optional("about_invoice_id", about);
    let kind = given_kind(&mut check, request.kind);
    let from = check.take_optional("stored_from_time", request.stored_from_time.as_ref().map(wire::moment));
    let before = check.take_optional("stored_before_time", request.stored_before_time.as_ref().map(wire::moment));
    if let (Some(Some(from)), Some(Some(before))) = (from, before)
        && from >= before
    {
        check.refuse("stored_before_time", "must be after stored_from_time");
    }
    if request.unmatched && !request.about_invoice_id.is_empty() {
        check.refuse("unmatched", "must not be set with about_invoice_id: those about an invoice are matched");
    }
    if request.unreadable && request.kind != 0 {
        check.refuse("unreadable", "must not be set with kind: what could not be read is of none");
    }
    if request.unreadable && !request.about_invoice_id.is_empty() {
        check.refuse("unreadable", "must not be set with about_invoice_id: what could not be read is about no invoice that is known");
    }
    let pb::ListReceiptsRequest { unmatched, unreadable, .. } = *request;
    let filter = || Some(Filter { invoice: invoice?, kind: kind?, unmatched, unreadable, from: from?, before: before? });
    let filter = filter();
    let question = format!("{account} receipts {filter:?}");
    let page = seal.page(&mut check, request.page_size, &request.page_token, &question);
    check.finish(|| Some((filter?, page?, question)))
}

fn given_kind(check: &mut Check, number: i32) -> Option<Option<ReceiptKind>> {
    match pb::ReceiptKind::try_from(number) {
        Ok(pb::ReceiptKind::Unspecified) => Some(None),
        Ok(given) => Some(ReceiptKind::ALL.into_iter().find(|known| receipt_kind(*known) == given)),
        Err(_) => {
            let allowed = wire::names(ReceiptKind::ALL.map(|known| receipt_kind(known).as_str_name()));
            check.refuse("kind", format!("{number} is not a kind of receipt: {allowed}"));
            None
        }
    }
}

/// A page of the account's receipts.
pub(super) async fn list(
    connection: &impl ConnectionTrait,
    account: AccountId,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<ReceiptRow>, DbErr> {
    let Filter { invoice, kind, unmatched, unreadable, from, before } = filter;
    let mut rows = tenant::of::<Entity>(account).order_by_desc(Column::Id).limit(page.rows());
    let conditions = [
        page.after.map(|id| Column::Id.lt(ReceiptId(id))),
        invoice.map(|id| Column::InvoiceId.eq(id)),
        kind.map(|kind| Column::Kind.eq(kind.code())),
        // What could not be read speaks of no invoice: so it is found among those that do not.
        (*unmatched || *unreadable).then(|| Column::InvoiceId.is_null()),
        unreadable.then(|| Column::Kind.is_null()),
        from.map(|moment| Column::CreatedTime.gte(moment)),
        before.map(|moment| Column::CreatedTime.lt(moment)),
    ];
    for condition in conditions.into_iter().flatten() {
        rows = rows.filter(condition);
    }
    rows.all(connection).await
}
