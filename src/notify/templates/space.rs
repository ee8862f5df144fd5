//! Told once when usage crosses a level upwards (S5).

use super::letter::{Letter, number, percent};
use crate::notify::language::Language;
use crate::notify::mail::Mail;

/// The level that usage has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrossedLevel {
    /// From 70% by default.
    Warning,
    /// From 90% by default.
    Critical,
    /// From 100%: the account is suspended.
    Exhausted,
}

/// Usage has reached a level.
#[derive(Clone, Debug)]
pub struct SpaceLevelCrossed {
    /// The account's holder.
    pub holder: String,
    /// Which level.
    pub level: CrossedLevel,
    /// The space used, for example `0.91 GB`.
    pub used: String,
    /// The space there is, for example `1 GB`.
    pub capacity: String,
    /// How much of it is used, for example `91.20`.
    pub percentage: String,
}

impl SpaceLevelCrossed {
    /// The mail to the holder.
    #[must_use]
    pub fn mail(&self, to: &str, language: Language) -> Mail {
        match language {
            Language::It => self.italian(),
            Language::En => self.english(),
        }
        .mail(to)
    }

    fn italian(&self) -> Letter {
        let subject = match self.level {
            CrossedLevel::Warning | CrossedLevel::Critical => {
                format!("Spazio occupato: {}", percent(&self.percentage, Language::It))
            }
            CrossedLevel::Exhausted => "Spazio esaurito: il pannello è sospeso".to_owned(),
        };
        let (meaning, to_do) = match self.level {
            CrossedLevel::Warning => (
                "Può continuare a lavorare come sempre. Quando lo spazio sarà esaurito, il pannello verrà sospeso e non sarà \
                 più possibile creare e inviare fatture.",
                "Le consigliamo di acquistare altro spazio per tempo: dal pannello, scelga Acquista spazio. La quantità \
                 consigliata è calcolata sul Suo consumo medio.",
            ),
            CrossedLevel::Critical => (
                "Lo spazio sta per esaurirsi. Quando sarà esaurito, il pannello verrà sospeso e non sarà più possibile creare e inviare \
                 fatture.",
                "Acquisti subito altro spazio: dal pannello, scelga Acquista spazio. Con carta o PayPal è disponibile \
                 immediatamente.",
            ),
            CrossedLevel::Exhausted => (
                "Il pannello è sospeso: non è possibile creare e inviare fatture. Resta possibile ricevere quelle dei fornitori, e \
                 consultare e scaricare tutti i documenti.",
                "Per riattivare il pannello acquisti almeno 1 GB: dal pannello, scelga Acquista spazio. La sospensione termina \
                 appena il pagamento è registrato; con carta o PayPal, immediatamente.",
            ),
        };
        Letter::new(Language::It, subject, &self.holder)
            .paragraph("questo è lo stato dello spazio del Suo archivio di fatture:")
            .facts(&self.facts(["Spazio occupato", "Spazio totale", "Percentuale occupata"], Language::It))
            .paragraph(meaning)
            .paragraph(to_do)
    }

    fn english(&self) -> Letter {
        let subject = match self.level {
            CrossedLevel::Warning | CrossedLevel::Critical => format!("Space used: {}", percent(&self.percentage, Language::En)),
            CrossedLevel::Exhausted => "Space exhausted: your panel is suspended".to_owned(),
        };
        let (meaning, to_do) = match self.level {
            CrossedLevel::Warning => (
                "You can go on working as always. Once the space is exhausted, the panel is suspended and you can no longer \
                 create and send invoices.",
                "We suggest that you buy more space in time: choose Buy space in the panel. The quantity it recommends follows \
                 from your average consumption.",
            ),
            CrossedLevel::Critical => (
                "The space is nearly exhausted. Once it is, the panel is suspended and you can no longer create and send invoices.",
                "Buy more space now: choose Buy space in the panel. Paid by card or PayPal, it is there at once.",
            ),
            CrossedLevel::Exhausted => (
                "Your panel is suspended: you cannot create and send invoices. You go on receiving your suppliers' invoices, and \
                 can read and download every document.",
                "To lift the suspension, buy at least 1 GB: choose Buy space in the panel. It ends as soon as the payment is \
                 recorded; by card or PayPal, at once.",
            ),
        };
        Letter::new(Language::En, subject, &self.holder)
            .paragraph("this is how the space of your invoice archive stands:")
            .facts(&self.facts(["Space used", "Space in all", "Used"], Language::En))
            .paragraph(meaning)
            .paragraph(to_do)
    }

    fn facts(&self, [used, capacity, share]: [&'static str; 3], language: Language) -> [(&'static str, String); 3] {
        [(used, number(&self.used, language)), (capacity, number(&self.capacity, language)), (share, percent(&self.percentage, language))]
    }
}
