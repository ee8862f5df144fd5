//! What somebody may have meant who wrote a name that does not exist.

/// The candidate that the name is without its section, or the one that takes the fewest edits, if they are few enough to be a slip.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    const MOST_EDITS: usize = 3;
    let without_section = candidates.clone().find(|candidate| candidate.split_once('.').is_some_and(|(_, key)| key == name));
    let slips = candidates.map(|candidate| (edits(name, candidate), candidate)).filter(|(edits, _)| *edits <= MOST_EDITS);
    without_section.or_else(|| slips.min().map(|(_, found)| found))
}

/// Levenshtein's distance: how many letters must be added, dropped or changed.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in [("", "abc", 3), ("abc", "abc", 0), ("listne", "listen", 2), ("kitten", "sitting", 3)] {
            assert_eq!(edits(from, to), count, "{from} {to}");
            assert_eq!(edits(to, from), count, "{to} {from}");
        }
    }

    #[test]
    fn a_slip_finds_its_name_and_nonsense_finds_none() {
        let names = ["server.listen", "server.tls_key", "log.format"];
        assert_eq!(nearest("server.listne", names.into_iter()), Some("server.listen"));
        assert_eq!(nearest("server.tls.key", names.into_iter()), Some("server.tls_key"));
        assert_eq!(nearest("format", names.into_iter()), Some("log.format"));
        assert_eq!(nearest("entirely.different", names.into_iter()), None);
    }
}
