//! How the story is told: numbered steps, short sentences, bars and tables. Nothing is wider than 100 columns.

use std::io::{self, Write as _};

use super::check::Refusal;
use super::mailbox::Letter;
use crate::space::{Bytes, Percentage};
use crate::terminal::in_colour;

const INDENT: &str = "     ";
/// The widest text, so that with the indent it stays within 100 columns.
const WIDTH: usize = 92;
const BAR: usize = 40;
const COLUMN_GAP: usize = 3;

/// How a text is to look on a terminal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ink {
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
    Cyan,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Red => "31",
            Self::Cyan => "36",
        }
    }
}

/// The teller: writes to standard output.
#[derive(Debug)]
pub(super) struct Tell {
    colour: bool,
    steps: u32,
    title: String,
}

impl Tell {
    /// In colour on a terminal, unless `NO_COLOR` is set.
    pub(super) fn to_standard_output() -> Self {
        Self { colour: in_colour(&io::stdout()), steps: 0, title: String::new() }
    }

    /// How many steps were begun.
    pub(super) fn steps(&self) -> u32 {
        self.steps
    }

    /// The step that was begun last, as its heading says.
    pub(super) fn present_step(&self) -> String {
        if self.steps == 0 { "before the first step".to_owned() } else { format!("step {} ({})", self.steps, self.title) }
    }

    /// The heading of the whole.
    pub(super) fn title(&self, text: &str) {
        self.line("");
        self.line(&format!("  {}", self.paint(Ink::Bold, text)));
        self.line(&format!("  {}", self.paint(Ink::Dim, &"─".repeat(width(text)))));
    }

    /// Begins a step.
    pub(super) fn step(&mut self, title: &str) {
        self.steps += 1;
        title.clone_into(&mut self.title);
        self.line("");
        self.line(&format!("{} {}", self.paint(Ink::Cyan, &format!("{:>3} ", self.steps)), self.paint(Ink::Bold, title)));
        self.line("");
    }

    /// A heading without a number.
    pub(super) fn heading(&self, title: &str) {
        self.line("");
        self.line(&format!("{INDENT}{}", self.paint(Ink::Bold, title)));
        self.line("");
    }

    /// A paragraph.
    pub(super) fn say(&self, text: &str) {
        for line in wrapped(text, WIDTH) {
            self.line(&format!("{INDENT}{line}"));
        }
    }

    /// An empty line.
    pub(super) fn gap(&self) {
        self.line("");
    }

    /// Something that was checked and is so.
    pub(super) fn checked(&self, text: &str) {
        self.marked(Ink::Green, "✓", text);
    }

    /// A refusal, as a client reads it.
    pub(super) fn refused(&self, refusal: &Refusal) {
        self.marked(Ink::Red, "✗", &format!("refused: {}", refusal.name));
        for line in wrapped(&refusal.message, WIDTH - 2) {
            self.line(&format!("{INDENT}  {}", self.paint(Ink::Dim, &line)));
        }
    }

    /// How full the space is, as a bar.
    pub(super) fn bar(&self, label: &str, usage: u64, capacity: u64) {
        let (usage, capacity) = (Bytes::new(usage).unwrap_or(Bytes::MAX), Bytes::new(capacity).unwrap_or(Bytes::MAX));
        let percentage = Percentage::of(usage, capacity);
        let ink = match percentage.hundredths() {
            10_000.. => Ink::Red,
            7_000.. => Ink::Yellow,
            _ => Ink::Green,
        };
        let bar = bar(percentage, BAR);
        let filled: String = bar.chars().take_while(|cell| *cell != '░').collect();
        let rest = &bar[filled.len()..];
        let numbers = format!("{:>7}%  {usage} of {capacity}", percentage.to_string());
        self.line(&format!("{INDENT}{label:<18}{}{} {numbers}", self.paint(ink, &filled), self.paint(Ink::Dim, rest)));
    }

    /// Rows under headings, which are left out when all are empty. A heading that ends in `>` makes its column a column of numbers. The
    /// last column is wrapped where it is too wide.
    pub(super) fn table(&self, headings: &[&str], rows: &[Vec<String>]) {
        let columns = Columns::of(headings, rows);
        if headings.iter().any(|heading| !heading.is_empty()) {
            let names: Vec<_> = headings.iter().map(|heading| heading.trim_end_matches('>').to_owned()).collect();
            for line in columns.lines(&names, WIDTH) {
                self.line(&format!("{INDENT}{}", self.paint(Ink::Dim, &line)));
            }
        }
        for line in rows.iter().flat_map(|row| columns.lines(row, WIDTH)) {
            self.line(&format!("{INDENT}{line}"));
        }
    }

    /// A mail, whole.
    pub(super) fn mail(&self, letter: &Letter) {
        let edge = self.paint(Ink::Dim, "│");
        self.line(&format!("{INDENT}{} {}", self.paint(Ink::Dim, "┌ mail to"), letter.to));
        self.line(&format!("{INDENT}{edge} {}", self.paint(Ink::Bold, &letter.subject)));
        self.line(&format!("{INDENT}{edge}"));
        for line in letter.text.lines() {
            self.line(format!("{INDENT}{edge} {line}").trim_end());
        }
        for name in &letter.attachments {
            self.line(&format!("{INDENT}{edge} {}", self.paint(Ink::Dim, &format!("attached: {name}"))));
        }
        self.line(&format!("{INDENT}{}", self.paint(Ink::Dim, "└")));
    }

    /// A mail, in one line.
    pub(super) fn mail_subject(&self, letter: &Letter) {
        self.line(&format!("{INDENT}{} {}", self.paint(Ink::Dim, "mail:"), letter.subject));
    }

    /// Something to be pasted: at the line's beginning, because a shell joins what is continued with a backslash.
    pub(super) fn paste(&self, text: &str) {
        self.line(text);
    }

    fn marked(&self, ink: Ink, mark: &str, text: &str) {
        for (place, line) in wrapped(text, WIDTH - 2).iter().enumerate() {
            let mark = if place == 0 { self.paint(ink, mark) } else { " ".to_owned() };
            self.line(&format!("{INDENT}{mark} {line}"));
        }
    }

    fn paint(&self, ink: Ink, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{}m{text}\x1b[0m", ink.code()) } else { text.to_owned() }
    }

    #[expect(clippy::unused_self, reason = "nothing is written but through the teller")]
    fn line(&self, text: &str) {
        // A reader that has gone, as `head` does, has seen enough: no reason to fail.
        let _ = writeln!(io::stdout().lock(), "{text}");
    }
}

/// So many cells, filled by the percentage: full only from 100% on, never empty above 0.
fn bar(percentage: Percentage, cells: usize) -> String {
    let hundredths = usize::try_from(percentage.hundredths()).unwrap_or(usize::MAX).min(10_000);
    let filled = (hundredths * cells / 10_000).max(usize::from(hundredths > 0));
    "█".repeat(filled) + &"░".repeat(cells - filled)
}

/// Words in lines of at most `most` characters.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace().flat_map(|word| pieces(word, most)) {
        let line = lines.last_mut().filter(|line| line.is_empty() || width(line) + 1 + width(&word) <= most);
        match line {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) => {
                line.push(' ');
                line.push_str(&word);
            }
            None => lines.push(word),
        }
    }
    lines
}

/// A word that is longer than a line, such as a path, cut into what fits.
fn pieces(word: &str, most: usize) -> Vec<String> {
    word.chars().collect::<Vec<_>>().chunks(most.max(1)).map(|piece| piece.iter().collect()).collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Columns as wide as their widest cell.
struct Columns {
    /// Width, and whether it holds numbers, which stand at the right.
    columns: Vec<(usize, bool)>,
}

impl Columns {
    fn of(headings: &[&str], rows: &[Vec<String>]) -> Self {
        let column = |(place, heading): (usize, &&str)| {
            let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| width(cell));
            let name = heading.trim_end_matches('>');
            (cells.max().unwrap_or(0).max(width(name)), name != *heading)
        };
        Self { columns: headings.iter().enumerate().map(column).collect() }
    }

    /// A row in lines of at most `most` characters: the last cell takes what is left.
    fn lines(&self, row: &[String], most: usize) -> Vec<String> {
        let Some((last, before)) = row.split_last() else { return Vec::new() };
        let mut line = String::new();
        for (cell, (width, numbers)) in before.iter().zip(&self.columns) {
            let cell = if *numbers { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            line.push_str(&cell);
            line.push_str(&" ".repeat(COLUMN_GAP));
        }
        let taken = width(&line);
        let (widest, numbers) = self.columns.get(before.len()).copied().unwrap_or_default();
        let left = most.saturating_sub(taken).max(1);
        let pieces = match (numbers, width(last) <= left) {
            (true, _) => vec![format!("{last:>widest$}")],
            (false, true) => vec![last.clone()],
            (false, false) => wrapped(last, left),
        };
        let beginnings = std::iter::once(line).chain(std::iter::repeat(" ".repeat(taken)));
        pieces.iter().zip(beginnings).map(|(piece, beginning)| format!("{beginning}{piece}").trim_end().to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percentage(usage: u32) -> Percentage {
        Percentage::of(Bytes::from(usage), Bytes::from(1_000))
    }

    #[test]
    fn a_bar_is_full_only_when_the_space_is() {
        assert_eq!(bar(percentage(0), 4), "░░░░");
        assert_eq!(bar(percentage(1), 4), "█░░░");
        assert_eq!(bar(percentage(500), 4), "██░░");
        assert_eq!(bar(percentage(999), 4), "███░");
        assert_eq!(bar(percentage(1_000), 4), "████");
        assert_eq!(bar(percentage(2_500), 4), "████");
    }

    #[test]
    fn columns_are_aligned_and_the_last_one_is_wrapped() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let rows = [row(&["write", "7", "no space is left here"]), row(&["read", "12", ""])];
        let columns = Columns::of(&["what", "n>", "why"], &rows);
        let lines: Vec<_> = rows.iter().flat_map(|row| columns.lines(row, 25)).collect();
        assert_eq!(lines, ["write    7   no space is", "             left here", "read    12"]);
    }

    #[test]
    fn no_line_of_text_is_wider_than_it_may_be() {
        let text = "a sentence that is rather long, with words of all lengths, so that it must be broken somewhere";
        assert!(wrapped(text, 20).iter().all(|line| width(line) <= 20));
        assert_eq!(wrapped(text, 20).join(" "), text);
        assert_eq!(wrapped("in /a/path/that/is/long", 10), ["in", "/a/path/th", "at/is/long"]);
    }
}
