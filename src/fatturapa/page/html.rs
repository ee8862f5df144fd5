//! Markup, and the only way by which a text gets into it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Markup that grows. What is markup is `'static`, so nothing of a document can be taken for it.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of ours.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// A text, harmless wherever it stands: between tags or in quotes.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&#34;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\r' | '\t' => self.0.push(' '),
                unseen if is_unseen(unseen) => {
                    let _ = write!(self.0, "[U+{:04X}]", u32::from(unseen));
                }
                other => self.0.push(other),
            }
        }
        self
    }

    /// A number of ours.
    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// A cell of a table.
    pub(super) fn cell(&mut self, text: Option<impl AsRef<str>>) -> &mut Self {
        self.filled("<td>", text)
    }

    /// A cell of a table that holds a number, a date or a code, which is not broken into lines.
    pub(super) fn number_cell(&mut self, text: Option<impl AsRef<str>>) -> &mut Self {
        self.filled("<td class=n>", text)
    }

    fn filled(&mut self, tag: &'static str, text: Option<impl AsRef<str>>) -> &mut Self {
        self.raw(tag);
        if let Some(text) = text {
            self.text(text.as_ref());
        }
        self.raw("</td>")
    }

    /// Labels above their values, side by side; nothing where there is none.
    pub(super) fn facts(&mut self, facts: &Facts<'_>) -> &mut Self {
        self.labelled(facts, ["<dl>", "<div><dt>", "</dt><dd>", "</dd></div>", "</dl>"])
    }

    /// Labels before their values, small, in running text; nothing where there is none.
    pub(super) fn details(&mut self, facts: &Facts<'_>) -> &mut Self {
        self.labelled(facts, ["<p class=d>", "<span><i>", "</i> ", "</span> ", "</p>"])
    }

    fn labelled(&mut self, facts: &Facts<'_>, [begin, label, value, next, end]: [&'static str; 5]) -> &mut Self {
        if facts.0.is_empty() {
            return self;
        }
        self.raw(begin);
        for (name, text) in &facts.0 {
            self.raw(label).text(name).raw(value).text(text).raw(next);
        }
        self.raw(end)
    }

    /// Where it ends, for [`unless_grown`](Self::unless_grown).
    pub(super) fn end(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was written after `before` unless more followed after `since`; whether it stayed.
    pub(super) fn unless_grown(&mut self, before: usize, since: usize) -> bool {
        let grown = self.0.len() > since;
        if !grown {
            self.0.truncate(before);
        }
        grown
    }

    /// The whole of it.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Labels with their values; what is missing is left out.
#[derive(Debug, Default)]
pub(super) struct Facts<'d>(Vec<(Cow<'d, str>, Cow<'d, str>)>);

impl<'d> Facts<'d> {
    /// Adds a value with its label, if there is one.
    pub(super) fn add(&mut self, label: &'static str, value: Option<impl Into<Cow<'d, str>>>) -> &mut Self {
        self.add_named(label, value)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As [`add`](Self::add), with a label from the document.
    pub(super) fn add_named(&mut self, label: impl Into<Cow<'d, str>>, value: Option<impl Into<Cow<'d, str>>>) -> &mut Self {
        if let Some(value) = value {
            self.0.push((label.into(), value.into()));
        }
        self
    }
}

/// Whether a character cannot be seen but does something: control characters, those that turn the direction of writing,
/// separators of lines and paragraphs, and annotations. They can make a page or a terminal show what the file does not say.
pub(super) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut html = Html::default();
        html.text(text);
        html.finish()
    }

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(escaped("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
        assert_eq!(escaped("\" onload=\"x"), "&#34; onload=&#34;x");
        assert_eq!(escaped("Caffè & Più &lt;"), "Caffè &amp; Più &amp;lt;");
    }

    #[test]
    fn characters_that_are_not_seen_are_shown_by_their_number() {
        assert_eq!(escaped("IBAN \u{202E}54TI\u{202C}"), "IBAN [U+202E]54TI[U+202C]");
        assert_eq!(escaped("a\u{9b}31m\u{7f}\u{2028}\u{E0041}"), "a[U+009B]31m[U+007F][U+2028][U+E0041]");
        // Every character that Unicode gives the property Bidi_Control.
        for control in "\u{61C}\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}".chars() {
            assert_eq!(escaped(&control.to_string()), format!("[U+{:04X}]", u32::from(control)));
        }
        assert_eq!(escaped("a\nb\tc\rd"), "a b c d");
        assert_eq!(escaped("ﬁ è € 漢 👩‍🚀"), "ﬁ è € 漢 👩‍🚀");
    }

    #[test]
    fn a_text_grows_to_at_most_eight_times_its_size() {
        let each: String = (0..=0x0010_FFFF).filter_map(char::from_u32).collect();
        let longest = each.chars().map(|character| escaped(&character.to_string()).len() / character.len_utf8()).max();
        assert_eq!(longest, Some(8));
    }
}
