//! Orders and payments to and from the contract's messages, every violation at once.

use uuid::Uuid;

use super::confirm::{Confirmation, accepted};
use super::payments::Incoming;
use super::state::{OrderKind, OrderState};
use super::{Rules, form, store};
use crate::call::request_id;
use crate::cart::{line_message, quote_amounts};
use crate::check::{Check, Invalid};
use crate::clock::CalendarDay;
use crate::db::Fault;
use crate::ids::OrderId;
use crate::money::Amounts;
use crate::notify::how_to_pay;
use crate::notify::language::Language;
use crate::notify::templates::HowToPay;
use crate::payment::{ChargeState, PaymentMethod, PaymentOutcome, ReviewReason};
use crate::pb::spazio::v1 as pb;
use crate::wire;

/// The id in a request that has nothing else.
pub(super) fn id(order_id: &str) -> Result<OrderId, Invalid> {
    let mut check = Check::default();
    let id = check.parse("order_id", order_id);
    check.finish(|| id)
}

/// An order that is to be changed.
pub(super) struct ChangeRequest {
    pub request_id: Uuid,
    pub order: OrderId,
    pub version: Option<i64>,
}

fn target(check: &mut Check, id: &str, order: &str, etag: &str) -> Option<ChangeRequest> {
    let request_id = request_id(check, id);
    let order = check.parse("order_id", order);
    let version = crate::call::etag(check, etag);
    Some(ChangeRequest { request_id: request_id?, order: order?, version: version? })
}

pub(super) fn cancellation(request: &pb::CancelOrderRequest) -> Result<ChangeRequest, Invalid> {
    let mut check = Check::default();
    let target = target(&mut check, &request.request_id, &request.order_id, &request.etag);
    check.finish(|| target)
}

const MOST_TERMS: usize = 20;

pub(super) fn confirmation(request: &pb::ConfirmOrderRequest, charges: bool) -> Result<(Uuid, Confirmation), Invalid> {
    let mut check = Check::default();
    let target = target(&mut check, &request.request_id, &request.order_id, &request.etag);
    let method = check.take("payment_method", wire::given_payment_method(request.payment_method));
    if method.is_some_and(PaymentMethod::is_charged) && !charges {
        check.refuse("payment_method", "is not offered here: GetOrderForm lists the methods that are");
    }
    let token = match method {
        Some(PaymentMethod::Card | PaymentMethod::PayPal) => check.text("payment_token", &request.payment_token, 1..=200).map(Some),
        Some(PaymentMethod::BankTransfer | PaymentMethod::PostalSlip) if !request.payment_token.is_empty() => {
            check.refuse("payment_token", "goes with card and PayPal only");
            None
        }
        Some(PaymentMethod::BankTransfer | PaymentMethod::PostalSlip) | None => Some(None),
    };
    if request.accepted_terms.len() > MOST_TERMS {
        check.refuse("accepted_terms", format!("must be at most {MOST_TERMS}"));
    }
    for (place, terms) in request.accepted_terms.iter().enumerate() {
        let word = |text: &str| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        if !word(&terms.code) || !word(&terms.version) {
            check.refuse(&format!("accepted_terms[{place}]"), "must have a code and a version as GetOrderForm shows them");
        }
    }
    let accepted = request.accepted_terms.iter().map(|terms| (terms.code.clone(), terms.version.clone())).collect();
    check.finish(|| {
        let ChangeRequest { request_id, order, version } = target?;
        Some((request_id, Confirmation { order, version, method: method?, token: token?, accepted }))
    })
}

pub(super) fn incoming(request: &pb::RecordPaymentRequest) -> Result<(Uuid, Incoming), Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let number = check.text("order_number", &request.order_number, 1..=40);
    let none = pb::Money::default();
    let amount = check.take("amount", wire::amount(request.amount.as_ref().unwrap_or(&none)));
    let method = check.take("payment_method", wire::given_payment_method(request.payment_method)).filter(|method| {
        if method.is_charged() {
            check.refuse("payment_method", "must be bank transfer or postal slip: card and PayPal payments are recorded by their gateway");
        }
        !method.is_charged()
    });
    let reference = check.text("reference", &request.reference, 1..=100);
    check.finish(|| {
        let (currency, amount) = amount?;
        let order_number = number?.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        Some((request_id?, Incoming { order_number, amount, currency, method: method?, reference: reference? }))
    })
}

/// An order and what is shown with it.
pub(super) struct Shown {
    pub row: store::Row,
    pub lines: Vec<store::LineRow>,
    pub charge: Option<store::ChargeRow>,
}

pub(super) fn order(shown: &Shown, rules: &Rules, language: Language) -> Result<pb::Order, Fault> {
    let Shown { row, lines, charge } = shown;
    let lines: Vec<_> = lines.iter().map(store::line).collect::<Result<_, _>>()?;
    let amounts = Amounts::of(lines.iter().map(|line| (line.vat_rate, line.net))).map_err(|error| Fault::Broken(error.to_string()))?;
    let (bank_transfer, postal_slip) = instructions(row, rules)?;
    Ok(pb::Order {
        order_id: row.id.to_string(),
        number: row.number.clone(),
        state: state(row.state).into(),
        kind: match row.kind {
            OrderKind::Purchase => pb::OrderKind::Purchase,
            OrderKind::Renewal => pb::OrderKind::Renewal,
        }
        .into(),
        lines: lines.iter().map(|line| line_message(line, &rules.catalogue, language)).collect(),
        net: Some(wire::money(row.net_cents)),
        vat: quote_amounts(&amounts),
        total: Some(wire::money(row.total_cents)),
        term_years: u32::try_from(row.term_years).unwrap_or(0),
        payment_method: row.method.map_or(pb::PaymentMethod::Unspecified, wire::payment_method).into(),
        accepted_terms: accepted(&row.terms)
            .map(|(code, version)| pb::AcceptedTerms { code: code.to_owned(), version: version.to_owned() })
            .collect(),
        bank_transfer,
        postal_slip,
        charge_state: charge.as_ref().map_or(pb::ChargeState::Unspecified, |charge| charge_state(charge.state)).into(),
        charge_message: charge.as_ref().and_then(|charge| charge.message.clone()).unwrap_or_default(),
        create_time: Some(wire::timestamp(row.created_time)),
        confirm_time: row.confirmed_time.map(wire::timestamp),
        complete_time: row.completed_time.map(wire::timestamp),
        lapse_time: row.lapse_time.filter(|_| open(row.state)).map(wire::timestamp),
        etag: row.version.to_string(),
    })
}

fn open(state: OrderState) -> bool {
    match state {
        OrderState::Placed | OrderState::AwaitingPayment => true,
        OrderState::Completed | OrderState::Cancelled | OrderState::Lapsed => false,
    }
}

type Instructions = (Option<pb::BankTransferInstructions>, Option<pb::PostalSlipInstructions>);

/// How to pay, while the order awaits its payment (B10).
fn instructions(row: &store::Row, rules: &Rules) -> Result<Instructions, Fault> {
    if row.state != OrderState::AwaitingPayment {
        return Ok((None, None));
    }
    Ok(match how_to_pay(&row.payable()?, &rules.payee)? {
        Some((HowToPay::BankTransfer { iban, bic, creditor_reference, qr_code: _ }, epc_qr_payload)) => {
            let transfer = pb::BankTransferInstructions {
                beneficiary: rules.payee.beneficiary.clone(),
                iban,
                bic,
                reason: format!("Ordine {}", row.number),
                creditor_reference,
                epc_qr_payload,
            };
            (Some(transfer), None)
        }
        Some((HowToPay::PostalSlip { account: account_number, code }, _)) => {
            (None, Some(pb::PostalSlipInstructions { account_number, code }))
        }
        None => (None, None),
    })
}

fn state(state: OrderState) -> pb::OrderState {
    match state {
        OrderState::Placed => pb::OrderState::Placed,
        OrderState::AwaitingPayment => pb::OrderState::AwaitingPayment,
        OrderState::Completed => pb::OrderState::Completed,
        OrderState::Cancelled => pb::OrderState::Cancelled,
        OrderState::Lapsed => pb::OrderState::Lapsed,
    }
}

fn charge_state(state: ChargeState) -> pb::ChargeState {
    match state {
        ChargeState::Processing => pb::ChargeState::Processing,
        ChargeState::Succeeded => pb::ChargeState::Succeeded,
        ChargeState::Declined => pb::ChargeState::Declined,
    }
}

pub(super) fn form(rules: &Rules, language: Language, today: CalendarDay) -> (Vec<pb::PaymentOption>, Vec<pb::Terms>) {
    let options = form::options(today, language, rules.charges).into_iter().map(|choice| pb::PaymentOption {
        payment_method: wire::payment_method(choice.method).into(),
        recorded_within: choice.words.to_owned(),
        earliest_day: Some(wire::day(choice.earliest)),
        latest_day: Some(wire::day(choice.latest)),
        turns_on_automatic_renewal: choice.method.is_charged(),
    });
    let terms = rules.terms.all().into_iter().map(|term| pb::Terms {
        code: term.code.to_owned(),
        version: term.version.to_owned(),
        title: match language {
            Language::It => term.italian,
            Language::En => term.english,
        }
        .to_owned(),
    });
    (options.collect(), terms.collect())
}

pub(super) fn payment(row: &store::PaymentRow) -> pb::Payment {
    let outcome = match row.outcome {
        PaymentOutcome::Applied => pb::PaymentOutcome::Applied,
        PaymentOutcome::UnderReview => pb::PaymentOutcome::UnderReview,
    };
    let review_reason = row.review_reason.map_or(pb::ReviewReason::Unspecified, |reason| match reason {
        ReviewReason::OrderUnknown => pb::ReviewReason::OrderUnknown,
        ReviewReason::AmountDiffers => pb::ReviewReason::AmountDiffers,
        ReviewReason::CurrencyDiffers => pb::ReviewReason::CurrencyDiffers,
        ReviewReason::PaidTwice => pb::ReviewReason::PaidTwice,
        ReviewReason::OrderNotAwaiting => pb::ReviewReason::OrderNotAwaiting,
    });
    pb::Payment {
        payment_id: row.id.to_string(),
        order_number: row.order_number.clone(),
        amount: Some(pb::Money { currency_code: row.currency.clone(), ..wire::money(row.amount_cents) }),
        payment_method: wire::payment_method(row.method).into(),
        reference: row.reference.clone(),
        outcome: outcome.into(),
        review_reason: review_reason.into(),
        create_time: Some(wire::timestamp(row.created_time)),
    }
}
