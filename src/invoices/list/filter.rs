//! What a list shows, and in which order.

use super::sql::{BY_DAY, BY_NAME, BY_NUMBER, BY_STATE, BY_TOTAL, BY_WORD, Range, Sql};
use crate::clock::CalendarDay;
use crate::invoices::state::InvoiceState;

/// Which invoices a list shows. All conditions hold together; the default shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// In one of these states; never of none. Only received invoices are received, so this tells the direction too.
    pub states: Option<Vec<InvoiceState>>,
    /// Issued on this day or later; an invoice without a readable date counts as issued on the day (UTC) it arrived.
    pub issued_from: Option<CalendarDay>,
    /// Issued on this day or earlier.
    pub issued_through: Option<CalendarDay>,
    /// Exactly this number.
    pub number: Option<String>,
    /// Each begins a word of the counterpart (words.rs).
    pub counterpart: Vec<String>,
    /// Each begins any word (words.rs).
    pub text: Vec<String>,
    /// Of one of these types, if there are any.
    pub document_types: Vec<String>,
    /// A total of at least so many cents.
    pub cents_from: Option<i64>,
    /// A total of at most so many cents.
    pub cents_through: Option<i64>,
}

/// What a list is sorted by. Invoices of one day stand in the order of their arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// When they were stored.
    Arrival,
    /// The invoice's day, or the day (UTC) of arrival where none could be read.
    Day,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub by: By,
    pub latest_first: bool,
}

impl Filter {
    /// The one state that all shown invoices are in.
    pub(super) fn only_state(&self) -> Option<InvoiceState> {
        match self.states.as_deref() {
            Some([state]) => Some(*state),
            Some(_) | None => None,
        }
    }

    /// Whether there is more to it than the walk of this order keeps to by itself.
    pub(super) fn goes_beyond(&self, by: By) -> bool {
        let mut rest = self.clone();
        rest.states.take_if(|states| states.len() == 1);
        match by {
            By::Arrival => {}
            By::Day => (rest.issued_from, rest.issued_through) = (None, None),
        }
        rest != Self::default()
    }

    /// The conditions, as SQL over the columns of `invoice`.
    pub(super) fn conditions(&self, sql: &mut Sql) -> String {
        let Self { states, issued_from, issued_through, number, counterpart, text, document_types, cents_from, cents_through } = self;
        let mut conditions = Vec::new();
        if let Some(states) = states {
            conditions.push(format!("state IN ({})", sql.values(states.iter().copied())));
        }
        conditions.extend(issued_from.map(|day| format!("listed_day >= {}", sql.value(day))));
        conditions.extend(issued_through.map(|day| format!("listed_day <= {}", sql.value(day))));
        conditions.extend(number.as_ref().map(|number| format!("number = {}", sql.value(number.as_str()))));
        for word in counterpart {
            conditions.push(format!("counterpart LIKE {}", sql.value(beginning(word))));
        }
        for word in text {
            let word = sql.value(beginning(word));
            conditions.push(format!("(counterpart LIKE {word} OR words LIKE {word})"));
        }
        if !document_types.is_empty() {
            conditions.push(format!("document_type IN ({})", sql.values(document_types.iter().map(String::as_str))));
        }
        conditions.extend(cents_from.map(|cents| format!("total_cents >= {}", sql.value(cents))));
        conditions.extend(cents_through.map(|cents| format!("total_cents <= {}", sql.value(cents))));
        if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") }
    }

    /// For each condition that has an index of its own, where in it the rows are that meet it; perhaps with others.
    pub(super) fn candidates(&self, by: By) -> Vec<Vec<Range>> {
        let states = self.states.as_ref().map(|states| states.iter().map(|state| Range::only(&BY_STATE, *state)).collect());
        let number = self.number.as_ref().map(|number| vec![Range::only(&BY_NUMBER, number.as_str())]);
        // The code of the type is one of an invoice's words.
        let types = self.document_types.iter().map(|code| Range::only(&BY_NAME, code.to_lowercase()));
        let types = Some(types.collect::<Vec<_>>()).filter(|types| !types.is_empty());
        let cents = (self.cents_from.is_some() || self.cents_through.is_some())
            .then(|| vec![Range::new(&BY_TOTAL, self.cents_from.unwrap_or(i64::MIN), self.cents_through.unwrap_or(i64::MAX))]);
        let limited = self.issued_from.is_some() || self.issued_through.is_some();
        let days = (limited && by == By::Arrival).then(|| {
            let (from, through) = (self.issued_from.unwrap_or(CalendarDay::FIRST), self.issued_through.unwrap_or(CalendarDay::LAST));
            vec![Range::new(&BY_DAY, from, through)]
        });
        let words = self.counterpart.iter().map(|word| (&BY_NAME, word)).chain(self.text.iter().map(|word| (&BY_WORD, word)));
        let words = words.map(|(index, word)| vec![Range::new(index, word.as_str(), format!("{word}{}", char::MAX))]);
        [states, number, types, cents, days].into_iter().flatten().chain(words).collect()
    }
}

/// A pattern of LIKE. A word has letters and digits only, and so none of LIKE's own signs.
fn beginning(word: &str) -> String {
    format!("% {word}%")
}
