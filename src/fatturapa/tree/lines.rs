//! From offsets to lines and columns, each in about the same time: files are written in one line of megabytes, too.

use super::super::unreadable::Position;
use super::{index, place};

/// In a long line the characters are counted up to every so many bytes.
const STEP: usize = 1024;

/// Where the lines of a text are.
#[derive(Debug)]
pub(super) struct Lines {
    /// Where each begins.
    starts: Vec<u32>,
    /// Places within long lines, and their columns.
    steps: Vec<(u32, u32)>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let mut lines = Self { starts: Vec::new(), steps: Vec::new() };
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            lines.starts.push(index(start));
            lines.add_steps(line, start);
            start += line.len();
        }
        lines
    }

    fn add_steps(&mut self, line: &str, start: usize) {
        let (mut at, mut column) = (0, 1);
        while line.len() - at > STEP {
            let next = line.floor_char_boundary(at + STEP);
            column += line[at..next].chars().count();
            at = next;
            self.steps.push((index(start + at), index(column)));
        }
    }

    /// The line and character of an offset in the text.
    pub(super) fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let steps = self.steps.partition_point(|(step, _)| *step <= offset);
        let step = steps.checked_sub(1).map(|last| self.steps[last]).filter(|(step, _)| *step > start);
        let (from, column) = step.unwrap_or((start, 1));
        Position { line, column: place(column) + text[place(from)..place(offset)].chars().count() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_place_is_where_counting_all_before_it_finds_it(lines in proptest::collection::vec("[aè€]{0,1500}", 1..4)) {
            let text = lines.join("\n") + "!";
            let found = Lines::of(&text);
            for (offset, _) in text.char_indices().step_by(5) {
                prop_assert_eq!(found.position(&text, index(offset)), Position::START.after(&text[..offset]));
            }
        }
    }
}
