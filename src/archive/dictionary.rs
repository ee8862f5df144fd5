//! Dictionaries for compression: what invoices and receipts have in common need not be stored with each.
//!
//! A dictionary is known by its number and never changes or goes away: blobs that were sealed with it rest for ten years. A better one
//! gets the next number, and becomes [`CURRENT`]. How the first was made, and what it saves, is in docs/decisions/0009-bytes-at-rest.md.

use std::sync::LazyLock;

use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// The dictionary that new blobs are sealed with.
pub(super) const CURRENT: u16 = 1;

const FIRST: &[u8] = include_bytes!("dictionary-1.zdict");

/// For compressing with [`CURRENT`].
pub(super) fn encoder() -> &'static EncoderDictionary<'static> {
    static PREPARED: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(FIRST, super::seal::LEVEL));
    &PREPARED
}

/// For decompressing with a dictionary that was ever in use.
pub(super) fn decoder(number: u16) -> Option<&'static DecoderDictionary<'static>> {
    static PREPARED: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(FIRST));
    (number == 1).then(|| &*PREPARED)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use ring::digest::{SHA256, digest};

    use super::*;

    #[test]
    fn a_dictionary_never_changes() {
        assert_eq!(HEXLOWER.encode(digest(&SHA256, FIRST).as_ref()), "23855fb19beab06094a04765371597fcf406a74e01a16cb7e1b99908477e1726");
        assert!(decoder(CURRENT).is_some());
    }
}
