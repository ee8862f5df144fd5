//! What many documents or objects have in common that are not as they should be: told once, with how many there are and a few of them.

use std::collections::BTreeMap;

use crate::terminal::counted;

/// The most that is told of those with one cause.
const EXAMPLES: usize = 3;

/// Causes, each with what it was found with.
#[derive(Default)]
pub(super) struct Causes(BTreeMap<String, Found>);

#[derive(Default)]
struct Found {
    count: u64,
    examples: Vec<String>,
}

impl Causes {
    /// One more was found with this cause.
    pub fn note(&mut self, cause: String, example: String) {
        let found = self.0.entry(cause).or_default();
        found.count += 1;
        if found.examples.len() < EXAMPLES {
            found.examples.push(example);
        }
    }

    /// A line for each cause; `thing` is what one of those found is called.
    pub fn lines(&self, thing: &str) -> impl Iterator<Item = String> {
        self.0.iter().map(move |(cause, Found { count, examples })| {
            let (many, examples) = (counted(*count, thing), examples.join(", "));
            if *count > EXAMPLES as u64 {
                format!("{cause}: {many}, among them {examples}")
            } else {
                format!("{cause}: {many}: {examples}")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_by_the_thousand_is_one_line_with_three_examples() {
        let mut causes = Causes::default();
        for number in 1..=1_000 {
            causes.note("its key is missing".to_owned(), format!("a{number}"));
        }
        causes.note("it is too new".to_owned(), "b".to_owned());
        let lines: Vec<_> = causes.lines("document").collect();
        assert_eq!(lines, ["it is too new: 1 document: b", "its key is missing: 1000 documents, among them a1, a2, a3"]);
    }
}
