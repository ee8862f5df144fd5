//! What no rule of the page knows: listed as it stands, so that nothing of a document is lost.

use std::collections::HashMap;

use super::super::tree::Element;
use super::parties::signature;
use super::sheet::Sheet;

/// The attributes that programs look up a schema by; they say nothing of the document.
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Every text that is not on the page yet, under the names of the elements around it.
pub(super) fn rest(sheet: &mut Sheet, root: Element<'_, '_>) {
    sheet.framed(
        ["<section class=rest><h3>", "Altri dati", "</h3><p>Dati del file che non hanno un posto nelle sezioni precedenti.</p>"],
        |sheet| inside(sheet, root, signature(root)),
        "</section>",
    );
}

/// What is left of an element and of those inside it. As deep as the tree, whose depth the reader bounds.
fn inside(sheet: &mut Sheet, element: Element<'_, '_>, passed_over: Option<Element<'_, '_>>) {
    let own = sheet.left(element);
    if let Some(own) = own {
        sheet.html.text(own);
    }
    sheet.framed(
        ["<ul>", "", ""],
        |sheet| {
            attributes(sheet, element);
            let mut all: HashMap<_, usize> = HashMap::new();
            for child in element.children() {
                *all.entry(child.name()).or_default() += 1;
            }
            let mut met: HashMap<_, usize> = HashMap::new();
            for child in element.children().filter(|child| passed_over.is_none_or(|passed| passed.order() != child.order())) {
                let number = met.entry(child.name()).or_default();
                *number += 1;
                let number = Some(*number).filter(|_| all.get(child.name()).is_some_and(|count| *count > 1));
                item(sheet, child, number);
            }
        },
        "</ul>",
    );
}

/// An element with its name, and its number where there are more of them.
fn item(sheet: &mut Sheet, element: Element<'_, '_>, number: Option<usize>) {
    let before = sheet.html.end();
    sheet.html.raw("<li><b>").text(element.name());
    if let Some(number) = number {
        sheet.html.raw(" ").number(number);
    }
    sheet.html.raw("</b> ");
    let since = sheet.html.end();
    inside(sheet, element, None);
    if sheet.html.unless_grown(before, since) {
        sheet.html.raw("</li>");
    }
}

fn attributes(sheet: &mut Sheet, element: Element<'_, '_>) {
    let is_root = element.parent().is_none();
    for attribute in element.attributes() {
        let namespace = element.namespace_of(attribute);
        let is_shown = is_root && namespace.is_none() && matches!(attribute.name, "versione" | "SistemaEmittente");
        if !is_shown && namespace != Some(SCHEMA_INSTANCE) {
            sheet.html.raw("<li><b>@").text(attribute.name).raw("</b> ").text(&attribute.value).raw("</li>");
        }
    }
}
