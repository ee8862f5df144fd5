//! Files that were made to cost as much time and memory as they can: hostile samples, and 5 MB of whatever there is a limit for.

use std::fs;
use std::path::Path;

use spazio::fatturapa::MAX_FILE_BYTES;

/// Each with what it is made of.
pub fn files() -> Vec<(&'static str, Vec<u8>)> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let sample = |name: &str| fs::read(samples.join(name)).expect("the sample is there");
    let good = String::from_utf8(sample("fpr12.xml")).expect("it is UTF-8");
    vec![
        ("entities in entities (billion laughs)", sample("hostile-billion-laughs.xml")),
        ("one entity many times (quadratic blow-up)", sample("hostile-quadratic-blow-up.xml")),
        ("another file as an entity", sample("hostile-external-entity.xml")),
        ("an invoice with as many lines as fit", repeated(&good, "      <DettaglioLinee>", "      <DatiRiepilogo>")),
        ("an invoice with as many summaries as fit", repeated(&good, "      <DatiRiepilogo>", "    </DatiBeniServizi>")),
        ("a lot with as many documents as fit", repeated(&good, "  <FatturaElettronicaBody>", "</p:FatturaElettronica>")),
        ("an attachment", filled(&good, "<Attachment>", "QUJD", "</Attachment>")),
        ("elements without end tags", filled(&good, "", "<a>", "")),
        ("empty elements", filled(&good, "", "<a/>", "")),
        ("attributes", filled(&good, "", "<a b=\"\" c=\"\" d=\"\" e=\"\" f=\"\"/>", "")),
        ("references", filled(&good, "<Causale>", "&#65;", "</Causale>")),
        ("comments in a text", filled(&good, "<Causale>", "x<!-- -->", "</Causale>")),
        ("line ends of two characters", filled(&good, "<Causale>", "x\r\n", "</Causale>")),
        ("a name of 5 MB", filled(&good, "<", "a", "/>")),
        ("a signed file of empty parts", [&b"\x30\x80"[..], &b"\x05\x00".repeat(MAX_FILE_BYTES / 2 - 2)].concat()),
        ("a signed file of parts in parts", b"\x30\x80".repeat(MAX_FILE_BYTES / 2)),
        ("base64 that is none at its end", [&b"MIAG"[..], &b"A".repeat(MAX_FILE_BYTES - 5), b"="].concat()),
    ]
}

/// What stands between two marks, as often as it fits.
fn repeated(good: &str, begin: &str, end: &str) -> Vec<u8> {
    let (begin, end) = (good.find(begin).expect("it is there"), good.rfind(end).expect("it is there"));
    let times = (MAX_FILE_BYTES - good.len()) / (end - begin);
    [&good[..begin], &good[begin..end].repeat(times), &good[end..]].concat().into_bytes()
}

/// The general data of the document with something more in it, as often as it fits.
fn filled(good: &str, before: &str, more: &str, after: &str) -> Vec<u8> {
    let place = good.find("      </DatiGeneraliDocumento>").expect("it is there");
    let times = (MAX_FILE_BYTES - good.len() - before.len() - after.len()) / more.len();
    [&good[..place], before, &more.repeat(times), after, &good[place..]].concat().into_bytes()
}
