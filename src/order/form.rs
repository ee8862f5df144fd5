//! The order form: payment methods with their times (B7), and the terms to be accepted, each in its version (B8).

use crate::clock::CalendarDay;
use crate::notify::language::Language;
use crate::payment::PaymentMethod;
use crate::payment::working_days::{self, POSTAL_SLIP_EARLIEST, POSTAL_SLIP_LATEST};
use crate::refusal::Violation;

/// The versions of the terms that are shown and must be accepted. They come from the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The general terms of the service.
    pub general: String,
    /// The clauses to be approved separately (articles 1341 and 1342 of the civil code).
    pub clauses: String,
    /// The privacy notice.
    pub privacy: String,
}

/// Terms in the form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term<'a> {
    pub code: &'static str,
    pub version: &'a str,
    pub italian: &'static str,
    pub english: &'static str,
}

impl Terms {
    /// All of them, in the order they are shown.
    pub(super) fn all(&self) -> [Term<'_>; 3] {
        [
            Term {
                code: "general-terms",
                version: &self.general,
                italian: "Condizioni generali di servizio",
                english: "General terms of service",
            },
            Term {
                code: "separately-approved-clauses",
                version: &self.clauses,
                italian: "Clausole da approvare specificamente (artt. 1341 e 1342 c.c.)",
                english: "Clauses to be approved separately (articles 1341 and 1342 of the civil code)",
            },
            Term { code: "privacy-notice", version: &self.privacy, italian: "Informativa sulla privacy", english: "Privacy notice" },
        ]
    }

    /// What is missing of `accepted`, given as code and version; nothing when the order may be confirmed.
    pub(super) fn missing(&self, accepted: &[(String, String)]) -> Vec<Violation> {
        let refused = |term: &Term<'_>| {
            let given: Vec<_> = accepted.iter().filter(|(code, _)| code == term.code).map(|(_, version)| version.as_str()).collect();
            let description = match given.as_slice() {
                [] => format!("{} in version {} must be accepted", term.code, term.version),
                [version] if *version == term.version => return None,
                [version] => format!("{} must be accepted in version {}, was in {version:?}", term.code, term.version),
                _ => format!("{} was given more than once", term.code),
            };
            Some(Violation { field: format!("accepted_terms[{}]", term.code), description })
        };
        let known = self.all();
        let unknown = accepted
            .iter()
            .filter(|(code, _)| !known.iter().any(|term| term.code == code))
            .map(|(code, _)| Violation { field: "accepted_terms".to_owned(), description: format!("there are no terms {code:?}") });
        known.iter().filter_map(refused).chain(unknown).collect()
    }
}

/// How long a method's payment takes to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub method: PaymentMethod,
    pub earliest: CalendarDay,
    pub latest: CalendarDay,
    pub words: &'static str,
}

/// The methods that can be chosen, with the days on which a payment made today is recorded; those that are charged only where something
/// charges them.
pub(super) fn options(today: CalendarDay, language: Language, charges: bool) -> Vec<Choice> {
    let working = |days: u32| CalendarDay::try_from(working_days::add_working_days(today.date(), days)).unwrap_or(CalendarDay::LAST);
    let method = |method: PaymentMethod, earliest, latest, italian, english| Choice {
        method,
        earliest,
        latest,
        words: match language {
            Language::It => italian,
            Language::En => english,
        },
    };
    let all = [
        method(PaymentMethod::Card, today, today, "subito", "at once"),
        method(PaymentMethod::PayPal, today, today, "subito", "at once"),
        method(PaymentMethod::BankTransfer, working(1), working(1), "il giorno lavorativo successivo", "the next working day"),
        method(
            PaymentMethod::PostalSlip,
            working(POSTAL_SLIP_EARLIEST),
            working(POSTAL_SLIP_LATEST),
            "da 5 a 7 giorni lavorativi",
            "5 to 7 working days",
        ),
    ];
    all.into_iter().filter(|choice| charges || !choice.method.is_charged()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms { general: "2026-01".to_owned(), clauses: "2026-01".to_owned(), privacy: "2025-09".to_owned() }
    }

    fn accepted(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(code, version)| ((*code).to_owned(), (*version).to_owned())).collect()
    }

    #[test]
    fn all_terms_in_their_versions_are_enough() {
        let all = accepted(&[("general-terms", "2026-01"), ("separately-approved-clauses", "2026-01"), ("privacy-notice", "2025-09")]);
        assert_eq!(terms().missing(&all), []);
    }

    #[test]
    fn everything_that_is_missing_or_in_another_version_is_told_at_once() {
        let some = accepted(&[("general-terms", "2020-01"), ("something-else", "1")]);
        let fields: Vec<_> = terms().missing(&some).into_iter().map(|violation| violation.field).collect();
        let expected = [
            "accepted_terms[general-terms]",
            "accepted_terms[separately-approved-clauses]",
            "accepted_terms[privacy-notice]",
            "accepted_terms",
        ];
        assert_eq!(fields, expected);
    }
}
