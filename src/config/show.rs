//! The settings for people: what is in force, an example file, and a table.

use std::fmt::Write as _;

use super::reader::{Setting, Usual};
use super::sources::Origin;

/// What is in force and where it came from, one line for each setting; secrets are hidden.
#[must_use]
pub fn effective_listing(settings: &[Setting]) -> String {
    let lines: Vec<(String, &Origin)> = settings
        .iter()
        .map(|setting| (format!("{} = {}", setting.name(), setting.shown.as_deref().unwrap_or("(not set)")), &setting.origin))
        .collect();
    let width = lines.iter().map(|(text, _)| text.chars().count()).max().unwrap_or_default();
    lines.iter().fold(String::new(), |mut listing, (text, origin)| {
        let _ = writeln!(listing, "{text:width$}  {origin}");
        listing
    })
}

/// A TOML file with every setting at its default, and those without one as comments.
#[must_use]
pub fn example_file(settings: &[Setting]) -> String {
    let mut file = "\
# Every setting of Spazio with its default. Copy what you want to change, and name the file with --config FILE.
# Stronger than this file: the environment variable SPAZIO_<SECTION>_<KEY> (SPAZIO_SERVER_LISTEN), and stronger
# still the flag --set SECTION.KEY=VALUE. Passwords belong into variables. `spazio check-config` shows what is in force.
"
    .to_owned();
    let mut section = "";
    for setting in settings {
        if setting.section != section {
            section = setting.section;
            let _ = writeln!(file, "\n# {}.\n[{section}]", setting.about);
        }
        let (comment, value) = match setting.usual {
            Usual::Default(default) => ("", default),
            Usual::Unset { example } => ("# ", example),
        };
        let value = if setting.quoted { toml::Value::from(value).to_string() } else { value.to_owned() };
        let _ = writeln!(file, "# {}. Allowed: {}.\n{comment}{} = {value}", capitalized(setting.doc), setting.allowed, setting.key);
    }
    file
}

/// A markdown table of every setting: name, default, meaning, what is allowed.
#[must_use]
pub fn markdown_table(settings: &[Setting]) -> String {
    let head = "| setting | default | what it is for | allowed |\n|---|---|---|---|\n".to_owned();
    settings.iter().fold(head, |mut table, setting| {
        let default = match setting.usual {
            Usual::Default(default) => format!("`{default}`"),
            Usual::Unset { .. } => "not set".to_owned(),
        };
        let _ = writeln!(table, "| `{}` | {default} | {} | {} |", setting.name(), setting.doc, setting.allowed);
        table
    })
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
