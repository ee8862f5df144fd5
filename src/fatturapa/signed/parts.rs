//! The parts of DER, one after the other, on the low-level reader of the `der` crate.
//!
//! Not the ready-made types of the `cms` and `x509-cert` crates. They sort every SET OF by insertion while they read it: 20,000 algorithms in
//! the wrong order, 260 KB, take them 40 seconds. And they read all or nothing: with one odd certificate, the document beside it is lost.

use chrono::{DateTime, Utc};
use der::asn1::{GeneralizedTime, ObjectIdentifier, UintRef, UtcTime};
use der::{AnyRef, Decode, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};

/// Something is not in the shape that its standard demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<der::Error> for Malformed {
    fn from(_: der::Error) -> Self {
        Self
    }
}

/// Something that was read, if it had the right shape.
pub(super) type Shaped<T> = Result<T, Malformed>;

/// One element of DER.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// What kind of element it is.
    pub(super) tag: Tag,
    /// What is in it.
    pub(super) content: &'a [u8],
    /// All of it, header included.
    pub(super) whole: &'a [u8],
}

impl<'a> Part<'a> {
    /// The first element of some bytes.
    pub(super) fn first(bytes: &'a [u8]) -> Shaped<Self> {
        Parts::of(bytes)?.next_part()?.ok_or(Malformed)
    }

    /// The elements inside it.
    pub(super) fn parts(self) -> Shaped<Parts<'a>> {
        Parts::of(self.content)
    }

    /// It, if it is of this kind.
    pub(super) fn of_kind(self, tag: Tag) -> Shaped<Self> {
        if self.tag == tag { Ok(self) } else { Err(Malformed) }
    }

    /// Its object identifier.
    pub(super) fn identifier(self) -> Shaped<ObjectIdentifier> {
        self.of_kind(Tag::ObjectIdentifier)?;
        ObjectIdentifier::from_bytes(self.content).map_err(|_| Malformed)
    }

    /// The bytes of its number, which must not be negative, without zeros before them.
    pub(super) fn number(self) -> Shaped<&'a [u8]> {
        Ok(UintRef::from_der(self.whole)?.as_bytes())
    }

    /// Its bits, which must be whole bytes.
    pub(super) fn bits(self) -> Shaped<&'a [u8]> {
        self.of_kind(Tag::BitString)?;
        self.content.strip_prefix(&[0]).ok_or(Malformed)
    }

    /// Its point in time.
    pub(super) fn time(self) -> Shaped<DateTime<Utc>> {
        let any = AnyRef::from_der(self.whole)?;
        let since_1970 = if any.tag() == Tag::UtcTime {
            any.decode_as::<UtcTime>()?.to_unix_duration()
        } else {
            any.decode_as::<GeneralizedTime>()?.to_unix_duration()
        };
        let seconds = i64::try_from(since_1970.as_secs()).map_err(|_| Malformed)?;
        DateTime::from_timestamp(seconds, 0).ok_or(Malformed)
    }

    /// Its text, in whichever of the alphabets of names; control characters become blanks.
    pub(super) fn text(self) -> Option<String> {
        let text = match u8::from(self.tag) {
            // UTF8String; PrintableString, IA5String, NumericString and VisibleString are ASCII.
            0x0C | 0x12 | 0x13 | 0x16 | 0x1A => String::from_utf8_lossy(self.content).into_owned(),
            // TeletexString is read as ISO-8859-1, as everyone writes it.
            0x14 => self.content.iter().map(|byte| char::from(*byte)).collect(),
            // BMPString is UTF-16.
            0x1E => {
                let units = self.content.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            _ => return None,
        };
        Some(text.replace(char::is_control, " "))
    }
}

/// The elements of some DER, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Parts<'a>(SliceReader<'a>);

impl<'a> Parts<'a> {
    /// Those of these bytes.
    pub(super) fn of(bytes: &'a [u8]) -> Shaped<Self> {
        Ok(Self(SliceReader::new(bytes)?))
    }

    /// The next one; none at the end.
    pub(super) fn next_part(&mut self) -> Shaped<Option<Part<'a>>> {
        if self.0.is_finished() {
            return Ok(None);
        }
        let whole = self.0.tlv_bytes()?;
        let any = AnyRef::from_der(whole)?;
        Ok(Some(Part { tag: any.tag(), content: any.value(), whole }))
    }

    /// The next one, which must be there.
    pub(super) fn any(&mut self) -> Shaped<Part<'a>> {
        self.next_part()?.ok_or(Malformed)
    }

    /// The next one, which must be of this kind.
    pub(super) fn take(&mut self, tag: Tag) -> Shaped<Part<'a>> {
        self.any()?.of_kind(tag)
    }

    /// The next one, if it has this number in its context.
    pub(super) fn take_numbered(&mut self, number: TagNumber) -> Shaped<Option<Part<'a>>> {
        let mut ahead = self.clone();
        match ahead.next_part()? {
            Some(part) if is_numbered(part.tag, number) => {
                *self = ahead;
                Ok(Some(part))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// All that are left, up to a number of them; more are too many.
    pub(super) fn at_most<T>(&mut self, most: usize, too_many: T) -> Result<Vec<Part<'a>>, T>
    where
        T: From<Malformed>,
    {
        let mut parts = Vec::new();
        while let Some(part) = self.next_part()? {
            if parts.len() == most {
                return Err(too_many);
            }
            parts.push(part);
        }
        Ok(parts)
    }
}

/// Whether a tag is this number of its context, with or without elements inside.
fn is_numbered(tag: Tag, number: TagNumber) -> bool {
    matches!(tag, Tag::ContextSpecific { number: found, .. } if found == number)
}

/// An algorithm, and what more there is to say about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Algorithm<'a> {
    pub(super) identifier: ObjectIdentifier,
    pub(super) parameters: Option<Part<'a>>,
}

impl<'a> Algorithm<'a> {
    /// Reads an AlgorithmIdentifier.
    pub(super) fn read(part: Part<'a>) -> Shaped<Self> {
        let mut parts = part.of_kind(Tag::Sequence)?.parts()?;
        Ok(Self { identifier: parts.any()?.identifier()?, parameters: parts.next_part()? })
    }
}
