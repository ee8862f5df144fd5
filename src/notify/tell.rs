//! What is told, to whom, and under which name it is told once.

use super::language::Language;
use super::outbox;
use super::templates::{
    CrossedLevel, ExpiryReminder, HowToPay, OrderCompleted, OrderConfirmed, PaymentUnderReview, RenewalFailed, RenewalSucceeded,
    SpaceLevelCrossed,
};
use crate::account::standing::{Standing, standing};
use crate::account::{self, Contact};
use crate::catalogue::Catalogue;
use crate::clock::CalendarDay;
use crate::db::entity::payment;
use crate::db::{Fault, Tx};
use crate::ids::{AccountId, OrderId};
use crate::money::Euro;
use crate::payment::reference::{CreditorReference, EpcTransfer, OrderNumber, SlipCode};
use crate::payment::{Payee, PaymentMethod, ReviewReason};
use crate::quota::level::Level;
use crate::space::Percentage;

/// What mails need to know of an order.
#[derive(Clone, Debug)]
pub struct Payable {
    /// Whose it is.
    pub account: AccountId,
    /// Which one.
    pub order: OrderId,
    /// Its version: an order that is confirmed again is told again.
    pub version: i64,
    /// Its number.
    pub number: OrderNumber,
    /// What is to be paid.
    pub total: Euro,
    /// How.
    pub method: Option<PaymentMethod>,
    /// The last day on which it can be paid.
    pub last_day: CalendarDay,
}

fn decimal(amount: Euro) -> String {
    format!("{:.2}", amount.to_decimal())
}

/// Tells that the space crossed a level upwards (S5).
pub async fn level_crossed(tx: &Tx, found: &Standing, level: Level) -> Result<(), Fault> {
    let level_told = match level {
        Level::Ok => return Ok(()),
        Level::Warning => CrossedLevel::Warning,
        Level::Critical => CrossedLevel::Critical,
        Level::Exhausted => CrossedLevel::Exhausted,
    };
    let Contact { company, email, language } = account::contact(tx, found.account).await?;
    let mail = SpaceLevelCrossed {
        holder: company,
        level: level_told,
        used: found.used.to_string(),
        capacity: found.capacity.to_string(),
        percentage: Percentage::of(found.used, found.capacity).to_string(),
    };
    let once = format!("level {} {} {}", found.account, level, tx.now().timestamp_micros());
    outbox::post(tx, Some(found.account), &mail.mail(&email, language), once).await
}

/// How to pay an order by bank transfer or postal slip: what the mail and the order both tell.
pub fn how_to_pay(order: &Payable, payee: &Payee) -> Result<Option<(HowToPay, String)>, Fault> {
    match order.method {
        Some(PaymentMethod::BankTransfer) => {
            let reference = CreditorReference::of(order.number);
            let cents = u64::try_from(order.total.cents()).unwrap_or(0);
            let transfer = EpcTransfer::new(&payee.beneficiary, Some(&payee.bic), &payee.iban, cents, reference)
                .map_err(|error| Fault::Broken(format!("{} cannot be paid by transfer: {error}", order.order)))?;
            let how = HowToPay::BankTransfer {
                iban: payee.iban.to_string(),
                bic: payee.bic.clone(),
                creditor_reference: reference.grouped(),
                qr_code: transfer.qr_code_svg(),
            };
            Ok(Some((how, transfer.payload())))
        }
        Some(PaymentMethod::PostalSlip) => {
            let code = SlipCode::of(payee.slip_code_prefix, order.number).to_string();
            Ok(Some((HowToPay::PostalSlip { account: payee.slip_account.clone(), code }, String::new())))
        }
        Some(PaymentMethod::Card | PaymentMethod::PayPal) | None => Ok(None),
    }
}

/// Tells how to pay a confirmed order (B10).
pub async fn order_confirmed(tx: &Tx, order: &Payable, payee: &Payee) -> Result<(), Fault> {
    let Some((how, _)) = how_to_pay(order, payee)? else { return Ok(()) };
    let Contact { company, email, language } = account::contact(tx, order.account).await?;
    let mail = OrderConfirmed {
        holder: company,
        order_number: order.number.to_string(),
        amount: decimal(order.total),
        beneficiary: payee.beneficiary.clone(),
        how,
        lapses_after: order.last_day.date(),
    };
    outbox::post(tx, Some(order.account), &mail.mail(&email, language), format!("confirmed {} {}", order.order, order.version)).await
}

/// Tells what a paid order, or a renewal, has granted.
pub async fn order_completed(
    tx: &Tx,
    order: &Payable,
    renewal: bool,
    automatic_renewal: bool,
    expiries: Vec<(String, u32, CalendarDay)>,
    catalogue: &Catalogue,
) -> Result<(), Fault> {
    let Contact { company: holder, email, language } = account::contact(tx, order.account).await?;
    let italian = language == Language::It;
    let named = |product: &str, quantity: u32| match (quantity, catalogue.display_name(product, italian)) {
        (1, name) => name,
        (quantity, name) => format!("{quantity} x {name}"),
    };
    let expiries = expiries.into_iter().map(|(product, quantity, day)| (named(&product, quantity), day.date())).collect();
    let (order_number, amount) = (order.number.to_string(), decimal(order.total));
    let mail = if renewal {
        let method = order.method.map(|method| method_name(method, language)).unwrap_or_default().to_owned();
        RenewalSucceeded { holder, order_number, amount, method, expiries }.mail(&email, language)
    } else {
        let now = standing(tx, order.account, tx.today()).await?;
        let capacity = now.map(|found| found.capacity.to_string()).unwrap_or_default();
        OrderCompleted { holder, order_number, amount, capacity, expiries, automatic_renewal }.mail(&email, language)
    };
    outbox::post(tx, Some(order.account), &mail, format!("completed {}", order.order)).await
}

fn method_name(method: PaymentMethod, language: Language) -> &'static str {
    match (method, language) {
        (PaymentMethod::Card, Language::It) => "carta",
        (PaymentMethod::Card, Language::En) => "card",
        (PaymentMethod::PayPal, _) => "PayPal",
        (PaymentMethod::BankTransfer, Language::It) => "bonifico",
        (PaymentMethod::BankTransfer, Language::En) => "bank transfer",
        (PaymentMethod::PostalSlip, Language::It) => "bollettino postale",
        (PaymentMethod::PostalSlip, Language::En) => "postal slip",
    }
}

/// Tells that a renewal could not be charged, and when it is tried again (N3).
pub async fn renewal_failed(
    tx: &Tx,
    order: &Payable,
    expiry: CalendarDay,
    next_attempt: Option<CalendarDay>,
    due: CalendarDay,
) -> Result<(), Fault> {
    let Contact { company: holder, email, language } = account::contact(tx, order.account).await?;
    let mail = RenewalFailed {
        holder,
        order_number: order.number.to_string(),
        amount: decimal(order.total),
        method: order.method.map(|method| method_name(method, language)).unwrap_or_default().to_owned(),
        expiry: expiry.date(),
        next_attempt: next_attempt.map(CalendarDay::date),
    };
    outbox::post(tx, Some(order.account), &mail.mail(&email, language), format!("renewal failed {} {due}", order.order)).await
}

/// Reminds of services that expire and do not renew themselves (N4).
pub async fn running_out(tx: &Tx, reminder: &RunningOut, catalogue: &Catalogue) -> Result<(), Fault> {
    let RunningOut { account, expiry, products, due_day } = reminder;
    let Contact { company: holder, email, language } = account::contact(tx, *account).await?;
    let italian = language == Language::It;
    let expiries = products.iter().map(|product| (catalogue.display_name(product, italian), expiry.date())).collect();
    let days_left = u32::try_from(tx.today().days_until(*expiry)).unwrap_or(0);
    let mail = ExpiryReminder { holder, expiries, days_left };
    outbox::post(tx, Some(*account), &mail.mail(&email, language), format!("running out {account} {expiry} {due_day}")).await
}

/// Services of an account that expire on one day and do not renew themselves.
#[derive(Clone, Debug)]
pub struct RunningOut {
    /// Whose they are.
    pub account: AccountId,
    /// Their last day.
    pub expiry: CalendarDay,
    /// The catalogue's codes.
    pub products: Vec<String>,
    /// The day on which it is told; an outage may delay the telling.
    pub due_day: CalendarDay,
}

/// Tells the operators of a payment that needs somebody to look at it (B11).
pub async fn payment_under_review(tx: &Tx, found: &payment::Model, reason: ReviewReason, operators: &str) -> Result<(), Fault> {
    let mail = PaymentUnderReview {
        payment: found.id.to_string(),
        amount: format!("{} {}", decimal(found.amount_cents), found.currency),
        paid_on: CalendarDay::of(found.created_time).date(),
        reference: found.reference.clone(),
        order_number: Some(found.order_number.clone()).filter(|number| !number.is_empty()),
        reason: review_reason(reason).to_owned(),
    };
    outbox::post(tx, found.account_id, &mail.mail(operators, Language::It), format!("review {}", found.id)).await
}

fn review_reason(reason: ReviewReason) -> &'static str {
    match reason {
        ReviewReason::OrderUnknown => "nessun ordine ha questo numero",
        ReviewReason::AmountDiffers => "l'importo non è quello dell'ordine",
        ReviewReason::CurrencyDiffers => "la valuta non è l'euro",
        ReviewReason::PaidTwice => "l'ordine è già stato pagato",
        ReviewReason::OrderNotAwaiting => "l'ordine non attende un pagamento",
    }
}
