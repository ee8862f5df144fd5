//! Told about renewals: before (N4), when they succeeded, and when they failed (N3).

use chrono::NaiveDate;

use super::letter::{Letter, day, euro};
use super::order::expiries;
use crate::notify::language::Language;
use crate::notify::mail::Mail;

/// Services were renewed automatically (N2).
#[derive(Clone, Debug)]
pub struct RenewalSucceeded {
    /// The account's holder.
    pub holder: String,
    /// The renewal order's 12 digits.
    pub order_number: String,
    /// What was charged, VAT included, as `48.80`.
    pub amount: String,
    /// What was charged, as the customer knows it, for example `Visa **** 4242`.
    pub method: String,
    /// Every renewed service, with its new expiry.
    pub expiries: Vec<(String, NaiveDate)>,
}

impl RenewalSucceeded {
    /// The mail to the account's reference address.
    #[must_use]
    pub fn mail(&self, to: &str, language: Language) -> Mail {
        let Self { order_number, .. } = self;
        let (subject, beginning, labels, dates) = match language {
            Language::It => (
                format!("Rinnovo completato: ordine {order_number}"),
                "i Suoi servizi sono stati rinnovati automaticamente.",
                ["Ordine", "Importo addebitato", "Metodo di pagamento"],
                "Nuove scadenze:",
            ),
            Language::En => (
                format!("Renewal completed: order {order_number}"),
                "your services were renewed automatically.",
                ["Order", "Amount charged", "Method of payment"],
                "New expiries:",
            ),
        };
        let values = [order_number.clone(), euro(&self.amount, language), self.method.clone()];
        Letter::new(language, subject, &self.holder)
            .paragraph(beginning)
            .facts(&labels.into_iter().zip(values).collect::<Vec<_>>())
            .paragraph(dates)
            .facts(&expiries(&self.expiries, language))
            .mail(to)
    }
}

/// An automatic renewal could not be charged.
#[derive(Clone, Debug)]
pub struct RenewalFailed {
    /// The account's holder.
    pub holder: String,
    /// The renewal order's 12 digits.
    pub order_number: String,
    /// What could not be charged, VAT included, as `48.80`.
    pub amount: String,
    /// What was to be charged, for example `Visa **** 4242`.
    pub method: String,
    /// When the services expire.
    pub expiry: NaiveDate,
    /// When it is tried again; None if this was the last time.
    pub next_attempt: Option<NaiveDate>,
}

impl RenewalFailed {
    /// The mail to the account's reference address.
    #[must_use]
    pub fn mail(&self, to: &str, language: Language) -> Mail {
        match language {
            Language::It => self.italian(),
            Language::En => self.english(),
        }
        .mail(to)
    }

    fn italian(&self) -> Letter {
        let next = self.next_attempt.map_or_else(
            || "Non ci saranno altri tentativi automatici.".to_owned(),
            |next| format!("Riproveremo il {}.", day(next, Language::It)),
        );
        Letter::new(Language::It, format!("Rinnovo non riuscito: ordine {}", self.order_number), &self.holder)
            .paragraph("il pagamento automatico del rinnovo non è riuscito.")
            .facts(&[
                ("Ordine", self.order_number.clone()),
                ("Importo", euro(&self.amount, Language::It)),
                ("Metodo di pagamento", self.method.clone()),
                ("Scadenza dei servizi", day(self.expiry, Language::It)),
            ])
            .paragraph(&next)
            .paragraph(
                "Può pagare l'ordine dal pannello con un altro metodo, oppure sostituire il metodo salvato. Dopo la scadenza non \
                 potrà creare e inviare fatture; continuerà a ricevere quelle dei fornitori.",
            )
    }

    fn english(&self) -> Letter {
        let next = self.next_attempt.map_or_else(
            || "It will not be tried again automatically.".to_owned(),
            |next| format!("We will try again on {}.", day(next, Language::En)),
        );
        Letter::new(Language::En, format!("Renewal failed: order {}", self.order_number), &self.holder)
            .paragraph("the automatic payment of your renewal failed.")
            .facts(&[
                ("Order", self.order_number.clone()),
                ("Amount", euro(&self.amount, Language::En)),
                ("Method of payment", self.method.clone()),
                ("Services expire", day(self.expiry, Language::En)),
            ])
            .paragraph(&next)
            .paragraph(
                "You can pay the order in the panel by another method, or replace the stored one. After the expiry you cannot create \
                 and send invoices; you go on receiving those of your suppliers.",
            )
    }
}

/// Services without automatic renewal expire soon.
#[derive(Clone, Debug)]
pub struct ExpiryReminder {
    /// The account's holder.
    pub holder: String,
    /// The services, each with its expiry.
    pub expiries: Vec<(String, NaiveDate)>,
    /// How many days are left.
    pub days_left: u32,
}

impl ExpiryReminder {
    /// The mail to the account's reference address.
    #[must_use]
    pub fn mail(&self, to: &str, language: Language) -> Mail {
        let Self { days_left, .. } = self;
        let (subject, beginning, to_do) = match language {
            Language::It => (
                format!("I Suoi servizi scadono tra {days_left} giorni"),
                "il rinnovo automatico non è attivo per questi servizi, che stanno per scadere:",
                "Li rinnovi dal pannello: la nuova scadenza parte da quella attuale, quindi rinnovando prima non perde giorni.",
            ),
            Language::En => (
                format!("Your services expire in {days_left} days"),
                "automatic renewal is off for these services, which expire soon:",
                "Renew them in the panel: the new term begins where the present one ends, so no day is lost by renewing early.",
            ),
        };
        Letter::new(language, subject, &self.holder)
            .paragraph(beginning)
            .facts(&expiries(&self.expiries, language))
            .paragraph(to_do)
            .mail(to)
    }
}
