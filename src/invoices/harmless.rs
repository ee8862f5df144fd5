//! Names that strangers gave to files, made into names that mean nothing to any file system.

/// Letters and digits of all alphabets, blanks, dots, hyphens and underscores, at most 100, without a dot in front: so neither a folder, nor a
/// character that turns the reading direction, nor a hidden file.
pub(super) fn harmless(name: &str) -> String {
    const LONGEST: usize = 100;
    let kept = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '.' | '-' | '_');
    let name: String = name.chars().take(LONGEST).map(|letter| if kept(letter) { letter } else { '_' }).collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if name.is_empty() => "unnamed".to_owned(),
        None => name,
    }
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
}
