//! Signatures: a signed file (CAdES, `.p7m`) is opened, and what can be known about who signed it is told.
//!
//! | file | what it holds |
//! |---|---|
//! | `armour.rs` | how signed files are recognised; out of base64 and PEM |
//! | `ber.rs` | BER becomes DER |
//! | `parts.rs` | the parts of DER, one after the other |
//! | `container.rs` | what is in a container: the document, certificates, who signed |
//! | `certificate.rs` | what is read of a certificate |
//! | `scheme.rs`, `verify.rs` | whether document and signature belong together |
//! | `named.rs` | what algorithms are called that are not verified |
//! | `xades.rs` | signatures inside the XML: that they are there |
//! | `signature.rs`, `findings.rs` | what is told of a signature, and what the SdI would find wrong with it |
//! | `unopenable.rs` | why a file could not be opened |
//!
//! Only what the file itself shows is looked at, and the network never: whether the issuer is on a list of trusted services and whether
//! the certificate was revoked is not checked, and [`Trust`] says so of every signature.

mod armour;
mod ber;
mod certificate;
mod container;
mod findings;
#[cfg(test)]
mod made;
mod named;
mod parts;
mod scheme;
mod signature;
#[cfg(test)]
mod tests;
mod unopenable;
mod verify;
mod xades;

use std::borrow::Cow;

pub(super) use armour::is_signed;
use container::Container;
pub use findings::{broken, findings};
pub use signature::{Form, Integrity, Signature, Signer, Tampering, Trust, Unverified};
pub use unopenable::Unopenable;
pub(super) use xades::inside;

use super::encoding::MAX_FILE_BYTES;

/// How many signed files may be in one another, the outermost counted. Two happen: one signs, and then the one who sends it for him.
pub(super) const MAX_NESTED: usize = 4;

/// How many signatures a file may have, those inside one another taken together: each costs time.
pub(super) const MAX_SIGNATURES: usize = 8;

/// How many certificates a container may carry. A signer's and those of its issuers are about three.
pub(super) const MAX_CERTIFICATES: usize = 32;

/// How many bytes of documents are digested for one file: the largest one, as often as signed files may be in one another. Eight people who
/// sign 5 MB without the detour over signed attributes would take eight times as long as one.
const MAX_DIGESTED_BYTES: usize = MAX_NESTED * MAX_FILE_BYTES;

/// A signed file, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opened {
    /// The innermost document, whether or not the signatures hold.
    pub(super) content: Vec<u8>,
    /// The signatures around it, outermost first.
    pub(super) signatures: Vec<Signature>,
}

/// Opens a signed file of a size that is read at all.
///
/// # Errors
/// [`Unopenable`], when the document inside cannot be had. That a signature is wrong is no error: see [`Integrity`].
pub(super) fn open(file: &[u8]) -> Result<Opened, Unopenable> {
    let mut signatures = Vec::new();
    let mut digestible = MAX_DIGESTED_BYTES;
    let mut content = layer(file, &mut signatures, &mut digestible)?;
    for _ in 1..MAX_NESTED {
        if !is_signed(&content) {
            break;
        }
        content = layer(&content, &mut signatures, &mut digestible)?;
    }
    if is_signed(&content) { Err(Unopenable::NestedTooDeep) } else { Ok(Opened { content, signatures }) }
}

/// What is in one container; its signatures are added to those around it, and what was digested is taken off what may be.
fn layer(file: &[u8], signatures: &mut Vec<Signature>, digestible: &mut usize) -> Result<Vec<u8>, Unopenable> {
    let der = match armour::bare(file)? {
        Cow::Borrowed(ber) => ber::to_der(ber)?,
        Cow::Owned(decoded) => ber::to_der(&decoded).map_err(Unopenable::out_of_base64)?,
    };
    let container = Container::read(&der)?;
    // Where there is nobody, or nobody who makes sense, one signature is told that says so.
    let told = container.signers.as_ref().map_or(1, |signers| signers.len().max(1));
    if signatures.len() + told > MAX_SIGNATURES {
        return Err(Unopenable::TooManySignatures);
    }
    signatures.extend(verify::signatures(&container, digestible));
    Ok(container.content.to_vec())
}
