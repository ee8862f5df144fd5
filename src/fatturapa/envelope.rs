//! A file with its signatures taken off: the one way by which everything here comes to an invoice's XML.

use std::borrow::Cow;

use super::encoding::MAX_FILE_BYTES;
use super::signed::{self, Signature, is_signed};
use super::unreadable::Unreadable;

/// The document inside a file, and the signatures around it, outermost first: a `.p7m` file is opened, up to four in one another; a plain
/// one is given back as it is. Whether the signatures hold makes no difference to the document: see [`Signature::integrity`].
///
/// # Errors
/// [`Unreadable::TooLarge`], and [`Unreadable::Signed`] when the document cannot be taken out.
pub fn unwrapped(file: &[u8]) -> Result<(Cow<'_, [u8]>, Vec<Signature>), Unreadable> {
    if file.len() > MAX_FILE_BYTES {
        return Err(Unreadable::TooLarge { bytes: file.len() });
    }
    if !is_signed(file) {
        return Ok((Cow::Borrowed(file), Vec::new()));
    }
    let opened = signed::open(file).map_err(|why| Unreadable::Signed { why })?;
    Ok((Cow::Owned(opened.content), opened.signatures))
}
