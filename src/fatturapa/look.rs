//! Everything an archive wants to know of a file, from one look at it.

use super::content::{Attached, attached};
use super::document::{Document, FileKind, Judgement};
use super::identity::{Identity, identities};
use super::invoice::{Invoice, read_tree};
use super::issuer::{Issuers, issuers};
use super::reception::Reception;
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
    /// Who may have issued them; none of what is no invoice.
    pub issuers: Option<Issuers>,
    /// The files inside of it, without their bytes.
    pub attachments: Vec<Attached>,
}

impl Look {
    /// Looks at a file as the SdI would that receives it then: a day is one that comes. Takes time linear in the file's size.
    #[must_use]
    pub fn at(file: &[u8], received: impl Into<Reception>) -> Self {
        let received = received.into();
        let looked = Document::open(file).and_then(|document| {
            let tree = document.tree()?;
            let judgement = Judgement::of_tree(&document, &tree, Some(received))?;
            Ok(Self {
                judgement,
                invoice: read_tree(&tree),
                identities: identities(&tree),
                issuers: issuers(&tree),
                attachments: attached(&tree),
            })
        });
        looked.unwrap_or_else(|unreadable| Self {
            judgement: Judgement::of_unreadable(unreadable.clone()),
            invoice: Err(unreadable),
            identities: Vec::new(),
            issuers: None,
            attachments: Vec::new(),
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
    use chrono::NaiveDate;

    use super::super::content::{Attachment, Content};
    use super::super::{MAX_FILE_BYTES, read};
    use super::*;

    const SAMPLES: [&[u8]; 8] = [
        include_bytes!("../../tests/samples/fpr12.xml"),
        include_bytes!("../../tests/samples/fpa12-lot.xml"),
        include_bytes!("../../tests/samples/wrong-content.xml"),
        include_bytes!("../../tests/samples/receipt-rc.xml"),
        include_bytes!("../../tests/samples/truncated.xml"),
        include_bytes!("../../tests/samples/signed/rsa.xml.p7m"),
        include_bytes!("../../tests/samples/fpr12-everything.xml"),
        include_bytes!("../../tests/samples/fsm10-everything.xml"),
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
    fn its_attachments_are_those_that_can_be_taken_out_of_it() {
        let mut seen = 0;
        let damaged = String::from_utf8_lossy(SAMPLES[6]).replacen("</Attachment>", "!=</Attachment>", 1);
        let empty = damaged.replacen("<Allegati>", "<Allegati></Allegati><Allegati>", 1);
        for file in SAMPLES.into_iter().chain([damaged.as_bytes(), empty.as_bytes()]) {
            let bodies = Content::read(file).map(|content| content.bodies).unwrap_or_default();
            let of_body = |(document, body): (usize, &super::super::content::Body)| {
                let told = |attachment: &Attachment| {
                    let Attachment { name, compression, format, .. } = attachment.clone();
                    let bytes = attachment.content(MAX_FILE_BYTES).ok().map(|content| content.len());
                    Attached { document, name, compression, format, bytes }
                };
                body.attachments.iter().map(told).collect::<Vec<_>>()
            };
            let expected: Vec<_> = (1..).zip(&bodies).flat_map(of_body).collect();
            let found = Look::at(file, NaiveDate::default()).attachments;
            assert_eq!(found, expected);
            seen += found.len();
        }
        assert!(seen > 3, "samples have attachments");
    }

    #[test]
    fn an_invoice_that_lacks_something_is_still_one() {
        let no_invoice = |file: &[u8]| Look::at(file, NaiveDate::default()).no_invoice().map(Unreadable::code);
        assert_eq!(SAMPLES.map(no_invoice), [None, None, None, Some("WRONG_ROOT"), Some("NOT_XML"), None, None, None]);
    }
}
