//! Accounts to and from the contract's messages, every violation at once.

use super::ServiceKind;
use super::state::AccountState;
use super::store::{HolderChange, NewAccount, Owned};
use crate::call::{etag, request_id};
use crate::catalogue::Catalogue;
use crate::check::{Check, Invalid};
use crate::clock::CalendarDay;
use crate::db::entity::account;
use crate::notify::language::Language;
use crate::payment::PaymentMethod;
use crate::pb::spazio::v1 as pb;
use crate::wire;
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(super) fn new_account(
    request: &pb::CreateAccountRequest,
    catalogue: &Catalogue,
    now: DateTime<Utc>,
) -> Result<(Uuid, NewAccount), Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let nobody = pb::Holder::default();
    let holder = request.holder.as_ref().unwrap_or(&nobody);
    let company = check.text("holder.company", &holder.company, 1..=200);
    let vat_number = optional(&holder.vat_number, |text| vat_number(&mut check, "holder.vat_number", text));
    let fiscal_code = optional(&holder.fiscal_code, |text| fiscal_code(&mut check, "holder.fiscal_code", text));
    if holder.vat_number.is_empty() && holder.fiscal_code.is_empty() {
        check.refuse("holder.vat_number", "must be given, or holder.fiscal_code");
    }
    let email = email(&mut check, "holder.email", &holder.email);
    let language = check.take("holder.language", wire::language(holder.language));
    let plan = catalogue.product(&request.base_plan).filter(|product| product.kind == ServiceKind::BasePlan);
    if plan.is_none() {
        let plans: Vec<_> = catalogue.base_plans().map(|plan| plan.code.as_str().to_owned()).collect();
        check.refuse("base_plan", format!("must be one of {}, is {:?}", plans.join(", "), request.base_plan));
    }
    let purchase_time = check.take_optional("purchase_time", request.purchase_time.as_ref().map(|time| purchased(time, now)));
    check.finish(|| {
        let plan = plan?;
        let new = NewAccount {
            company: company?,
            vat_number: vat_number?,
            fiscal_code: fiscal_code?,
            email: email?,
            language: language?,
            base_plan: plan.code.as_str().to_owned(),
            base_space: plan.space,
            purchase_time: purchase_time?,
        };
        Some((request_id?, new))
    })
}

/// A purchase brought in from elsewhere: its base plan must still be good.
fn purchased(time: &prost_types::Timestamp, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let time = wire::moment(time).map_err(str::to_owned)?;
    let expiry = CalendarDay::of(time).plus_years(1);
    if time > now || expiry < CalendarDay::of(now) {
        return Err(format!("must not be in the future and at most one year ago, is {}", time.to_rfc3339()));
    }
    Ok(time)
}

/// An empty text is an absent value: `Some(None)`; a wrong one was noted: `None`.
fn optional(text: &str, parse: impl FnOnce(&str) -> Option<String>) -> Option<Option<String>> {
    if text.is_empty() { Some(None) } else { parse(text).map(Some) }
}

fn vat_number(check: &mut Check, field: &str, text: &str) -> Option<String> {
    let (country, number) = text.split_at_checked(2).unwrap_or(("", ""));
    let italian = country == "IT" && number.len() == 11 && number.bytes().all(|b| b.is_ascii_digit());
    let foreign = country != "IT"
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && (2..=28).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_alphanumeric());
    if !italian && !foreign {
        check.refuse(field, format!("must be a country code and the number, for Italy IT and 11 digits, is {text:?}"));
        return None;
    }
    if italian && !control_digit_fits(number) {
        check.refuse(field, format!("has a wrong control digit: {text}"));
        return None;
    }
    Some(text.to_owned())
}

/// The control digit of an Italian VAT number (Luhn over eleven digits).
fn control_digit_fits(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, digit @ 0..5) => digit * 2,
                (_, digit) => digit * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

fn fiscal_code(check: &mut Check, field: &str, text: &str) -> Option<String> {
    let digits = text.len() == 11 && text.bytes().all(|b| b.is_ascii_digit());
    let letters = text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    if digits || letters {
        return Some(text.to_owned());
    }
    check.refuse(field, format!("must be 11 digits or 16 capital letters and digits, is {text:?}"));
    None
}

fn email(check: &mut Check, field: &str, text: &str) -> Option<String> {
    let address: Result<lettre::Address, _> = text.parse();
    if text.len() > 254 || address.is_err() {
        check.refuse(field, format!("must be an e-mail address of at most 254 characters, is {text:?}"));
        return None;
    }
    Some(text.to_owned())
}

pub(super) fn holder_change(request: &pb::UpdateAccountRequest) -> Result<(Uuid, HolderChange), Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let nobody = pb::Holder::default();
    let holder = request.holder.as_ref().unwrap_or(&nobody);
    let paths = request.update_mask.as_ref().map_or(&[][..], |mask| &mask.paths);
    if paths.is_empty() {
        check.refuse("update_mask", "must name at least one of company, vat_number, fiscal_code, email, language");
    }
    let mut change = HolderChange::default();
    for path in paths {
        match path.as_str() {
            "company" => change.company = check.text("holder.company", &holder.company, 1..=200),
            "vat_number" => change.vat_number = optional(&holder.vat_number, |text| vat_number(&mut check, "holder.vat_number", text)),
            "fiscal_code" => {
                change.fiscal_code = optional(&holder.fiscal_code, |text| fiscal_code(&mut check, "holder.fiscal_code", text));
            }
            "email" => change.email = email(&mut check, "holder.email", &holder.email),
            "language" => change.language = check.take("holder.language", wire::language(holder.language)),
            other => check.refuse("update_mask", format!("{other:?} is none of company, vat_number, fiscal_code, email, language")),
        }
    }
    change.version = etag(&mut check, &request.etag).flatten();
    check.finish(|| Some((request_id?, change)))
}

pub(super) fn account(row: &account::Model, state: AccountState) -> pb::Account {
    let language = match row.language {
        Language::It => pb::Language::It,
        Language::En => pb::Language::En,
    };
    pb::Account {
        account_id: row.id.to_string(),
        holder: Some(pb::Holder {
            company: row.company.clone(),
            vat_number: row.vat_number.clone().unwrap_or_default(),
            fiscal_code: row.fiscal_code.clone().unwrap_or_default(),
            email: row.email.clone(),
            language: language.into(),
        }),
        base_plan: row.base_plan.clone(),
        state: self::state(state).into(),
        purchase_time: Some(wire::timestamp(row.purchase_time)),
        create_time: Some(wire::timestamp(row.created_time)),
        update_time: Some(wire::timestamp(row.updated_time)),
        etag: row.version.to_string(),
    }
}

/// An account's state as it is written.
#[must_use]
pub fn state(state: AccountState) -> pb::AccountState {
    match state {
        AccountState::Active => pb::AccountState::Active,
        AccountState::Suspended => pb::AccountState::Suspended,
        AccountState::Expired => pb::AccountState::Expired,
        AccountState::Deleted => pb::AccountState::Deleted,
    }
}

/// A kind of service as it is written.
#[must_use]
pub fn service_kind(kind: ServiceKind) -> pb::ServiceKind {
    match kind {
        ServiceKind::BasePlan => pb::ServiceKind::BasePlan,
        ServiceKind::SpacePack => pb::ServiceKind::SpacePack,
        ServiceKind::Module => pb::ServiceKind::Module,
        ServiceKind::AdditionalUsers => pb::ServiceKind::AdditionalUsers,
    }
}

pub(super) fn service(
    owned: &Owned,
    renewal_method: Option<PaymentMethod>,
    catalogue: &Catalogue,
    language: Language,
    today: CalendarDay,
) -> pb::Service {
    pb::Service {
        service_id: owned.id.to_string(),
        kind: service_kind(owned.kind).into(),
        product: owned.product.clone(),
        display_name: catalogue.display_name(&owned.product, language == Language::It),
        quantity: u32::try_from(owned.quantity).unwrap_or(u32::MAX),
        space_bytes: owned.space_bytes.get(),
        activation_day: Some(wire::day(owned.activation_day)),
        expiry_day: Some(wire::day(owned.expiry_day)),
        active: owned.expiry_day >= today,
        automatic_renewal: owned.mandate_id.is_some(),
        renewal_method: renewal_method.map_or(pb::PaymentMethod::Unspecified, wire::payment_method).into(),
    }
}
