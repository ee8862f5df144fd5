//! Signatures inside the XML (XAdES): that they are there, and whose certificate they carry. They are not verified.

use chrono::{DateTime, Utc};
use data_encoding::BASE64;

use super::ber;
use super::certificate::Certificate;
use super::signature::{Form, Integrity, Signature, Trust, Unverified};
use crate::fatturapa::tree::{Element, Tree, XML_SIGNATURE, is_signature};
use crate::fatturapa::unreadable::excerpt;

/// The signatures among the root's children, where the schemas of invoices have their place, in the order of the file.
pub(in crate::fatturapa) fn inside(tree: &Tree<'_>) -> Vec<Signature> {
    tree.root().children().filter(|child| is_signature(*child)).take(super::MAX_SIGNATURES).map(signature).collect()
}

fn is(element: Element<'_, '_>, name: &str) -> bool {
    element.name() == name && element.namespace() == Some(XML_SIGNATURE)
}

fn signature(element: Element<'_, '_>) -> Signature {
    // The signer's certificate comes first; those of its issuers may follow.
    let certificate = find(element, |inside| is(inside, "X509Certificate")).and_then(|certificate| der(certificate.text()));
    let certificate = certificate.as_deref().and_then(|der| Certificate::read(der).ok());
    let method = find(element, |inside| is(inside, "SignatureMethod")).and_then(|method| method.attribute("Algorithm"));
    // Of whichever version of XAdES: each has a namespace of its own.
    let time = find(element, |inside| inside.name() == "SigningTime");
    Signature {
        form: Form::Xades { path: element.path(), at: element.position() },
        signer: certificate.as_ref().map(Certificate::signer).unwrap_or_default(),
        issuer: certificate.as_ref().and_then(Certificate::issuer),
        not_before: certificate.as_ref().map(|certificate| certificate.not_before),
        not_after: certificate.as_ref().map(|certificate| certificate.not_after),
        signing_time: time.and_then(|time| time.text().trim().parse::<DateTime<Utc>>().ok()),
        algorithm: method.map(excerpt).unwrap_or_default(),
        on_sha1: method.is_some_and(|method| method.ends_with("sha1")),
        integrity: Integrity::NotVerified { why: Unverified::Xades },
        trust: Trust::NotChecked,
    }
}

/// The first element inside another that is wanted, at any depth.
fn find<'d, 't>(within: Element<'d, 't>, wanted: impl Fn(Element<'d, 't>) -> bool) -> Option<Element<'d, 't>> {
    let mut ahead: Vec<_> = within.children().collect();
    ahead.reverse();
    while let Some(element) = ahead.pop() {
        if wanted(element) {
            return Some(element);
        }
        let place = ahead.len();
        ahead.extend(element.children());
        ahead[place..].reverse();
    }
    None
}

/// A certificate out of base64.
fn der(text: &str) -> Option<Vec<u8>> {
    let characters: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    ber::to_der(&BASE64.decode(&characters).ok()?).ok()
}
