use proptest::prelude::*;

use super::*;
use crate::fatturapa::tree::Element;

fn check(text: &str) -> Result<(), Unreadable> {
    read(text).map(|_| ())
}

fn code(text: &str) -> &'static str {
    let refused = check(text).expect_err("is refused");
    refused.words().assert_each_in_its_language();
    refused.code()
}

/// The text of the root's first child.
fn first_text(text: &str) -> Result<String, Unreadable> {
    let tree = read(text)?;
    let child = tree.root().children().next().expect("the root has a child");
    Ok(child.text().to_owned())
}

#[test]
fn what_attacks_are_made_of_is_refused() {
    let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    let attributes = |count: usize, name: &str| {
        let all: Vec<_> = (0..count).map(|index| format!("{name}{index}=\"urn:a\"")).collect();
        format!("<a {}/>", all.join(" "))
    };
    let elements = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count - 1));
    assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
    assert_eq!(check(&attributes(MAX_ATTRIBUTES, "b")), Ok(()));
    assert_eq!(check(&elements(MAX_PIECES)), Ok(()));
    for (text, expected) in [
        (nested(MAX_DEPTH + 1), "TOO_DEEP"),
        (nested(10_000), "TOO_DEEP"),
        ("<a>".repeat(1_000_000), "TOO_DEEP"),
        (attributes(MAX_ATTRIBUTES + 1, "b"), "TOO_MANY_ATTRIBUTES"),
        (attributes(300_000, "b"), "TOO_MANY_ATTRIBUTES"),
        (elements(MAX_PIECES + 1), "TOO_MANY_ELEMENTS"),
        (format!("<a>{}</a>", "&#65;".repeat(MAX_PIECES)), "TOO_MANY_ELEMENTS"),
        (format!("<a>{}</a>", "<b c=''/>".repeat(MAX_PIECES / 2)), "TOO_MANY_ELEMENTS"),
        ("<!DOCTYPE a><a/>".to_owned(), "DOCTYPE_FORBIDDEN"),
        ("<a/><!DOCTYPE a>".to_owned(), "DOCTYPE_FORBIDDEN"),
        ("<a>&file;</a>".to_owned(), "UNDEFINED_ENTITY"),
        ("<a b=\"&file;\"/>".to_owned(), "UNDEFINED_ENTITY"),
        (attributes(MAX_ATTRIBUTES + 1, "xmlns:b"), "TOO_MANY_ATTRIBUTES"),
        (["b", "c", "d"].map(|name| attributes(MAX_ATTRIBUTES, &format!("xmlns:{name}")).replace("/>", ">")).concat(), "NOT_XML"),
    ] {
        assert_eq!(code(&text), expected, "{}", excerpt(&text));
    }
}

#[test]
fn what_is_not_well_formed_is_refused_wherever_it_stands() {
    for text in [
        "<a>",
        "<a></b>",
        "<a",
        "</a>",
        "<a><b></a></b>",
        "<a/><b/>",
        "<a/>text",
        "text<a/>",
        "<a/>&amp;",
        "<![CDATA[x]]><a/>",
        "<![CDATA[]]><a/>",
        "<a>&amp</a>",
        "<a>&#1;</a>",
        "<a>&#xD800;</a>",
        "<a b=\"1\" b=\"2\"/>",
        "<a b=1/>",
        "<p:a/>",
        "<a><p:b/></a>",
        "<a><!-- </a>",
        "<a><![CDATA[</a>",
        " <?xml version=\"1.0\"?><a/>",
        "<!-- nothing -->",
        "<a b=\"&#1;\"/>",
        "<a b=\"<\"/>",
        "<a b=\"1\"c=\"2\"/>",
        "<a b=\"1/>",
        "<a b/>",
        "<1/>",
        "<:a/>",
        "<a:/>",
        "<p:a:b xmlns:p=\"urn:p\"/>",
        "<a ></a x>",
        "<a>&#+65;</a>",
        "<a>&#x;</a>",
        "<a>&#99999999999;</a>",
        "<a>& b</a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a><!b></a>",
        "<a><?xml version=\"1.0\"?></a>",
        "<a><?p</a>",
        "<?xml version=\"2.0\"?><a/>",
        "<a xmlns:p=\"\"/>",
        "<a xmlns:xml=\"urn:p\"/>",
        "<a xmlns:p=\"urn:p\" xmlns:q=\"urn:p\" p:b=\"1\" q:b=\"2\"/>",
        "<a><b xmlns:p=\"urn:p\"/><p:c/></a>",
    ] {
        assert_eq!(code(text), "NOT_XML", "{text}");
    }
}

#[test]
fn text_is_put_together_from_all_its_parts() {
    assert_eq!(first_text("<a><b>D&apos;A<!-- x -->n<?x y?>d<![CDATA[r<&]]>&#232;&#x20AC;</b></a>"), Ok("D'Andr<&è€".to_owned()));
    assert_eq!(first_text("<a><b>1<c>2</c>3</b></a>"), Ok("13".to_owned()));
    assert_eq!(first_text("<a><b/></a>"), Ok(String::new()));
    assert_eq!(first_text("<a><b>x\r\ny</b></a>"), Ok("x\ny".to_owned()));
    assert_eq!(first_text("<a><b> \r </b></a>"), Ok(" \n ".to_owned()));
    assert_eq!(first_text("<a><b> <c/>\n<c/> x </b></a>"), Ok(" x ".to_owned()));
}

#[test]
fn values_of_attributes_have_blanks_for_line_ends_but_for_those_that_are_referred_to() {
    let tree = read("<a b = '\r\n\tè&amp;&#10;\"' xml:lang=\"it\" />").expect("reads");
    assert_eq!(tree.root().attribute("b"), Some("  è&\n\""));
    assert_eq!(tree.root().attribute("lang"), None, "it has a namespace");
}

#[test]
fn a_declaration_of_a_namespace_ends_with_its_element() {
    let tree = read("<a xmlns=\"urn:a\"><b xmlns=\"\"/><b xmlns=\"urn:b\"><c/></b><b/></a>").expect("reads");
    let namespaces: Vec<_> = tree.root().children().map(Element::namespace).collect();
    assert_eq!(namespaces, [None, Some("urn:b"), Some("urn:a")]);
}

#[test]
fn elements_are_found_with_their_place_and_path() {
    let text = "<r xmlns=\"urn:r\" a=\"1\" p:a=\"2\" xmlns:p=\"urn:p\"><è>\n <x><y/></x> <z/></è><p:s/><b><c/></b><b/></r>";
    let tree = read(text).expect("reads");
    let root = tree.root();
    assert_eq!((root.name(), root.namespace(), root.path(), root.attribute("a")), ("r", Some("urn:r"), "r".to_owned(), Some("1")));
    let z = root.at("è/z").expect("is there");
    assert_eq!((z.position(), z.path()), (Position { line: 2, column: 14 }, "è/z".to_owned()));
    assert!(root.child("s").is_none(), "elements of strange namespaces are passed over");
    assert_eq!(root.children().nth(1).and_then(Element::namespace), Some("urn:p"));
    let paths: Vec<_> = root.all("b").map(Element::path).collect();
    assert_eq!(paths, ["b[1]", "b[2]"]);
    assert_eq!(root.at("b/c").map(Element::path), Some("b[1]/c".to_owned()));
    let names: Vec<_> = root.children().map(Element::name).collect();
    assert_eq!(names, ["è", "s", "b", "b"]);
}

proptest! {
    #[test]
    fn no_text_panics(text in "([<>/&;!?\\[\\]\"'= \n-]|a|b:|xmlns|#x?[0-9]{1,7}|CDATA|DOCTYPE|è|€){0,60}") {
        let _ = check(&text);
    }
}
