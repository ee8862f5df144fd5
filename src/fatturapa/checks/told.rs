//! How checks tell what they find.

use crate::fatturapa::finding::{Finding, Severity, Words};
use crate::fatturapa::tree::Element;

/// So many findings are told of a file's content, so that a file of nothing but mistakes does not cost more than it is worth.
pub const MOST_FINDINGS: usize = 200;

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Told(Vec<Finding>);

pub(super) use crate::fatturapa::finding::words;

impl Told {
    /// The SdI would refuse this.
    pub(super) fn refused(&mut self, code: &'static str, element: Element<'_, '_>, message: impl FnOnce() -> Words) {
        self.tell(code, Severity::Refused, element, message);
    }

    /// A good accountant would frown at this.
    pub(super) fn advised(&mut self, code: &'static str, element: Element<'_, '_>, message: impl FnOnce() -> Words) {
        self.tell(code, Severity::Advice, element, message);
    }

    fn tell(&mut self, code: &'static str, severity: Severity, element: Element<'_, '_>, message: impl FnOnce() -> Words) {
        if self.0.len() < MOST_FINDINGS {
            self.0.push(Finding { code, severity, path: element.path(), at: element.position(), message: message() });
        }
    }

    /// All that was told, in the order in which the elements stand in the file.
    pub(super) fn in_order(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| (finding.at, finding.severity, finding.code));
        self.0
    }
}
