//! An invoice as a page that people read and print, and as one line.
//!
//! | file | what it holds |
//! |---|---|
//! | `html.rs` | markup, and the only way by which a text gets into it |
//! | `sheet.rs` | a page that grows, with a note of what of the tree is on it |
//! | `parties.rs`, `general.rs`, `lines.rs`, `money.rs` | the parts of an invoice in the order in which accountants look for them |
//! | `message.rs` | a message of the SdI |
//! | `rest.rs` | what none of these know |
//! | `forms.rs`, `codes.rs` | numbers and dates as they are written in Italy; code lists in words |
//! | `summary.rs` | one line for terminals |
//! | `style.css` | how the page looks, on the screen and on A4 |

mod codes;
mod forms;
mod general;
mod html;
mod lines;
mod message;
mod money;
mod parties;
mod rest;
mod sheet;
mod summary;

use super::finding::{Finding, Severity};
use super::receipt::ReceiptKind;
use super::reception::Reception;
use super::tree::{Element, Tree};
use codes::{DOCUMENT_TYPES, spelled};
use general::GENERAL;
use sheet::Sheet;
pub use summary::summary;

/// How the page looks. The only thing in the page that a browser acts on, and the page's policy allows it by its digest.
const STYLE: &str = include_str!("style.css");

/// The beginning of every page, up to its title. The policy lets a browser load, run, send and frame nothing whatever.
const BEGIN: &str = "<!DOCTYPE html>\n<html lang=\"it\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-2gEXHDy7geLqaR9c9UAr9giGbMI0UgOJsyCCh5JBC4I='; \
    base-uri 'none'; form-action 'none'\">\n\
    <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";

/// The largest lot whose documents each repeat who sells to whom. In larger ones that would be most of the page.
const MOST_NAMED: usize = 1_000;

/// An invoice file, or a message of the SdI, as a page in Italian: whole in itself, to be read on a screen and printed on A4, with these findings at its top.
/// `received` tells whether the SdI has still to decide on it: of what it decided already is not said what it would do.
///
/// Everything that the file says is on it but signatures and the content of attachments, whatever the schema thinks of the file: what has
/// no place of its own is listed at the end. Nothing of the file is taken for markup, and the page loads nothing. It takes time linear in
/// the file's size and is a few times as large.
#[must_use]
pub fn page(tree: &Tree<'_>, findings: &[Finding], received: Reception) -> String {
    let root = tree.root();
    let header = root.child("FatturaElettronicaHeader");
    let bodies: Vec<_> = root.all("FatturaElettronicaBody").collect();
    let mut sheet = Sheet::new(tree);
    sheet.html.raw(BEGIN).text(&summary(tree)).raw("</title>\n<style>").raw(STYLE).raw("</style>\n</head>\n<body>\n<main>");
    self::findings(&mut sheet, findings, received);
    match bodies.as_slice() {
        [] => match ReceiptKind::of(root) {
            Ok(kind) => message::message(&mut sheet, root, kind),
            Err(_) => parties::parties(&mut sheet, root, header),
        },
        [body] => {
            general::heading(&mut sheet, *body, ["<h1>", "</h1>"]);
            parties::parties(&mut sheet, root, header);
            document(&mut sheet, *body);
        }
        bodies => lot(&mut sheet, root, header, bodies),
    }
    rest::rest(&mut sheet, root);
    sheet.html.raw("<footer>Rappresentazione leggibile del file. Fa fede il file XML.</footer></main>\n</body>\n</html>\n");
    sheet.html.finish()
}

/// A file with several documents: an overview, then each from a new sheet of paper.
fn lot(sheet: &mut Sheet, root: Element<'_, '_>, header: Option<Element<'_, '_>>, bodies: &[Element<'_, '_>]) {
    const HEADS: &str =
        "<table><thead><tr><th class=n>N.</th><th>Documento</th><th>Numero</th><th class=n>Data</th><th class=n>Totale</th></tr></thead>";
    sheet.html.raw("<header class=doc><div><h1>Lotto di ").number(bodies.len()).raw(" documenti</h1></div></header>");
    parties::parties(sheet, root, header);
    sheet.section("Documenti del lotto", |sheet| {
        sheet.table(HEADS, |sheet| {
            for (index, body) in bodies.iter().enumerate() {
                let text = |path| body.at(GENERAL).and_then(|general| general.text_at(path));
                let html = &mut sheet.html;
                html.raw("<tr><td class=n>").number(index + 1).raw("</td>");
                html.cell(text("TipoDocumento").map(|code| spelled(DOCUMENT_TYPES, code))).cell(text("Numero"));
                html.number_cell(text("Data").map(forms::date)).number_cell(general::total_of(*body)).raw("</tr>");
            }
        });
    });
    let parties = summary::parties(header, "→").filter(|_| bodies.len() <= MOST_NAMED);
    for (index, body) in bodies.iter().enumerate().filter(|(_, body)| body.children().next().is_some()) {
        sheet.html.raw("<article><p class=of>Documento ").number(index + 1).raw(" di ").number(bodies.len());
        if let Some(parties) = &parties {
            sheet.html.raw(" · ").text(parties);
        }
        sheet.html.raw("</p>");
        general::heading(sheet, *body, ["<h2>", "</h2>"]);
        document(sheet, *body);
        sheet.html.raw("</article>");
    }
}

/// All of a document but its heading.
fn document(sheet: &mut Sheet, body: Element<'_, '_>) {
    general::reasons(sheet, body);
    lines::lines(sheet, body);
    money::adjustments(sheet, body);
    money::summaries(sheet, body);
    money::payments(sheet, body);
    general::linked_documents(sheet, body);
    general::transport(sheet, body);
    money::attachments(sheet, body);
}

/// What is wrong with the file: what weighs most first, each in the order of the file.
fn findings(sheet: &mut Sheet, findings: &[Finding], received: Reception) {
    if findings.is_empty() {
        return;
    }
    let refused = findings.iter().any(|finding| finding.severity == Severity::Refused);
    let (frame, title) = match (refused, received) {
        (true, Reception::On(_)) => ("<aside class=refused><h2>", "Il Sistema di Interscambio scarterebbe questo file"),
        (true, Reception::By(_)) => ("<aside class=refused><h2>", "Non conforme ai controlli attuali del Sistema di Interscambio"),
        (false, Reception::On(_) | Reception::By(_)) => ("<aside><h2>", "Da controllare in questo file"),
    };
    sheet.html.raw(frame).raw(title).raw("</h2><ul>");
    for severity in [Severity::Refused, Severity::Advice] {
        let label = match severity {
            Severity::Refused => "<li><b>Errore ",
            Severity::Advice => "<li><b>Avviso ",
        };
        for finding in findings.iter().filter(|finding| finding.severity == severity) {
            sheet.html.raw(label).text(finding.code).raw("</b> <i>");
            if !finding.path.is_empty() {
                sheet.html.text(&finding.path).raw(", ");
            }
            sheet.html.raw("riga ").number(finding.at.line).raw("</i><p>").text(&finding.message.italian).raw("</p></li>");
        }
    }
    sheet.html.raw("</ul></aside>");
}

#[cfg(test)]
mod tests;
