//! Archives as they are made, and as attackers make them.

use proptest::prelude::*;

use super::made::{Made, archive, deflated, overlapping, stored};
use super::*;

const SMALL: Limits = Limits { entries: 4, entry_bytes: 1_000, total_bytes: 2_000, ratio: 10, name_bytes: 20 };

fn all(archive: &[u8], limits: Limits) -> Result<Vec<Entry>, InvalidArchive> {
    entries(archive, limits).map(Iterator::collect)
}

/// What is told of the only file in an archive.
fn only(file: Made) -> Result<Vec<u8>, InvalidEntry> {
    all(&archive(&[file]), SMALL).expect("an archive").pop().expect("a file").content
}

fn noise(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| u8::try_from(at * at % 251).expect("a byte")).collect()
}

#[test]
fn an_archive_made_by_another_program_is_read() {
    let file = include_bytes!("../../../tests/samples/receipt-at.zip");
    assert!(is_zip(file));
    let files = all(file, Limits::MESSAGE).expect("an archive");
    let names: Vec<_> = files.iter().map(Entry::file_name).collect();
    assert_eq!(names, ["IT01234567897_00001.xml", "IT01234567897_00001_AT_001.xml"]);
    assert_eq!(files[0].content.as_deref(), Ok(&include_bytes!("../../../tests/samples/fpr12.xml")[..]));
}

#[test]
fn files_are_taken_out_stored_or_deflated_whatever_their_names() {
    let made = [stored("../../etc/passwd", b"one"), stored("folder/", b""), deflated("a\\b.xml", &noise(500)), deflated("", b"")];
    let files = all(&archive(&made), SMALL).expect("an archive");
    let told: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.file_name(), file.content.clone())).collect();
    assert_eq!(
        told,
        [("../../etc/passwd", "passwd", Ok(b"one".to_vec())), ("a\\b.xml", "b.xml", Ok(noise(500))), ("", "", Ok(Vec::new()))]
    );
    assert_eq!(all(&archive(&[]), SMALL), Ok(Vec::new()));
}

#[test]
fn an_archive_in_an_archive_is_a_file_like_others() {
    let inner = archive(&[stored("a", b"one")]);
    assert_eq!(only(stored("inner.zip", &inner)), Ok(inner));
}

#[test]
fn what_is_wrong_with_one_file_is_told_of_it_alone() {
    let good = stored("good", b"one");
    let bad = [
        (Made { flags: 1, ..good.clone() }, InvalidEntry::Encrypted),
        (Made { method: 12, ..good.clone() }, InvalidEntry::UnsupportedMethod { method: 12 }),
        (Made { checksum: 1, ..good.clone() }, InvalidEntry::Damaged),
        (Made { size: 4, ..good.clone() }, InvalidEntry::Damaged),
        (Made { method: 8, ..good.clone() }, InvalidEntry::Damaged),
        (Made { size: 99, ..deflated("long", &noise(100)) }, InvalidEntry::Damaged),
        (stored("large", &noise(1_001)), InvalidEntry::TooLarge { bytes: 1_001, allowed: 1_000 }),
        (stored(&"n".repeat(21), b""), InvalidEntry::NameTooLong { bytes: 21, allowed: 20 }),
    ];
    for (made, expected) in bad {
        let told: Vec<_> = all(&archive(&[made, good.clone()]), SMALL).expect("an archive").into_iter().map(|file| file.content).collect();
        assert_eq!(told, [Err(expected), Ok(b"one".to_vec())]);
    }
}

#[test]
fn an_archive_beyond_the_limits_is_refused_before_anything_is_inflated() {
    let files: Vec<_> = (0..5).map(|at| stored(&at.to_string(), b"")).collect();
    assert_eq!(all(&archive(&files), SMALL), Err(InvalidArchive::TooManyEntries { entries: 5, allowed: 4 }));
    assert_eq!(all(&archive(&files[1..]), SMALL).map(|files| files.len()), Ok(4));

    let files: Vec<_> = (0..3).map(|at| stored(&at.to_string(), &noise(667))).collect();
    assert_eq!(all(&archive(&files), SMALL), Err(InvalidArchive::TooLarge { bytes: 2_001, allowed: 2_000 }));

    let bomb = archive(&[deflated("zeros", &[0; 1_000])]);
    assert_eq!(all(&bomb, Limits { ratio: 5, ..SMALL }), Err(InvalidArchive::TooLarge { bytes: 1_000, allowed: wide(bomb.len()) * 5 }));
    assert!(all(&bomb, SMALL).is_ok());
}

#[test]
fn one_piece_of_data_under_many_names_is_refused() {
    let file = stored("a", &noise(300));
    assert_eq!(all(&overlapping(&file, 1), SMALL).map(|files| files.len()), Ok(1));
    assert_eq!(all(&overlapping(&file, 4), SMALL), Err(InvalidArchive::Overlapping));
}

#[test]
fn what_is_no_whole_archive_is_refused() {
    let whole = archive(&[stored("a", b"one"), stored("b", b"two")]);
    for cut in 0..whole.len() {
        assert!(all(&whole[..cut], SMALL).is_err(), "{cut}");
    }
    let mut fewer = whole.clone();
    let count = fewer.len() - 14;
    fewer[count..count + 4].copy_from_slice(&[1, 0, 1, 0]);
    assert!(matches!(all(&fewer, SMALL), Err(InvalidArchive::Damaged { .. })));
    assert!(!is_zip(b"<a/>") && !is_zip(b"PK") && is_zip(&whole) && is_zip(&archive(&[])));
}

proptest! {
    #[test]
    fn what_went_in_comes_out(content in proptest::collection::vec(any::<u8>(), 0..500), zeros in 0..300_usize) {
        let content = [content, vec![0; zeros]].concat();
        let limits = Limits { ratio: 100, ..SMALL };
        let files = all(&archive(&[deflated("d", &content), stored("s", &content)]), limits).expect("an archive");
        prop_assert!(files.iter().all(|file| file.content.as_ref() == Ok(&content)));
    }

    #[test]
    fn no_bytes_panic_and_nothing_exceeds_the_limits(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
        tail in proptest::collection::vec(any::<u8>(), 0..30),
    ) {
        let mut bytes = archive(&[deflated("d", &noise(300)), stored("s", &noise(200))]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.extend(tail);
        if let Ok(files) = all(&bytes, SMALL) {
            let taken: usize = files.iter().filter_map(|file| file.content.as_ref().ok()).map(Vec::len).sum();
            prop_assert!(taken <= SMALL.total_bytes && files.len() <= SMALL.entries);
        }
    }
}
