//! How signed files are recognised, and what is around their bytes: base64, with or without PEM's lines.

use std::borrow::Cow;

use data_encoding::BASE64;

use super::unopenable::Unopenable;

/// How a PEM file begins.
const PEM: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";

/// By so many bytes base64 is recognised.
const BEGINNING: usize = 64;

/// Whether it looks like CMS: DER and BER begin with a SEQUENCE (0x30) of long form; some transmit it in base64 or PEM.
pub(in crate::fatturapa) fn is_signed(file: &[u8]) -> bool {
    is_asn1(file) || file.trim_ascii_start().starts_with(PEM) || is_base64(file)
}

fn is_asn1(file: &[u8]) -> bool {
    matches!(file, [0x30, 0x80..=0xFF, ..])
}

/// Whether it is base64 of a SEQUENCE. 0x30 is 00110000: in base64 `M` and then a letter whose two upper bits are 0. Where the beginning is
/// base64, a fault further on does not make it something else.
fn is_base64(file: &[u8]) -> bool {
    let file = file.trim_ascii_start();
    let beginning = &file[..file.len().min(BEGINNING)];
    matches!(file, [b'M', b'A'..=b'P', ..]) && beginning.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n\t ".contains(byte))
}

/// The bytes of a signed file, out of base64.
pub(super) fn bare(file: &[u8]) -> Result<Cow<'_, [u8]>, Unopenable> {
    if is_asn1(file) {
        return Ok(Cow::Borrowed(file));
    }
    let text = file.trim_ascii_start();
    let text = if text.starts_with(PEM) { between_lines(text) } else { text };
    let mut characters: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    // Some leave out the `=` at the end.
    while characters.len() % 4 > 1 {
        characters.push(b'=');
    }
    BASE64.decode(&characters).map(Cow::Owned).map_err(|error| Unopenable::NotBase64 { character: error.position + 1 })
}

/// What stands between PEM's first line and its last.
fn between_lines(text: &[u8]) -> &[u8] {
    let after = |bytes: &[u8]| bytes.windows(DASHES.len()).position(|window| window == DASHES);
    let label = &text[PEM.len()..];
    let inside = after(label).map_or(label, |end| &label[end + DASHES.len()..]);
    after(inside).map_or(inside, |end| &inside[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_files_are_recognised_in_der_base64_and_pem() {
        for signed in [
            &b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7"[..],
            b"\x30\x82\x09\x49\x06\x09\x2a\x86\x48",
            b"MIAGCSqGSIb3DQEH\r\nAqCAMIACAQEx",
            b"\r\n MIAG",
            b"-----BEGIN PKCS7-----\nMIAG",
        ] {
            assert!(is_signed(signed), "{}", String::from_utf8_lossy(signed));
        }
        for plain in [&b"MIAMO <a/>"[..], b"0 <a/>", b"", b"<a/>", b"PD94bWw="] {
            assert!(!is_signed(plain), "{}", String::from_utf8_lossy(plain));
        }
    }

    #[test]
    fn base64_is_read_with_blanks_line_ends_and_pem_lines_and_with_padding_or_without() {
        let bytes = b"\x30\x80\x06\x09\x2a";
        for text in ["MIAGCSo=", "MIAGCSo", "MIAG\r\nCSo=\r\n", " M I A G\tCSo=", "-----BEGIN CMS-----\nMIAG\nCSo=\n-----END CMS-----\n"] {
            assert_eq!(bare(text.as_bytes()).as_deref(), Ok(&bytes[..]), "{text}");
        }
        assert_eq!(bare(b"MIAGCSo=MIAGCSo=").as_deref(), Ok(&b"\x30\x80\x06\x09\x2a\x30\x80\x06\x09\x2a"[..]));
    }

    #[test]
    fn what_is_no_base64_is_told_with_its_place() {
        assert_eq!(bare(b"MIAG\nC*o="), Err(Unopenable::NotBase64 { character: 6 }));
        assert_eq!(bare(b"MIAGC"), Err(Unopenable::NotBase64 { character: 5 }));
        assert_eq!(bare(b"-----BEGIN "), Ok(Cow::Borrowed(&b""[..])));
    }
}
