//! Signed files with a part of them changed and the lengths around it put right, so that the change is read at all.

use std::ops::Range;

/// How deep parts are looked for.
const MAX_DEPTH: usize = 24;

/// A part of a DER file: its tag, its content, and the parts around it.
#[derive(Clone)]
struct Part {
    whole: Range<usize>,
    content: Range<usize>,
    /// Places in the list of parts, outermost first.
    around: Vec<usize>,
}

/// The file with one of its parts taken out, doubled, put in another's place or changed inside by `change`. Nothing if it is not DER.
pub fn mutant(file: &[u8], seed: u32, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut parts = Vec::new();
    collect(file, 0..file.len(), &[], &mut parts);
    if parts.is_empty() {
        return Vec::new();
    }
    let draw = |shift: u32| usize::try_from(seed.rotate_right(shift)).unwrap_or_default();
    let part = &parts[draw(3) % parts.len()];
    let other = &parts[draw(17) % parts.len()];
    let by = match draw(1) % 8 {
        0 => Vec::new(),
        1 => file[part.whole.clone()].repeat(2),
        2 => file[other.whole.clone()].to_vec(),
        3 => encoded(file[other.whole.start], &file[part.content.clone()]),
        // Of a length that is told by the end.
        4 => [&[file[part.whole.start], 0x80], &file[part.content.clone()], &[0, 0]].concat(),
        _ => encoded(file[part.whole.start], &change(&file[part.content.clone()])),
    };
    let (mut inside, mut place) = (by, part.whole.clone());
    for around in part.around.iter().rev().map(|around| &parts[*around]) {
        let content = [&file[around.content.start..place.start], &inside, &file[place.end..around.content.end]].concat();
        inside = encoded(file[around.whole.start], &content);
        place = around.whole.clone();
    }
    [&file[..place.start], &inside, &file[place.end..]].concat()
}

fn collect(file: &[u8], within: Range<usize>, around: &[usize], parts: &mut Vec<Part>) {
    let mut at = within.start;
    while let Some(content) = content_of(file, at..within.end) {
        let number = parts.len();
        parts.push(Part { whole: at..content.end, content: content.clone(), around: around.to_vec() });
        if file[at] & 0x20 != 0 && around.len() < MAX_DEPTH {
            collect(file, content.clone(), &[around, &[number]].concat(), parts);
        }
        at = content.end;
    }
}

/// Where the content of a part is that begins here: of short tags and definite lengths only.
fn content_of(file: &[u8], within: Range<usize>) -> Option<Range<usize>> {
    let length = usize::from(*file[within.clone()].get(1)?);
    let (start, length) = match length {
        0..=0x7f => (within.start + 2, length),
        0x81..0x84 => {
            let bytes = file[within.clone()].get(2..2 + (length & 0x7F))?;
            (within.start + 2 + bytes.len(), bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
        }
        _ => return None,
    };
    (start + length <= within.end).then_some(start..start + length)
}

fn encoded(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let length = match (content.len(), &length[zeros..]) {
        (0..0x80, _) => vec![length[7]],
        (_, bytes) => [&[0x80 | u8::try_from(bytes.len()).unwrap_or_default()], bytes].concat(),
    };
    [&[tag][..], &length, content].concat()
}
