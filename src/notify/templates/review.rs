//! Told to operators when a payment matches no order and is put up for review (B11).

use chrono::NaiveDate;

use super::letter::{Letter, day, number};
use crate::notify::language::Language;
use crate::notify::mail::Mail;

/// A recorded payment needs somebody to look at it.
#[derive(Clone, Debug)]
pub struct PaymentUnderReview {
    /// The payment's id.
    pub payment: String,
    /// The amount as it came, with its currency, for example `50.00 EUR`: it may be another currency.
    pub amount: String,
    /// When it was paid.
    pub paid_on: NaiveDate,
    /// The reference as it came.
    pub reference: String,
    /// The order it seems to be for, if any.
    pub order_number: Option<String>,
    /// What does not match, in the reader's language.
    pub reason: String,
}

impl PaymentUnderReview {
    /// The mail to the operators.
    #[must_use]
    pub fn mail(&self, to: &str, language: Language) -> Mail {
        let amount = number(&self.amount, language);
        let (subject, addressee, beginning, labels, none, to_do) = match language {
            Language::It => (
                format!("Pagamento da verificare: {amount}"),
                "operatore",
                "un pagamento registrato non corrisponde ad alcun ordine da pagare. Non è stato attivato nulla.",
                ["Pagamento", "Importo", "Data", "Causale ricevuta", "Ordine", "Motivo"],
                "nessuno",
                "Se il denaro salda comunque un ordine, lo registri di nuovo con il numero e l'importo esatti di quell'ordine e con un \
                 riferimento proprio; altrimenti lo rimborsi.",
            ),
            Language::En => (
                format!("Payment to review: {amount}"),
                "operator",
                "a recorded payment does not match any order that is to be paid. Nothing was granted.",
                ["Payment", "Amount", "Date", "Reference received", "Order", "Reason"],
                "none",
                "If the money pays an order after all, record it again with the number and the exact amount of that order, and a reference of \
                 its own; otherwise refund it.",
            ),
        };
        let values = [
            self.payment.clone(),
            amount,
            day(self.paid_on, language),
            self.reference.clone(),
            self.order_number.clone().unwrap_or_else(|| none.to_owned()),
            self.reason.clone(),
        ];
        Letter::new(language, subject, addressee)
            .paragraph(beginning)
            .facts(&labels.into_iter().zip(values).collect::<Vec<_>>())
            .paragraph(to_do)
            .mail(to)
    }
}
