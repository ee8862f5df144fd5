//! Values in short words.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use chrono::{DateTime, Utc};
use miniz_oxide::inflate::decompress_to_vec;
use spazio::clock::{CalendarDay, Clock};
use spazio::ids::Ids;
use spazio::wire;
use uuid::Uuid;

use super::pb;

/// 1,048,576 bytes: the unit of trial plans.
pub const MIB: u64 = 1 << 20;

/// A moment, given as 2026-02-28T12:00:00Z.
pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A day, given as 2026-02-28.
pub fn day(text: &str) -> CalendarDay {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A day of an answer, given as 2026-02-28.
pub fn on(text: &str) -> Option<pb::CalendarDay> {
    Some(wire::day(day(text)))
}

/// An amount, given as 12.30.
pub fn euro(text: &str) -> pb::Money {
    let (units, cents) = text.split_once('.').unwrap_or_else(|| panic!("{text} has no cents"));
    let number = |digits: &str| digits.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    pb::Money { currency_code: "EUR".to_owned(), units: number(units), cents: i32::try_from(number(cents)).expect("two digits") }
}

/// The program itself, to be run with `folder` for its files and no settings from outside.
pub fn spazio(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spazio"));
    command.current_dir(folder).env_clear();
    command
}

/// A new one.
pub fn request_id() -> String {
    Ids::new(Clock::system()).next::<Uuid>().to_string()
}

/// The files in a ZIP by their paths.
pub fn unpacked(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let archive = rawzip::ZipArchive::from_slice(zip).expect("a ZIP");
    let mut files = BTreeMap::new();
    for entry in archive.entries() {
        let entry = entry.expect("an entry");
        let path = String::from_utf8(entry.file_path().as_bytes().to_vec()).expect("a path");
        let found = archive.get_entry(entry.wayfinder()).expect("its bytes");
        let content = decompress_to_vec(found.data()).expect("deflated bytes");
        assert_eq!(rawzip::crc32(&content), entry.crc32(), "{path}");
        files.insert(path, content);
    }
    files
}
