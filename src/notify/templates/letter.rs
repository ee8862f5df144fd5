//! How our letters are laid out: paragraphs of 72 characters, facts in two columns.

use chrono::NaiveDate;

use crate::notify::language::Language;
use crate::notify::mail::{Attachment, Mail};
use crate::space::in_italian;

/// The widest line, as mail has it since terminals had 80 columns.
pub(super) const WIDTH: usize = 72;

/// A letter being written.
pub(super) struct Letter {
    language: Language,
    subject: String,
    text: String,
    attachments: Vec<Attachment>,
}

impl Letter {
    /// Begins a letter to somebody, by name. In Italian the letters are formal (Gentile, Lei).
    pub(super) fn new(language: Language, subject: String, addressee: &str) -> Self {
        let greeting = match language {
            Language::It => format!("Gentile {addressee},"),
            Language::En => format!("Dear {addressee},"),
        };
        Self { language, subject, text: String::new(), attachments: Vec::new() }.paragraph(&greeting)
    }

    pub(super) fn paragraph(mut self, text: &str) -> Self {
        let mut column = 0;
        for word in text.split_whitespace() {
            let width = word.chars().count();
            if column > 0 && column + 1 + width > WIDTH {
                self.text.push('\n');
                column = 0;
            }
            if column > 0 {
                self.text.push(' ');
                column += 1;
            }
            self.text.push_str(word);
            column += width;
        }
        self.text.push_str("\n\n");
        self
    }

    /// Labels and values in two columns.
    pub(super) fn facts<L: AsRef<str>>(mut self, facts: &[(L, String)]) -> Self {
        let widest = facts.iter().map(|(label, _)| label.as_ref().chars().count()).max().unwrap_or_default();
        for (label, value) in facts {
            let line = format!("  {:widest$}   {value}", label.as_ref());
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
        self.text.push('\n');
        self
    }

    pub(super) fn attach(mut self, name: String, media_type: &str, content: String) -> Self {
        self.attachments.push(Attachment { name, media_type: media_type.to_owned(), content });
        self
    }

    /// Signs the letter and puts it into its envelope.
    pub(super) fn mail(self, to: &str) -> Mail {
        let signature = match self.language {
            Language::It => "Il servizio Fatturazione Elettronica",
            Language::En => "The electronic invoicing service",
        };
        let Self { subject, mut text, attachments, .. } = self;
        text.push_str(signature);
        text.push('\n');
        Mail { to: to.to_owned(), subject, text, attachments }
    }
}

/// An amount in euro, from `48.80`.
pub(super) fn euro(amount: &str, language: Language) -> String {
    match language {
        Language::It => format!("{} €", number(amount, language)),
        Language::En => format!("€{amount}"),
    }
}

/// A percentage, from `91.20`.
pub(super) fn percent(percentage: &str, language: Language) -> String {
    format!("{}%", number(percentage, language))
}

/// A number with decimals, with or without a unit, from `0.91 GB` or `12 bytes`.
pub(super) fn number(text: &str, language: Language) -> String {
    match language {
        Language::It => in_italian(text),
        Language::En => text.to_owned(),
    }
}

/// A day.
pub(super) fn day(day: NaiveDate, language: Language) -> String {
    match language {
        Language::It => day.format("%d/%m/%Y").to_string(),
        Language::En => day.format("%-d %B %Y").to_string(),
    }
}
