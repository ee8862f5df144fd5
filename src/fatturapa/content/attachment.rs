//! Files that come inside of an invoice.

use data_encoding::BASE64;

use super::super::format::Kind;
use super::super::schema::is_base64;
use super::super::tree::Tree;
use super::record::{Part as _, Reader, records};

records! {
    /// A file inside of an invoice (Allegati).
    Attachment {
        /// NomeAttachment. A stranger's: never a path.
        name: Option<String> = "NomeAttachment",
        /// How it is compressed (AlgoritmoCompressione), usually ZIP.
        compression: Option<String> = "AlgoritmoCompressione",
        /// FormatoAttachment: PDF, XML, ...
        format: Option<String> = "FormatoAttachment",
        /// DescrizioneAttachment.
        description: Option<String> = "DescrizioneAttachment",
        /// Its bytes in base64, as the file holds them (Attachment).
        encoded: Option<String> = "Attachment",
    }
}

/// Why an attachment's bytes cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableAttachment {
    /// It has more bytes than were asked for.
    #[error("the attachment has {bytes} bytes: at most {most} are taken out")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many were asked for.
        most: usize,
    },
    /// It is not base64.
    #[error("the attachment is damaged: what stands in Attachment is not base64")]
    Damaged,
}

impl Attachment {
    /// Its bytes, compressed as it says; none at all if there is nothing in it. Characters that are not base64's are passed over, as the
    /// schema does, but not where there is nothing else.
    ///
    /// # Errors
    /// [`UnreadableAttachment`], if there are more than `most` of them, or it is damaged.
    pub fn content(&self, most: usize) -> Result<Vec<u8>, UnreadableAttachment> {
        let encoded = self.encoded.as_deref().unwrap_or_default();
        let bytes = decoded_bytes(encoded);
        if bytes > most {
            return Err(UnreadableAttachment::TooLarge { bytes, most });
        }
        if bytes_in(encoded).is_none() {
            return Err(UnreadableAttachment::Damaged);
        }
        let signs: Vec<u8> = encoded.bytes().filter(|byte| is_sign(*byte)).collect();
        BASE64.decode(&signs).map_err(|_| UnreadableAttachment::Damaged)
    }
}

fn is_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

fn decoded_bytes(encoded: &str) -> usize {
    encoded.bytes().filter(|byte| is_sign(*byte) && *byte != b'=').count() * 3 / 4
}

/// Whether there is something in an attachment, and nothing of it is base64: what an empty file would be to the schema.
pub(in crate::fatturapa) fn is_hollow(encoded: &str) -> bool {
    !encoded.trim().is_empty() && !encoded.bytes().any(is_sign)
}

/// How many bytes the attachment has that is written so; none if they cannot be had.
pub(in crate::fatturapa) fn bytes_in(encoded: &str) -> Option<usize> {
    (is_base64(encoded) && !is_hollow(encoded)).then(|| decoded_bytes(encoded))
}

/// What is to be known of a file inside of an invoice without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Which document of the file it is in, from 1 on.
    pub document: usize,
    /// NomeAttachment. A stranger's: never a path.
    pub name: Option<String>,
    /// How it is compressed, as the document says.
    pub compression: Option<String>,
    /// Its format, as the document says.
    pub format: Option<String>,
    /// How many bytes it has, compressed as it says; none of one whose bytes cannot be had.
    pub bytes: Option<usize>,
}

/// The attachments of all documents of a file, in the order in which [`Content`](super::Content) has them; none of what is no invoice.
pub(in crate::fatturapa) fn attached(tree: &Tree<'_>) -> Vec<Attached> {
    let root = tree.root();
    if Kind::of(root).is_err() {
        return Vec::new();
    }
    let mut reader = Reader::new(tree);
    let mut found = Vec::new();
    for (document, body) in (1..).zip(root.all("FatturaElettronicaBody")) {
        for attachment in body.all("Allegati").filter_map(|element| Attachment::read(&mut reader, element)) {
            let Attachment { name, compression, format, encoded, .. } = attachment;
            let encoded = encoded.unwrap_or_default();
            let bytes = bytes_in(&encoded);
            found.push(Attached { document, name, compression, format, bytes });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(encoded: &str) -> Attachment {
        Attachment { encoded: Some(encoded.to_owned()), ..Attachment::default() }
    }

    #[test]
    fn its_bytes_are_taken_out_up_to_a_limit() {
        for encoded in ["U2NvbnRyaW5vCg==", "\n  U2Nv bnRy\r\naW5vCg==  "] {
            assert_eq!(of(encoded).content(10).as_deref(), Ok(&b"Scontrino\n"[..]));
        }
        assert_eq!(of("U2NvbnRyaW5vCg==").content(9), Err(UnreadableAttachment::TooLarge { bytes: 10, most: 9 }));
        assert_eq!(of("U2NvbnRyaW5vCg==").content(0), Err(UnreadableAttachment::TooLarge { bytes: 10, most: 0 }));
        assert_eq!(Attachment::default().content(0).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn a_damaged_one_is_told() {
        for encoded in ["U2NvbnRyaW5vCg=", "U2NvbnRyaW5vC", "=", "TR==", "!!!!"] {
            assert_eq!(of(encoded).content(100), Err(UnreadableAttachment::Damaged), "{encoded}");
        }
    }

    proptest! {
        #[test]
        fn what_went_in_comes_out(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(of(&BASE64.encode(&bytes)).content(bytes.len()), Ok(bytes));
        }

        #[test]
        fn what_the_schema_takes_is_taken_out_unless_nothing_of_it_is_base64(encoded in "[A-Za-z0-9+/= \\-è]{0,24}|[ \\-è]{0,4}") {
            prop_assert_eq!(of(&encoded).content(100).is_ok(), is_base64(&encoded) && !is_hollow(&encoded));
        }
    }
}
