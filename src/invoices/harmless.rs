//! Names that strangers gave to files, made into names that mean nothing to any file system.

/// File systems take 255 bytes, some that encrypt names 143; an export puts the id of a receipt before the name.
const LONGEST_BYTES: usize = 100;

/// In so many letters at the end the ending is looked for, of which `.xml.p7m` has both parts.
const LONGEST_ENDING: usize = 10;

/// What Windows takes for a device, with any ending and in any case; COM and LPT with a digit.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];

/// Letters and digits of all alphabets, blanks, dots, hyphens and underscores, at most 100 bytes with the ending kept: neither a folder, nor a
/// character that turns the reading direction, nor a hidden file, nor a device, nor a dot or blank in the end, which Windows leaves out.
pub(super) fn harmless(name: &str) -> String {
    let kept = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '.' | '-' | '_');
    let name: String = name.chars().map(|letter| if kept(letter) { letter } else { '_' }).collect();
    let name = match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if name.is_empty() => "unnamed".to_owned(),
        None if is_device(&name) => format!("_{name}"),
        None => name,
    };
    let name = cut(&name);
    match name.strip_suffix(['.', ' ']) {
        Some(before) => format!("{before}_"),
        None => name,
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    let numbered =
        |device: &&str| stem.strip_prefix(device).is_some_and(|rest| rest.chars().count() == 1 && rest.chars().all(char::is_numeric));
    DEVICES.contains(&stem.as_str()) || NUMBERED_DEVICES.iter().any(numbered)
}

/// As many whole letters as there is room for, with the ending.
fn cut(name: &str) -> String {
    if name.len() <= LONGEST_BYTES {
        return name.to_owned();
    }
    let last_letters = name.char_indices().rev().take(LONGEST_ENDING);
    let ending = last_letters.filter(|(_, letter)| *letter == '.').last().map_or("", |(at, _)| &name[at..]);
    let room = LONGEST_BYTES - ending.len();
    format!("{}{ending}", &name[..name.floor_char_boundary(room)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_folder() {
        for (name, expected) in [
            ("IT01234567897_00001.xml.p7m", "IT01234567897_00001.xml.p7m"),
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("C:\\x.xml", "C__x.xml"),
            ("", "unnamed"),
            ("città di Forlì.pdf", "città di Forlì.pdf"),
            ("fattura\u{202e}fdp.exe", "fattura_fdp.exe"),
        ] {
            assert_eq!(harmless(name), expected);
        }
    }

    #[test]
    fn no_name_is_one_that_windows_reserves_or_shortens() {
        for (name, expected) in [
            ("CON", "_CON"),
            ("nul.xml", "_nul.xml"),
            ("Com1 .xml.p7m", "_Com1 .xml.p7m"),
            ("LPT².pdf", "_LPT².pdf"),
            ("aux.", "_aux_"),
            ("x. ", "x._"),
            ("..", "__"),
            ("CONTO.xml", "CONTO.xml"),
            ("COM12.xml", "COM12.xml"),
            ("nulla", "nulla"),
        ] {
            assert_eq!(harmless(name), expected);
        }
    }

    #[test]
    fn a_long_name_is_cut_between_letters_and_keeps_its_ending() {
        for (name, expected) in [
            ("a".repeat(100), "a".repeat(100)),
            ("a".repeat(101), "a".repeat(100)),
            ("漢".repeat(100), "漢".repeat(33)),
            ("漢".repeat(100) + ".xml.p7m", "漢".repeat(30) + ".xml.p7m"),
            ("𒀀".repeat(100) + ".𒀀𒀀𒀀𒀀𒀀𒀀𒀀𒀀𒀀", "𒀀".repeat(15) + ".𒀀𒀀𒀀𒀀𒀀𒀀𒀀𒀀𒀀"),
            ("a".repeat(99) + " and more", "a".repeat(99) + "_"),
        ] {
            assert_eq!(harmless(&name), expected);
        }
    }
}
