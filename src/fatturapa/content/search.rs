//! What of an invoice people look for.

use super::body::{Body, Link};
use super::parties::Party;
use super::{Content, lines};

/// The words of a file, one text to a line.
#[derive(Default)]
struct Words(String);

impl Words {
    fn add<'t>(&mut self, texts: impl IntoIterator<Item = &'t Option<String>>) {
        texts.into_iter().flatten().for_each(|text| self.word(text));
    }

    fn word(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
    }

    fn party(&mut self, party: &Party) {
        self.add([&party.name(), &party.vat.as_ref().and_then(super::FiscalId::full), &party.fiscal_code]);
        if let Some(representative) = &party.representative {
            self.party(representative);
        }
    }

    fn body(&mut self, body: &Body) {
        self.add([&body.number]);
        body.reasons.iter().for_each(|reason| self.word(reason));
        body.lines.iter().for_each(|line| self.line(line));
        self.add(body.simplified_lines.iter().map(|line| &line.description));
        let links = [&body.orders, &body.contracts, &body.conventions, &body.receptions, &body.linked_invoices];
        links.into_iter().flatten().for_each(|link| self.link(link));
        self.add(body.delivery_notes.iter().map(|note| &note.number));
        self.add(body.main_invoice.iter().map(|invoice| &invoice.number));
        self.add(body.corrected_invoice.iter().map(|invoice| &invoice.number));
        self.add(body.attachments.iter().flat_map(|attachment| [&attachment.name, &attachment.description]));
    }

    fn line(&mut self, line: &lines::Line) {
        self.add([&line.description]);
        self.add(line.articles.iter().map(|article| &article.code));
        self.add(line.other_data.iter().map(|other| &other.text));
    }

    fn link(&mut self, link: &Link) {
        self.add([&link.number, &link.project, &link.cup, &link.cig]);
    }
}

impl Content {
    /// What a search looks through, one text to a line: names, VAT numbers and fiscal codes of everyone in it; of each document its number,
    /// reasons, lines, the documents that it refers to, and its attachments' names. Never more than the file holds.
    #[must_use]
    pub fn search_text(&self) -> String {
        let mut words = Words::default();
        let header = &self.header;
        let parties = [header.seller.as_ref(), header.buyer.as_ref(), header.representative.as_deref(), header.intermediary.as_deref()];
        parties.into_iter().flatten().for_each(|party| words.party(party));
        self.bodies.iter().for_each(|body| words.body(body));
        words.0
    }
}
