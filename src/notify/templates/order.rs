//! Told when an order is confirmed and must be paid (B10), and when its payment was recorded (B9).

use chrono::NaiveDate;

use super::letter::{Letter, day, euro, number};
use crate::notify::language::Language;
use crate::notify::mail::Mail;

/// An order was confirmed and is to be paid by bank transfer or postal slip.
#[derive(Clone, Debug)]
pub struct OrderConfirmed {
    /// The account's holder.
    pub holder: String,
    /// The order's 12 digits.
    pub order_number: String,
    /// What is to be paid, VAT included, as `48.80`.
    pub amount: String,
    /// Who is paid.
    pub beneficiary: String,
    /// By which way.
    pub how: HowToPay,
    /// After which day the order lapses if it is not paid.
    pub lapses_after: NaiveDate,
}

/// What a customer needs in order to pay.
#[derive(Clone, Debug)]
pub enum HowToPay {
    /// By bank transfer.
    BankTransfer {
        /// In groups of four.
        iban: String,
        /// The bank.
        bic: String,
        /// The ISO 11649 creditor reference, in groups of four.
        creditor_reference: String,
        /// The EPC QR code, as SVG.
        qr_code: String,
    },
    /// By postal slip.
    PostalSlip {
        /// The postal account.
        account: String,
        /// The 18-digit code.
        code: String,
    },
}

impl OrderConfirmed {
    /// The mail to the account's reference address.
    #[must_use]
    pub fn mail(&self, to: &str, language: Language) -> Mail {
        let letter = match language {
            Language::It => self.italian(),
            Language::En => self.english(),
        };
        let letter = match &self.how {
            HowToPay::BankTransfer { qr_code, .. } => {
                letter.attach(format!("qr-{}.svg", self.order_number), "image/svg+xml", qr_code.clone())
            }
            HowToPay::PostalSlip { .. } => letter,
        };
        letter.mail(to)
    }

    fn italian(&self) -> Letter {
        let Self { order_number, lapses_after, .. } = self;
        let amount = ("Importo", euro(&self.amount, Language::It));
        let beneficiary = ("Beneficiario", self.beneficiary.clone());
        let reason = ("Causale", format!("Ordine {order_number}"));
        let letter = Letter::new(Language::It, format!("Ordine {order_number} confermato: come pagare"), &self.holder).paragraph(&format!(
            "grazie, l'ordine {order_number} è confermato. Lo spazio e le estensioni saranno attivi appena il pagamento sarà registrato."
        ));
        let letter = match &self.how {
            HowToPay::BankTransfer { iban, bic, creditor_reference, .. } => letter
                .paragraph("Può pagare con bonifico, indicando questi dati:")
                .facts(&[
                    amount,
                    beneficiary,
                    ("IBAN", iban.clone()),
                    ("BIC", bic.clone()),
                    reason,
                    ("Riferimento creditore", creditor_reference.clone()),
                ])
                .paragraph(
                    "Se la Sua banca accetta il riferimento del creditore (ISO 11649), usi quello al posto della causale. Dall'app della \
                     banca può anche inquadrare il codice QR allegato: compila il bonifico da solo.",
                )
                .paragraph("Il bonifico viene registrato il giorno lavorativo successivo."),
            HowToPay::PostalSlip { account, code } => letter
                .paragraph("Può pagare con bollettino postale premarcato (tipo 896), indicando questi dati:")
                .facts(&[
                    amount,
                    ("Conto corrente postale", account.clone()),
                    ("Intestato a", self.beneficiary.clone()),
                    ("Codice cliente (18 cifre)", code.clone()),
                    reason,
                ])
                .paragraph("Il bollettino viene registrato in 5-7 giorni lavorativi."),
        };
        letter.paragraph(&format!("L'ordine decade se non è pagato entro il {}.", day(*lapses_after, Language::It)))
    }

    fn english(&self) -> Letter {
        let Self { order_number, lapses_after, .. } = self;
        let amount = ("Amount", euro(&self.amount, Language::En));
        let beneficiary = ("Beneficiary", self.beneficiary.clone());
        // The reason stays Italian: it is what the beneficiary's bank and accountants read.
        let reason = ("Reason for payment", format!("Ordine {order_number}"));
        let letter = Letter::new(Language::En, format!("Order {order_number} confirmed: how to pay"), &self.holder).paragraph(&format!(
            "thank you, order {order_number} is confirmed. Space and extensions are active as soon as the payment is recorded."
        ));
        let letter = match &self.how {
            HowToPay::BankTransfer { iban, bic, creditor_reference, .. } => letter
                .paragraph("Please pay by bank transfer:")
                .facts(&[
                    amount,
                    beneficiary,
                    ("IBAN", iban.clone()),
                    ("BIC", bic.clone()),
                    reason,
                    ("Creditor reference", creditor_reference.clone()),
                ])
                .paragraph(
                    "If your bank takes the creditor reference (ISO 11649), use it instead of the reason for payment. Or scan the attached \
                     QR code with your banking app: it fills the transfer in.",
                )
                .paragraph("A bank transfer is recorded on the next working day."),
            HowToPay::PostalSlip { account, code } => letter
                .paragraph("Please pay by postal slip (bollettino premarcato, type 896):")
                .facts(&[
                    amount,
                    ("Postal account", account.clone()),
                    ("In the name of", self.beneficiary.clone()),
                    ("Customer code (18 digits)", code.clone()),
                    reason,
                ])
                .paragraph("A postal slip is recorded within 5 to 7 working days."),
        };
        letter.paragraph(&format!("The order lapses unless it is paid by {}.", day(*lapses_after, Language::En)))
    }
}

/// An order's payment was recorded, and what was bought is there.
#[derive(Clone, Debug)]
pub struct OrderCompleted {
    /// The account's holder.
    pub holder: String,
    /// The order's 12 digits.
    pub order_number: String,
    /// What was paid, VAT included, as `48.80`.
    pub amount: String,
    /// The space there is now, for example `3.00 GB`.
    pub capacity: String,
    /// Every service that was bought or prolonged, with its expiry.
    pub expiries: Vec<(String, NaiveDate)>,
    /// Whether these services renew themselves from now on (N1).
    pub automatic_renewal: bool,
}

impl OrderCompleted {
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
        let renewal = if self.automatic_renewal {
            "Il rinnovo automatico è attivo: 7 giorni prima della scadenza useremo lo stesso metodo di pagamento. Può \
             disattivarlo quando vuole dal pannello."
        } else {
            "Il rinnovo automatico non è attivo: La avviseremo prima della scadenza."
        };
        Letter::new(Language::It, format!("Ordine {} completato", self.order_number), &self.holder)
            .paragraph("abbiamo registrato il pagamento e attivato quanto acquistato.")
            .facts(&[
                ("Ordine", self.order_number.clone()),
                ("Importo pagato", euro(&self.amount, Language::It)),
                ("Spazio totale", number(&self.capacity, Language::It)),
            ])
            .paragraph("Nuove scadenze:")
            .facts(&expiries(&self.expiries, Language::It))
            .paragraph(renewal)
    }

    fn english(&self) -> Letter {
        let renewal = if self.automatic_renewal {
            "Automatic renewal is on: 7 days before the expiry we use the same method of payment. You can turn it off in the \
             panel at any time."
        } else {
            "Automatic renewal is off: we will remind you before the expiry."
        };
        Letter::new(Language::En, format!("Order {} completed", self.order_number), &self.holder)
            .paragraph("we have recorded your payment, and what you bought is active.")
            .facts(&[
                ("Order", self.order_number.clone()),
                ("Amount paid", euro(&self.amount, Language::En)),
                ("Space in all", number(&self.capacity, Language::En)),
            ])
            .paragraph("New expiries:")
            .facts(&expiries(&self.expiries, Language::En))
            .paragraph(renewal)
    }
}

/// Services and their expiries as facts of a letter.
pub(super) fn expiries(services: &[(String, NaiveDate)], language: Language) -> Vec<(&str, String)> {
    services.iter().map(|(service, expiry)| (service.as_str(), day(*expiry, language))).collect()
}
