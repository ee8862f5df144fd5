//! What a list is asked for, every violation at once, and its answer.

use rust_decimal::Decimal;

use super::filter::{By, Filter, Order};
use super::totals::Totals;
use super::walk::Place;
use crate::check::{Check, Invalid};
use crate::db;
use crate::fatturapa::DocumentType;
use crate::ids::AccountId;
use crate::invoices::state::{Direction, InvoiceState};
use crate::invoices::store::Row;
use crate::invoices::{convert, words};
use crate::paging::{Page, Seal};
use crate::pb::spazio::v1 as pb;
use crate::wire;

/// What a list is asked for.
pub(super) struct Question {
    pub filter: Filter,
    pub order: Order,
    pub page: Page<Place>,
    pub with_totals: bool,
    /// What page tokens are good for.
    bound_to: String,
}

/// More words in a question say no more.
const MOST_WORDS: usize = 8;
const MOST_STATES: usize = 7;
const MOST_TYPES: usize = 30;

pub(super) fn question(request: &pb::ListInvoicesRequest, account: AccountId, seal: &Seal) -> Result<Question, Invalid> {
    let mut check = Check::default();
    let direction = given_direction(&mut check, request.direction);
    let states = given_states(&mut check, request);
    let states = direction.zip(states).and_then(|(direction, states)| check.take("direction", of_direction(direction, states)));
    let from = check.take_optional("issued_from", request.issued_from.as_ref().map(wire::calendar_day));
    let through = check.take_optional("issued_through", request.issued_through.as_ref().map(wire::calendar_day));
    in_order(&mut check, "issued_from", "issued_through", from, through);
    let number = optional(&request.number, |number| check.text("number", number, 1..=20));
    let counterpart = given_words(&mut check, "counterpart", &request.counterpart);
    let text = given_words(&mut check, "text", &request.text);
    let document_types = given_types(&mut check, request);
    let cents_from = optional(&request.amount_from, |text| given_cents(&mut check, "amount_from", text));
    let cents_through = optional(&request.amount_through, |text| given_cents(&mut check, "amount_through", text));
    in_order(&mut check, "amount_from", "amount_through", cents_from, cents_through);
    let order = given_order(&mut check, request.sort);
    let filter = || {
        Some(Filter {
            states: states?,
            issued_from: from?,
            issued_through: through?,
            number: number?,
            counterpart: counterpart?,
            text: text?,
            document_types: document_types?,
            cents_from: cents_from?,
            cents_through: cents_through?,
        })
    };
    let filter = filter();
    let bound_to = format!("{account} {filter:?} {order:?}");
    let page = seal.page(&mut check, request.page_size, &request.page_token, &bound_to);
    check.finish(|| Some(Question { filter: filter?, order: order?, page: page?, with_totals: request.with_totals, bound_to }))
}

/// The answer to a question.
pub(super) fn answer(
    question: &Question,
    seal: &Seal,
    (rows, end): &(Vec<Row>, Option<Place>),
    totals: Option<&Totals>,
) -> pb::ListInvoicesResponse {
    let sum = |(code, total): &(String, Decimal)| pb::CurrencyTotal { currency_code: code.clone(), total: total.to_string() };
    pb::ListInvoicesResponse {
        invoices: rows.iter().map(convert::invoice).collect(),
        next_page_token: end.map(|end| seal.token(&question.bound_to, &end)).unwrap_or_default(),
        totals: totals.map(|totals| pb::InvoiceTotals { invoices: totals.invoices, sums: totals.sums.iter().map(sum).collect() }),
    }
}

/// What is not given is no violation.
fn optional<T>(text: &str, given: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { given(text).map(Some) }
}

pub(in crate::invoices) fn in_order<T: PartialOrd>(
    check: &mut Check,
    begin: &str,
    end: &str,
    from: Option<Option<T>>,
    through: Option<Option<T>>,
) {
    if let (Some(Some(from)), Some(Some(through))) = (from, through)
        && from > through
    {
        let wrong = if end == "issued_through" { "before" } else { "less than" };
        check.refuse(end, format!("must not be {wrong} {begin}"));
    }
}

/// The states of a direction, of those that were asked for: all of them if none was. There must be one.
fn of_direction(direction: Option<Direction>, states: Option<Vec<InvoiceState>>) -> Result<Option<Vec<InvoiceState>>, String> {
    let Some(direction) = direction else { return Ok(states) };
    let of = |state: InvoiceState| if state == InvoiceState::Received { Direction::Received } else { Direction::Sent };
    let its_own = |states: &[InvoiceState]| states.iter().copied().filter(|state| of(*state) == direction).collect::<Vec<_>>();
    let asked = its_own(states.as_deref().unwrap_or(InvoiceState::ALL));
    if asked.is_empty() {
        let names = |states: &[InvoiceState]| wire::names(states.iter().map(|state| convert::state(*state).as_str_name()));
        let (given, allowed) = (names(&states.unwrap_or_default()), names(&its_own(InvoiceState::ALL)));
        return Err(format!("a {direction} invoice is never {given}: only {allowed}; leave one of the two filters out"));
    }
    Ok(Some(asked))
}

pub(in crate::invoices) fn given_direction(check: &mut Check, number: i32) -> Option<Option<Direction>> {
    match pb::Direction::try_from(number) {
        Ok(pb::Direction::Unspecified) => Some(None),
        Ok(pb::Direction::Sent) => Some(Some(Direction::Sent)),
        Ok(pb::Direction::Received) => Some(Some(Direction::Received)),
        Err(_) => {
            let known = wire::names([pb::Direction::Sent, pb::Direction::Received].map(|known| known.as_str_name()));
            check.refuse("direction", format!("{number} is not a direction: {known}"));
            None
        }
    }
}

/// The states of both fields, each once; none when neither names one.
fn given_states(check: &mut Check, request: &pb::ListInvoicesRequest) -> Option<Option<Vec<InvoiceState>>> {
    let state = |number: i32| InvoiceState::ALL.iter().copied().find(|known| i32::from(convert::state(*known)) == number);
    let mut states = Vec::new();
    let mut wrong = false;
    let single = Some(("state".to_owned(), request.state)).filter(|(_, number)| *number != 0);
    if request.states.len() > MOST_STATES {
        check.refuse("states", format!("must be at most {MOST_STATES}, are {}", request.states.len()));
        wrong = true;
    }
    let several = request.states.iter().take(MOST_STATES).enumerate().map(|(index, number)| (format!("states[{index}]"), *number));
    for (field, number) in single.into_iter().chain(several) {
        match state(number) {
            Some(state) if states.contains(&state) => {}
            Some(state) => states.push(state),
            None => {
                let known = wire::names(InvoiceState::ALL.iter().map(|known| convert::state(*known).as_str_name()));
                check.refuse(&field, format!("{number} is not a state of an invoice: {known}"));
                wrong = true;
            }
        }
    }
    states.sort_unstable();
    (!wrong).then_some(Some(states).filter(|states| !states.is_empty()))
}

/// The codes of both fields, each once. The list of codes has no TD10 to TD15.
fn given_types(check: &mut Check, request: &pb::ListInvoicesRequest) -> Option<Vec<String>> {
    let mut codes = Vec::new();
    let mut wrong = false;
    if request.document_types.len() > MOST_TYPES {
        check.refuse("document_types", format!("must be at most {MOST_TYPES}, are {}", request.document_types.len()));
        wrong = true;
    }
    let single = Some(("document_type".to_owned(), &request.document_type)).filter(|(_, code)| !code.is_empty());
    let several =
        request.document_types.iter().take(MOST_TYPES).enumerate().map(|(index, code)| (format!("document_types[{index}]"), code));
    for (field, text) in single.into_iter().chain(several) {
        if let Some(known) = DocumentType::from_code(text.trim()) {
            codes.push(known.code().to_owned());
        } else {
            check.refuse(&field, format!("must be TD01 to TD09 or TD16 to TD29, is {text:?}"));
            wrong = true;
        }
    }
    codes.sort_unstable();
    codes.dedup();
    (!wrong).then_some(codes)
}

/// The beginnings of words that a text asks for.
fn given_words(check: &mut Check, field: &str, text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let words = words::asked(&check.text(field, text, 1..=100)?);
    if words.is_empty() || words.len() > MOST_WORDS {
        let found = match words.len() {
            0 => format!("{text:?} has no such word"),
            count => format!("these are {count}"),
        };
        check.refuse(field, format!("must have 1 to {MOST_WORDS} words, each of at least two letters, or with a digit: {found}"));
        return None;
    }
    Some(words)
}

fn given_cents(check: &mut Check, field: &str, text: &str) -> Option<i64> {
    let wrong = format!("must be an amount of at most 13 digits and 2 decimals such as 122.00 or -5, is {text:?}");
    check.take(field, cents(text).ok_or(wrong))
}

fn cents(text: &str) -> Option<i64> {
    let digits = |text: &str, allowed: std::ops::RangeInclusive<usize>| {
        allowed.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if !digits(whole.strip_prefix('-').unwrap_or(whole), 1..=13) || !digits(decimals, 1..=2) {
        return None;
    }
    db::cents(text.parse::<Decimal>().ok()?)
}

fn given_order(check: &mut Check, number: i32) -> Option<Order> {
    use pb::InvoiceSort::{ArrivalEarliestFirst, ArrivalLatestFirst, DateEarliestFirst, DateLatestFirst, Unspecified};
    match pb::InvoiceSort::try_from(number) {
        Ok(Unspecified | ArrivalLatestFirst) => Some(Order { by: By::Arrival, latest_first: true }),
        Ok(ArrivalEarliestFirst) => Some(Order { by: By::Arrival, latest_first: false }),
        Ok(DateLatestFirst) => Some(Order { by: By::Day, latest_first: true }),
        Ok(DateEarliestFirst) => Some(Order { by: By::Day, latest_first: false }),
        Err(_) => {
            let known = [ArrivalLatestFirst, ArrivalEarliestFirst, DateLatestFirst, DateEarliestFirst];
            check.refuse("sort", format!("{number} is not an order: {}", wire::names(known.map(|known| known.as_str_name()))));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_exactly_or_not_at_all() {
        for (text, read) in [("122", 12_200), ("122.5", 12_250), ("-0.01", -1), ("0", 0), ("9999999999999.99", 999_999_999_999_999)] {
            assert_eq!(cents(text), Some(read), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1.234", "1,00", "1e3", "+1", "--1", " 1", "1 000", "99999999999999", "NaN", "٣"] {
            assert_eq!(cents(text), None, "{text}");
        }
    }

    #[test]
    fn a_direction_keeps_its_own_states() {
        use InvoiceState::{Draft, Received};
        assert_eq!(of_direction(None, None), Ok(None));
        assert_eq!(of_direction(Some(Direction::Received), None), Ok(Some(vec![Received])));
        assert_eq!(of_direction(Some(Direction::Sent), Some(vec![Draft, Received])), Ok(Some(vec![Draft])));
        assert!(of_direction(Some(Direction::Sent), Some(vec![Received])).is_err());
    }
}
