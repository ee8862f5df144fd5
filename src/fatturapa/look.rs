//! Everything an archive wants to know of a file, from one look at it.

use chrono::NaiveDate;

use super::document::{Document, FileKind, Judgement};
use super::identity::{Identity, identities};
use super::invoice::{Invoice, read_tree};
use super::unreadable::Unreadable;

/// All that one look at a file tells: it is opened and read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What is to be said of it: schema, signatures and content.
    pub judgement: Judgement,
    /// What a list shows of it, or why that cannot be read.
    pub invoice: Result<Invoice, Unreadable>,
    /// What makes each of its invoices the one it is.
    pub identities: Vec<Identity>,
}

impl Look {
    /// Looks at a file as the SdI would if it received it on the day `received`. Takes time linear in the file's size.
    #[must_use]
    pub fn at(file: &[u8], received: NaiveDate) -> Self {
        let looked = Document::open(file).and_then(|document| {
            let tree = document.tree()?;
            let judgement = Judgement::of_tree(&document, &tree, Some(received))?;
            Ok(Self { judgement, invoice: read_tree(&tree), identities: identities(&tree) })
        });
        looked.unwrap_or_else(|unreadable| Self {
            judgement: Judgement::of_unreadable(unreadable.clone()),
            invoice: Err(unreadable),
            identities: Vec::new(),
        })
    }

    /// Why it is no invoice at all, if it is none. An invoice that lacks something is one: its findings tell what.
    #[must_use]
    pub fn no_invoice(&self) -> Option<&Unreadable> {
        match self.judgement.kind {
            FileKind::Invoice(_) => None,
            FileKind::Message(_) | FileKind::Unknown => self.invoice.as_ref().err(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    const SAMPLES: [&[u8]; 6] = [
        include_bytes!("../../tests/samples/fpr12.xml"),
        include_bytes!("../../tests/samples/fpa12-lot.xml"),
        include_bytes!("../../tests/samples/wrong-content.xml"),
        include_bytes!("../../tests/samples/receipt-rc.xml"),
        include_bytes!("../../tests/samples/truncated.xml"),
        include_bytes!("../../tests/samples/signed/rsa.xml.p7m"),
    ];

    #[test]
    fn one_look_tells_what_judging_and_reading_tell() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day");
        for file in SAMPLES {
            let look = Look::at(file, day);
            assert_eq!(look.judgement, Judgement::of(file, Some(day)));
            assert_eq!(look.invoice, read(file));
        }
    }

    #[test]
    fn an_invoice_that_lacks_something_is_still_one() {
        let no_invoice = |file: &[u8]| Look::at(file, NaiveDate::default()).no_invoice().map(Unreadable::code);
        assert_eq!(SAMPLES.map(no_invoice), [None, None, None, Some("WRONG_ROOT"), Some("NOT_XML"), None]);
    }
}
