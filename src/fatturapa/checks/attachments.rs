//! Advice on files inside of an invoice: the schema takes what nobody can open.

use super::told::{Told, words};
use crate::fatturapa::content::is_hollow;
use crate::fatturapa::tree::Element;

/// ATTACHMENT_NOT_BASE64: a text in which nothing of base64 is. The schema passes over every character that is none of it, and is left with an
/// empty file.
pub(super) fn advise(told: &mut Told, body: Element<'_, '_>) {
    let attachments = body.all("Allegati").flat_map(|attached| attached.all("Attachment"));
    for element in attachments.filter(|element| is_hollow(element.text())) {
        told.advised("ATTACHMENT_NOT_BASE64", element, || {
            words!(
                "Attachment non contiene nulla in base64: l'allegato non si può aprire, anche se lo SdI accetta il file; inserire di \
                 nuovo il file codificato in base64, oppure togliere l'allegato",
                "Attachment holds nothing in base64: the attached file cannot be opened, although the SdI takes the document; put the \
                 file in again, encoded in base64, or take the attachment out"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{PRIVATE, SIMPLIFIED, changed, codes};

    const NOTHING: [&str; 0] = [];

    #[test]
    fn a_text_without_anything_of_base64_is_advised_against_and_an_empty_one_is_not() {
        for base in [PRIVATE, SIMPLIFIED] {
            let with = |content: &str| {
                let attached = format!("<Allegati><NomeAttachment>a.pdf</NomeAttachment><Attachment>{content}</Attachment></Allegati>");
                codes(&changed(base, "</FatturaElettronicaBody>", &format!("{attached}</FatturaElettronicaBody>")))
            };
            assert_eq!(with("!!!!"), ["ATTACHMENT_NOT_BASE64"]);
            assert_eq!(with("\n  -è-  \n"), ["ATTACHMENT_NOT_BASE64"]);
            for content in ["", " \n ", "YQ==", "!YQ==!"] {
                assert_eq!(with(content), NOTHING, "{content}");
            }
        }
    }
}
