//! Writing XML.

use std::fmt::{Arguments, Display, Write as _};

/// XML being written, indented by two spaces.
pub(super) struct Sheet {
    xml: String,
    depth: usize,
}

impl Sheet {
    /// A whole file.
    pub(super) fn new() -> Self {
        Self { xml: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), depth: 0 }
    }

    /// A part to be put into a sheet at this depth.
    pub(super) fn part(depth: usize) -> Self {
        Self { xml: String::new(), depth }
    }

    /// Puts a part in.
    pub(super) fn insert(&mut self, part: &Self) {
        self.xml.push_str(&part.xml);
    }

    /// How many bytes have been written.
    pub(super) fn len(&self) -> usize {
        self.xml.len()
    }

    /// Opens an element. `tag` is its name, attributes and all.
    pub(super) fn open(&mut self, tag: &str) {
        self.indent();
        self.push(format_args!("<{tag}>\n"));
        self.depth += 1;
    }

    /// Closes the element opened last, of this name.
    pub(super) fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.indent();
        self.push(format_args!("</{name}>\n"));
    }

    /// An element that holds a text.
    pub(super) fn leaf(&mut self, name: &str, text: impl Display) {
        let text = text.to_string().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.indent();
        self.push(format_args!("<{name}>{text}</{name}>\n"));
    }

    fn indent(&mut self) {
        self.xml.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn push(&mut self, text: Arguments<'_>) {
        self.xml.write_fmt(text).expect("writing to a String cannot fail");
    }

    /// The file.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.xml.into_bytes()
    }
}
