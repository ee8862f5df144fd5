//! Files that differ from a good one in one or two places, drawn from a seed.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;

/// Texts that lie at the edges of what the schema's types allow.
const TEXTS: &[&str] = &[
    "",
    " ",
    "0",
    "1",
    "-1",
    "1.0",
    "1.00",
    "-1.00",
    "+1.00",
    "100.00",
    "100.01",
    "999.99",
    "22.000",
    "1,00",
    "0.00000001",
    "0.000000001",
    "123456789012.00",
    "12345678901.00",
    "9999",
    "10000",
    "0001",
    "+5",
    "5.",
    ".5",
    "1e3",
    "NaN",
    "true",
    "2026-02-29",
    "2024-02-29",
    "1969-12-31",
    "1970-01-01",
    "2026-03-16Z",
    "2026-03-16+01:00",
    "2026-03-16+15:00",
    " 2026-03-16 ",
    "2026-3-1",
    "02026-01-01",
    "12026-01-01",
    "-2026-01-01",
    "0000-01-01",
    "2026-03-16T10:00:00",
    "2026-03-16T25:00:00",
    "2026-03-16T24:00:00",
    "IT",
    "it",
    "ITA",
    "EUR",
    "TD01",
    "TD07",
    "TD29",
    "TD30",
    "RF20",
    "RF21",
    "N2",
    "N2.1",
    "SI",
    "NO",
    "FPR12",
    "FPA12",
    "FSM10",
    "XXXXXXX",
    "ABC123",
    "a@b.it",
    "a@b",
    "a b@c.d",
    "&quot;x&quot;@y.it",
    "AAAA",
    "AAA=",
    "AAB=",
    "A A A A",
    "A=",
    "è",
    "€",
    "😀",
    "x\ny",
    "x\ty",
    " x ",
    "x  y",
    "&#10;x",
    "&#9;",
    "&#13;x",
    "<![CDATA[x]]>",
    "<![CDATA[]]>",
    "<!-- c -->x",
    "x<!-- c -->y",
    "<?p q?>",
    "&amp;",
    "RSSMRA80A01H501U",
    "01234567890",
    "IT60X0542811101000000123456",
    "it60x0542811101000000123456",
    "BLOPIT22",
    "unc",
];
/// Lengths that the schema's types end at, or go one beyond.
const LENGTHS: &[usize] = &[2, 5, 6, 10, 11, 15, 16, 20, 21, 28, 29, 35, 36, 60, 61, 80, 81, 100, 101, 200, 201, 255, 256, 257, 1000, 1001];
const ATTRIBUTES: &[&str] = &[
    " x=\"1\"",
    " versione=\"FPR12\"",
    " SistemaEmittente=\"ABC\"",
    " SistemaEmittente=\"ABCDEFGHIJKL\"",
    " Id=\"Sig\"",
    " xml:lang=\"it\"",
    " xmlns=\"urn:x\"",
    " xmlns=\"\"",
    " xmlns:z=\"urn:z\"",
    " xmlns:z=\"urn:z\" z:a=\"1\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"",
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\"",
];
const BETWEEN: &[&str] = &["text", " ", "\n", "<!-- c -->", "<?p q?>", "&#160;", "&amp;", "<![CDATA[]]>", "<x/>"];

/// A mutant of a well-formed file.
pub fn of(base: &[u8], seed: u64) -> Vec<u8> {
    let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut file = base.to_vec();
    for _ in 0..=draw.below(4) / 3 {
        let elements = elements(&file);
        if elements.is_empty() {
            break;
        }
        file = changed(&file, &elements, &mut draw);
    }
    file
}

/// Numbers that look random and are the same for the same seed (xorshift).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("it fits") % bound
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// An element's place in the file.
#[derive(Clone)]
struct Element {
    name: String,
    depth: usize,
    whole: Range<usize>,
    inside: Range<usize>,
    is_leaf: bool,
}

/// The elements of a file, of which none is empty; nothing when it is not well-formed any more.
fn elements(file: &[u8]) -> Vec<Element> {
    let text: String = file.iter().map(|byte| char::from(*byte)).collect();
    let offsets: Vec<usize> = text.char_indices().map(|(offset, _)| offset).chain([text.len()]).collect();
    let byte = |offset: u64| offsets.binary_search(&usize::try_from(offset).expect("a small file")).unwrap_or_default();
    let mut reader = Reader::from_str(&text);
    let (mut open, mut elements) = (Vec::<Element>::new(), Vec::new());
    loop {
        let before = byte(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                let inside = byte(reader.buffer_position());
                if let Some(parent) = open.last_mut() {
                    parent.is_leaf = false;
                }
                let name = tag.name().as_ref().to_owned();
                open.push(Element { name, depth: open.len(), whole: before..0, inside: inside..0, is_leaf: true });
            }
            Ok(Event::End(_)) => {
                let Some(mut element) = open.pop() else { return Vec::new() };
                element.inside.end = before;
                element.whole.end = byte(reader.buffer_position());
                elements.push(element);
            }
            Ok(Event::Eof) => return elements,
            Ok(_) => {}
            Err(_) => return Vec::new(),
        }
    }
}

/// The file with something changed.
fn changed(file: &[u8], elements: &[Element], draw: &mut Draw) -> Vec<u8> {
    let element = &elements[draw.below(elements.len())];
    let Element { whole, inside, .. } = element.clone();
    let replaced = |range: Range<usize>, by: &[u8]| [&file[..range.start], by, &file[range.end..]].concat();
    match draw.below(13) {
        0 => replaced(whole, b""),
        1 => replaced(whole.end..whole.end, &file[whole.clone()]),
        2 => swapped(file, elements, element, draw),
        3 => {
            let other = local(&elements[draw.below(elements.len())].name).to_owned();
            renamed(file, element, &other)
        }
        4 => {
            // Somewhere else: before another element that is not inside it.
            let target = elements[draw.below(elements.len())].whole.start;
            let moved = file[whole.clone()].to_vec();
            let without = replaced(whole.clone(), b"");
            let target = if target >= whole.end { target - whole.len() } else { target.min(whole.start) };
            [&without[..target], &moved, &without[target..]].concat()
        }
        5 => replaced(inside.start - 1..inside.start - 1, draw.of(ATTRIBUTES).as_bytes()),
        6 => replaced(inside.start..inside.start, draw.of(BETWEEN).as_bytes()),
        7 if element.is_leaf => replaced(inside, "A".repeat(draw.of(LENGTHS)).as_bytes()),
        8 | 9 if element.is_leaf && !inside.is_empty() => {
            let place = inside.start + draw.below(inside.len());
            let byte = draw.of(b"0aAZ9.-+, \n/");
            let end = place + usize::from(draw.below(2) == 0);
            replaced(place..end, &[byte])
        }
        _ if element.is_leaf => replaced(inside, draw.of(TEXTS).as_bytes()),
        _ => replaced(inside.start..inside.start, draw.of(BETWEEN).as_bytes()),
    }
}

/// The element and one that stands after it at the same depth, in each other's place.
fn swapped(file: &[u8], elements: &[Element], element: &Element, draw: &mut Draw) -> Vec<u8> {
    let later: Vec<_> = elements.iter().filter(|other| other.depth == element.depth && other.whole.start >= element.whole.end).collect();
    if later.is_empty() {
        return file.to_vec();
    }
    let other = later[draw.below(later.len().min(4))];
    let (one, two) = (element.whole.clone(), other.whole.clone());
    let parts = [&file[..one.start], &file[two.clone()], &file[one.end..two.start], &file[one], &file[two.end..]];
    parts.concat()
}

fn renamed(file: &[u8], element: &Element, to: &str) -> Vec<u8> {
    let prefix = element.name.split_once(':').map_or(0, |(prefix, _)| prefix.len() + 1);
    let old = element.name.len();
    let (start, end) = (element.whole.start + 1, element.inside.end + 2);
    let parts = [&file[..start + prefix], to.as_bytes(), &file[start + old..end + prefix], to.as_bytes(), &file[end + old..]];
    parts.concat()
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}
