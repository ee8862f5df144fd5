//! Carts and quotes to and from the contract's messages.

use uuid::Uuid;

use super::CartError;
use super::pricing::{Line, LineKind, Outlook, Quote};
use super::view::Priced;
use crate::account::service_kind_message;
use crate::call::request_id;
use crate::catalogue::{Catalogue, ProductCode};
use crate::check::{Check, Invalid};
use crate::clock::CalendarDay;
use crate::ids::CartId;
use crate::money::Amounts;
use crate::notify::language::Language;
use crate::pb::spazio::v1 as pb;
use crate::space::Gigabytes;
use crate::wire;

/// A change of a cart.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Quantity { pack: Gigabytes, term_years: Option<u32> },
    Extension(bool),
    AddModule(ProductCode),
    RemoveModule(ProductCode),
    AdditionalUsers(u32),
}

/// Which cart is to be changed, how, and by which request.
#[derive(Clone, Debug)]
pub(super) struct ChangeRequest {
    pub request_id: Uuid,
    pub cart: CartId,
    pub version: Option<i64>,
    pub change: Change,
}

/// Reads what all changes have in common, and the change itself.
fn change(id: &str, cart: &str, etag: &str, read: impl FnOnce(&mut Check) -> Option<Change>) -> Result<ChangeRequest, Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, id);
    let cart = check.parse("cart_id", cart);
    let version = (!etag.is_empty()).then(|| super::view::version_of(etag).ok_or("must be the etag of an earlier answer"));
    let version = check.take_optional("etag", version);
    let change = read(&mut check);
    check.finish(|| Some(ChangeRequest { request_id: request_id?, cart: cart?, version: version?, change: change? }))
}

pub(super) fn quantity(request: &pb::SetQuantityRequest) -> Result<ChangeRequest, CartError> {
    Ok(change(&request.request_id, &request.cart_id, &request.etag, |check| {
        let pack = check.number::<u32>("quantity_gb", request.quantity_gb, 1..=1000);
        let term_years = match request.term_years {
            0 => Some(None),
            years => check.number::<u32>("term_years", years, 1..=10).map(Some),
        };
        Some(Change::Quantity { pack: Gigabytes::new(pack?), term_years: term_years? })
    })?)
}

pub(super) fn extension(request: &pb::SetExtensionRequest) -> Result<ChangeRequest, CartError> {
    Ok(change(&request.request_id, &request.cart_id, &request.etag, |_| Some(Change::Extension(request.extension)))?)
}

pub(super) fn add_module(request: &pb::AddModuleRequest) -> Result<ChangeRequest, CartError> {
    let code = |check: &mut Check| check.parse("module", &request.module).map(Change::AddModule);
    Ok(change(&request.request_id, &request.cart_id, &request.etag, code)?)
}

pub(super) fn remove_module(request: &pb::RemoveModuleRequest) -> Result<ChangeRequest, CartError> {
    let code = |check: &mut Check| check.parse("module", &request.module).map(Change::RemoveModule);
    Ok(change(&request.request_id, &request.cart_id, &request.etag, code)?)
}

pub(super) fn additional_users(request: &pb::SetAdditionalUsersRequest) -> Result<ChangeRequest, CartError> {
    Ok(change(&request.request_id, &request.cart_id, &request.etag, |check| {
        check.number("quantity", request.quantity, 0..=1000).map(Change::AdditionalUsers)
    })?)
}

pub(super) fn cart(priced: &Priced<'_>, catalogue: &Catalogue, language: Language, today: CalendarDay) -> pb::Cart {
    let selection = &priced.selection;
    pb::Cart {
        cart_id: priced.row.id.to_string(),
        etag: priced.etag(),
        quantity_gb: selection.pack.get(),
        term_years: selection.term_years,
        extension: selection.extension,
        modules: selection.modules.iter().map(ToString::to_string).collect(),
        additional_users: selection.additional_users,
        quote: Some(quote(&priced.quote, catalogue, language)),
        suggestions: priced
            .suggestions
            .iter()
            .map(|product| pb::ModuleSuggestion {
                module: product.code.to_string(),
                display_name: catalogue.display_name(product.code.as_str(), language == Language::It),
                yearly_price: product.price_on(today).map(|price| wire::money(price.yearly)),
            })
            .collect(),
        order_id: priced.row.order_id.map(|id| id.to_string()).unwrap_or_default(),
        create_time: Some(wire::timestamp(priced.row.created_time)),
        update_time: Some(wire::timestamp(priced.row.updated_time)),
    }
}

fn quote(quote: &Quote, catalogue: &Catalogue, language: Language) -> pb::Quote {
    pb::Quote {
        lines: quote.lines.iter().map(|line| line_message(line, catalogue, language)).collect(),
        net: Some(wire::money(quote.amounts.net)),
        vat: quote_amounts(&quote.amounts),
        total: Some(wire::money(quote.amounts.total)),
        new_expiry_day: Some(wire::day(quote.new_expiry)),
        services_afterwards: quote.services_afterwards.iter().map(|outlook| self::outlook(outlook, catalogue, language)).collect(),
    }
}

/// The VAT of a quote or an order as it is written.
#[must_use]
pub fn quote_amounts(amounts: &Amounts) -> Vec<pb::VatAmount> {
    let rate = |part: &crate::money::VatAmount| pb::VatAmount {
        vat_percent: part.rate.to_string(),
        net: Some(wire::money(part.net)),
        vat: Some(wire::money(part.vat)),
    };
    amounts.vat.iter().map(rate).collect()
}

/// A line of a quote or an order as it is written.
#[must_use]
pub fn line_message(line: &Line, catalogue: &Catalogue, language: Language) -> pb::Line {
    let kind = match line.kind {
        LineKind::NewPack => pb::LineKind::NewPack,
        LineKind::NewModule => pb::LineKind::NewModule,
        LineKind::NewUsers => pb::LineKind::NewUsers,
        LineKind::Extension => pb::LineKind::Extension,
        LineKind::Renewal => pb::LineKind::Renewal,
    };
    pb::Line {
        kind: kind.into(),
        product: line.product.to_string(),
        display_name: catalogue.display_name(line.product.as_str(), language == Language::It),
        service_id: line.service.map(|id| id.to_string()).unwrap_or_default(),
        quantity: line.quantity,
        months: line.months.get(),
        yearly_price: Some(wire::money(line.yearly_price)),
        net: Some(wire::money(line.net)),
        vat_percent: line.vat_rate.to_string(),
        old_expiry_day: line.old_expiry.map(wire::day),
        new_expiry_day: Some(wire::day(line.expiry_after)),
    }
}

fn outlook(outlook: &Outlook, catalogue: &Catalogue, language: Language) -> pb::ServiceOutlook {
    pb::ServiceOutlook {
        service_id: outlook.service.map(|id| id.to_string()).unwrap_or_default(),
        kind: service_kind_message(outlook.kind).into(),
        display_name: catalogue.display_name(outlook.product.as_str(), language == Language::It),
        quantity: outlook.quantity,
        expiry_day_before: outlook.before.map(wire::day),
        expiry_day_after: Some(wire::day(outlook.after)),
    }
}
