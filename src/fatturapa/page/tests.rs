//! What the page promises, on our samples and on files that were made to break it.

use std::collections::HashSet;
use std::fmt::Write as _;

use chrono::NaiveDate;
use data_encoding::BASE64;
use proptest::prelude::*;

use super::*;
use crate::fatturapa::document_type::DocumentType;
use crate::fatturapa::encoding::decode;
use crate::fatturapa::finding::Words;
use crate::fatturapa::unreadable::Position;
use crate::fatturapa::{Judgement, xml};

macro_rules! samples {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../tests/samples/", $name, ".xml")) as &[u8])),*]
    };
}

/// Every sample that can be read as XML, invoices and others.
const SAMPLES: &[(&str, &[u8])] = samples![
    "fpr12",
    "fpr12-everything",
    "fpr12-iso-8859-1",
    "fpr12-windows-1252",
    "fpa12-lot",
    "fsm10",
    "fsm10-everything",
    "old-format",
    "receipt-at",
    "receipt-dt",
    "receipt-ec",
    "receipt-mc",
    "receipt-mt",
    "receipt-ne",
    "receipt-ns",
    "receipt-ns-private",
    "receipt-rc",
    "receipt-se",
    "wrong-content",
    "wrong-root",
];

/// The files are still to be sent.
const TODAY: Reception = Reception::On(NaiveDate::MIN);

fn sample(name: &str) -> String {
    let (_, file) = SAMPLES.iter().find(|(known, _)| *known == name).expect("a sample");
    decode(file).expect("text").into_owned()
}

fn page_of(text: &str) -> String {
    page(&xml::read(text).expect("is XML"), &[], TODAY)
}

fn summary_of(text: &str) -> String {
    summary(&xml::read(text).expect("is XML"))
}

/// A file whose texts and attributes are all replaced by what `replaced` makes of them.
fn rewritten(text: &str, replaced: &dyn Fn(Element<'_, '_>) -> String) -> String {
    fn write(out: &mut String, element: Element<'_, '_>, replaced: &dyn Fn(Element<'_, '_>) -> String) {
        let name = element.name();
        let _ = write!(out, "<{name}");
        if element.namespace() != element.parent().and_then(Element::namespace) {
            let _ = write!(out, " xmlns=\"{}\"", element.namespace().unwrap_or_default());
        }
        for attribute in element.attributes().filter(|attribute| attribute.namespace.is_none()) {
            let _ = write!(out, " {}=\"{}\"", attribute.name, replaced(element));
        }
        out.push('>');
        if !element.text().trim().is_empty() {
            out.push_str(&replaced(element));
        }
        for child in element.children() {
            write(out, child, replaced);
        }
        let _ = write!(out, "</{name}>");
    }
    let tree = xml::read(text).expect("is XML");
    let mut out = String::new();
    write(&mut out, tree.root(), replaced);
    out
}

/// Every element of a tree, in the order of their start tags.
fn elements<'d, 't>(element: Element<'d, 't>) -> Vec<Element<'d, 't>> {
    let mut all = vec![element];
    for child in element.children() {
        all.extend(elements(child));
    }
    all
}

/// A text that stands nowhere else.
fn marker(element: Element<'_, '_>) -> String {
    format!("zq{}qz", element.order())
}

/// Whether a page need not show an element's text: the content of attachments.
fn is_content(element: Element<'_, '_>) -> bool {
    element.name() == "Attachment" && element.parent().is_some_and(|parent| parent.name() == "Allegati")
}

/// Every element whose text is missing on the page of a file whose texts are all markers.
fn missing(text: &str) -> Vec<String> {
    let marked = rewritten(text, &marker);
    let tree = xml::read(&marked).expect("is XML");
    let page = page(&tree, &[], TODAY);
    let with_text = elements(tree.root()).into_iter().filter(|element| !element.text().trim().is_empty() && !is_content(*element));
    with_text.filter(|element| !page.contains(&marker(*element))).map(Element::path).collect()
}

/// The markup of a page, without the texts in it.
fn markup(page: &str) -> String {
    page.split('<').skip(1).filter_map(|tag| tag.split('>').next()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_text_of_every_sample_is_on_the_page() {
    for (name, file) in SAMPLES {
        let text = decode(file).expect("text");
        assert_eq!(missing(&text), [""; 0], "{name}");
    }
}

#[test]
fn every_value_is_shown_in_its_italian_form() {
    for (name, file) in SAMPLES {
        let text = decode(file).expect("text");
        let tree = xml::read(&text).expect("is XML");
        let page = page(&tree, &[], TODAY);
        for element in elements(tree.root()).into_iter().filter(|element| !is_content(*element)) {
            let text = element.text().trim();
            let forms = [text.into(), forms::number(text), forms::percentage(text), forms::date(text), forms::date_time(text)];
            let in_words = ["SC", "MG"].contains(&text);
            let shown = forms.iter().any(|form| {
                let mut html = html::Html::default();
                html.text(form);
                page.contains(&html.finish())
            });
            assert!(shown || in_words, "{name}: {} is {text}", element.path());
        }
    }
}

#[test]
fn the_page_has_a_place_for_every_element_of_the_formats() {
    for (sample, schema) in [
        ("fpr12-everything", include_str!("../schema/fatturapa-1.2.3.xsd")),
        ("fsm10-everything", include_str!("../schema/fatturapa-semplificata-1.0.2.xsd")),
    ] {
        let text = self::sample(sample);
        assert!(Judgement::of(text.as_bytes(), None).schema_valid, "{sample} is valid");
        let tree = xml::read(&text).expect("is XML");
        let used: HashSet<_> = elements(tree.root()).iter().map(|element| element.name()).collect();
        let defined = schema.split("<xs:element name=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let unused: Vec<_> = defined.filter(|name| !used.contains(name)).collect();
        assert_eq!(unused, [""; 0], "{sample} has every element");
        for text in [rewritten(&text, &marker), text] {
            assert!(!page_of(&text).contains("Altri dati"), "{sample}");
        }
    }
}

#[test]
fn what_has_no_place_is_listed_under_its_own_name() {
    let text = sample("fpr12")
        .replace("</DettaglioLinee>", "<Colore tono=\"1\">rosso<Sfumatura>cupo</Sfumatura></Colore></DettaglioLinee><DettaglioLinee/>")
        .replace("</Data>", "</Data><Data>2026-04-01</Data>");
    let page = page_of(&text);
    let (_, rest) = page.split_once("Altri dati").expect("there is something left");
    for expected in [
        "<b>Colore</b> rosso<ul><li><b>@tono</b> 1</li><li><b>Sfumatura</b> cupo</li></ul>",
        "<b>Data 2</b> 2026-04-01",
        "<b>DettaglioLinee 1</b>",
    ] {
        assert!(rest.contains(expected), "{expected} in {rest}");
    }
}

#[test]
fn nothing_of_a_document_is_taken_for_markup() {
    const HOSTILE: &str = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&gt;&lt;img src=x onerror=&apos;x&apos;&gt;&lt;/style&gt;&lt;/title&gt;\
        &lt;!--&amp;lt;b&amp;gt;]]&gt;&#x202E;&#x2066;&#x9b;31m&#x2028;";
    for (name, file) in SAMPLES {
        let text = decode(file).expect("text");
        let hostile = page_of(&rewritten(&text, &|_| HOSTILE.to_owned()));
        let harmless = page_of(&rewritten(&text, &|_| "x".to_owned()));
        assert_eq!(markup(&hostile), markup(&harmless), "{name}");
        assert_eq!(hostile.matches('>').count(), harmless.matches('>').count(), "{name}");
        assert!(!hostile.chars().any(|character| html::is_unseen(character) && character != '\n'), "{name}");
        assert!(hostile.contains("&lt;script&gt;alert(1)") && hostile.contains("[U+202E]"), "{name}");
    }
}

#[test]
fn findings_stand_in_a_box_at_the_top_and_are_escaped_too() {
    let tree_text = sample("fpr12");
    let tree = xml::read(&tree_text).expect("is XML");
    let finding = |severity| Finding {
        code: "00423",
        severity,
        path: "FatturaElettronicaBody/<b>".to_owned(),
        at: Position { line: 7, column: 5 },
        message: Words::new("è \"<i>\": correggere", "fix it"),
    };
    let page_with = page(&tree, &[finding(Severity::Advice), finding(Severity::Refused)], TODAY);
    let expected = "<li><b>Errore 00423</b> <i>FatturaElettronicaBody/&lt;b&gt;, riga 7</i><p>è &#34;&lt;i&gt;&#34;: correggere</p></li>\
        <li><b>Avviso 00423</b>";
    assert!(page_with.contains(expected), "{page_with}");
    let of_the_whole = page(&tree, &[Finding { path: String::new(), ..finding(Severity::Refused) }], TODAY);
    assert!(of_the_whole.contains("</b> <i>riga 7</i>"), "{of_the_whole}");
    assert!(page_with.find("<aside class=refused>") < page_with.find("<h1>"));
    assert!(page(&tree, &[finding(Severity::Advice)], TODAY).contains("<aside><h2>Da controllare"));
    assert!(!page(&tree, &[], TODAY).contains("<aside"));
    let long_ago = page(&tree, &[finding(Severity::Refused)], Reception::By(NaiveDate::MIN));
    assert!(long_ago.contains("<aside class=refused><h2>Non conforme") && !long_ago.contains("scarterebbe"), "{long_ago}");
}

#[test]
fn a_page_loads_nothing_and_its_policy_allows_its_style_alone() {
    let page = page_of(&sample("fpr12-everything"));
    for loading in ["http:", "https:", "//", "src=", "href=", "url(", "@import", "<script", "<link", "<img", "style=", " on"] {
        let found = page.replace(" on line", "").contains(loading);
        assert!(!found, "{loading}");
    }
    let (_, style) = page.split_once("<style>").expect("a style");
    let (style, _) = style.split_once("</style>").expect("its end");
    let digest = BASE64.encode(ring::digest::digest(&ring::digest::SHA256, style.as_bytes()).as_ref());
    assert!(page.contains(&format!("default-src 'none'; style-src 'sha256-{digest}';")), "put sha256-{digest} into the policy");
}

#[test]
fn an_invoice_is_laid_out_as_accountants_know_it() {
    let page = page_of(&sample("fpr12-everything"));
    let mut rest = page.as_str();
    for expected in [
        "<title>TD24 2026/0318 del 30/09/2026  Studio Tecnico Bianchi &amp; Neri -&gt; ",
        "<h1>Fattura differita di cui all&#39;art. 21",
        "n. <b>2026/0318</b> del <b>30/09/2026</b> <span class=code>TD24</span>",
        "<span>Totale documento</span><b>4.378,53</b> EUR",
        "Cedente / prestatore",
        "<p class=name>Ing. Studio Tecnico Bianchi &amp; Neri</p><p>Via della Libertà 12/A, 52100 Arezzo (AR), IT</p>",
        "<dd>RF01 Regime ordinario</dd>",
        "<dd>SM Più soci, LN Non in liquidazione</dd>",
        "Cessionario / committente",
        "Rappresentante fiscale del cedente",
        "Terzo intermediario",
        "FPR12 Fattura verso privati",
        "<td class=n>1.480,50</td><td>kg</td><td class=n>0,0421</td>",
        "<td class=n>0%\u{a0}N2.2</td><td class=n>0,00</td>",
        "TC04 Cassa nazionale previdenza e assistenza ingegneri",
        "RT02 Ritenuta di acconto persone giuridiche</td><td>A Lavoro autonomo nell&#39;esercizio di arte o professione abituale",
        "<td class=n>22%</td><td>I Esigibilità immediata</td>",
        "N1 Escluse ex art. 15 del D.P.R. 633/1972 · Escluse art. 15 DPR 633/72",
        "<td class=n>3.751,83</td><td class=n>821,62</td>",
        "TP01 Pagamento a rate",
        "<td>MP05 Bonifico</td><td><span class=iban>IBAN <b>IT60X0542811101000000123456</b></span>",
        "<td class=n>30/10/2026</td><td class=n>2.189,27</td>",
        "<td>Ordine di acquisto</td><td>PO-66685</td><td>01/07/2026</td><td>1, 2</td>",
        "Vettore",
        "<td>rapporto-banchine.pdf</td><td>Rapporto fotografico delle banchine</td><td>PDF, ZIP</td><td class=n>37 byte</td>",
        "<footer>",
    ] {
        let (_, after) = rest.split_once(expected).unwrap_or_else(|| panic!("{expected} is not in {rest}"));
        rest = after;
    }
    assert!(!page.contains("UmFwcG9ydG8"), "attachments are not embedded");
}

#[test]
fn a_lot_begins_with_an_overview_and_each_document_has_a_sheet_of_its_own() {
    let page = page_of(&sample("fpa12-lot"));
    assert!(page.contains("<h1>Lotto di 2 documenti</h1>"));
    assert!(page.contains("<td>TD04 Nota di credito</td><td>A-2</td><td class=n>02/04/2026</td><td class=n>61,00</td>"));
    assert_eq!(page.matches("<article>").count(), 2);
    assert_eq!(page.matches("Cedente / prestatore").count(), 1);
    assert!(
        page.contains("Documento 2 di 2 · Caffè &amp; Più S.r.l. → Comune di Esempio</p><header class=doc><div><h2>Nota di credito</h2>")
    );
    assert!(STYLE.contains("article { margin: 0; padding: 0; border: 0; break-before: page; }"));
}

#[test]
fn a_simplified_invoice_shows_its_amounts_with_their_tax() {
    let page = page_of(&sample("fsm10-everything"));
    for expected in [
        "<h1>Nota di credito semplificata</h1>",
        "<span>Totale calcolato</span><b>27,40</b> EUR",
        "<p class=name>Gianni Bianchi</p>",
        "<dd>Luigi Verdi, IT02345678907</dd>",
        "<tr><td>Vino da asporto</td><td class=n>22%</td><td></td><td></td><td class=n>4,40</td><td class=n>24,40</td></tr>",
        "<td>N1 Escluse ex art. 15 del D.P.R. 633/1972</td><td>Art. 15 DPR 633/72</td>",
        "<td>Fattura rettificata</td><td>S15</td><td>15/07/2026</td>",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
}

#[test]
fn a_signature_is_told_of_and_left_out() {
    let signature =
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignatureValue>AbCd</ds:SignatureValue></ds:Signature>";
    let page = page_of(&sample("fpr12").replace("</p:FatturaElettronica>", &format!("{signature}</p:FatturaElettronica>")));
    assert!(page.contains("<i>Firma</i> Nel file XML") && !page.contains("AbCd"));
}

#[test]
fn a_message_of_the_sdi_has_a_page_of_its_own() {
    for (name, words) in [
        ("receipt-ns", &["Notifica di scarto", "IT01234567897_00001.xml", "31/03/2026 10:15", "00423", "Verificare il calcolo"][..]),
        ("receipt-ec", &["Esito del committente", "EC02: rifiutata", "n. 12/2026, anno 2026, posizione 1", "Codice CIG mancante"]),
        ("receipt-se", &["EN01: esito non ammissibile", "PROT-2026-118", "Esito oltre il termine"]),
        ("receipt-ne", &["EC02: rifiutata", "Importo non concordato"]),
        ("receipt-ns-private", &["Ricevuta di scarto"]),
        ("receipt-mc", &["Ricevuta di impossibilità di recapito"]),
    ] {
        let page = page_of(&sample(name));
        for word in words {
            assert!(page.contains(word), "{name}: {word}");
        }
        assert!(!page.contains("Fornitore") && !page.contains("cliente"), "{name}");
    }
    let to_an_administration = sample("receipt-mc").replace("RicevutaImpossibilitaRecapito", "NotificaMancataConsegna");
    assert!(page_of(&to_an_administration).contains("<h1>Notifica di mancata consegna<"));
    for (name, _) in SAMPLES.iter().filter(|(name, _)| name.starts_with("receipt-")) {
        assert!(!page_of(&sample(name)).contains("class=rest"), "{name}");
    }
}

#[test]
fn a_summary_is_one_line() {
    let lines: Vec<_> = SAMPLES.iter().map(|(name, _)| format!("{name}: {}", summary_of(&sample(name)))).collect();
    assert_eq!(
        lines,
        [
            "fpr12: TD01 12/2026 del 31/03/2026  Caffè & Più S.r.l. -> Maria Rossi  122,00 EUR",
            "fpr12-everything: TD24 2026/0318 del 30/09/2026  Studio Tecnico Bianchi & Neri -> Cantiere Navale Città di Forlì S.p.A.  4.378,53 EUR",
            "fpr12-iso-8859-1: TD06 P/7 del 05/05/2026  Niccolò D'Andrè -> Müller & Söhne GmbH  1.220,00 EUR",
            "fpr12-windows-1252: TD01 13/2026 del 30/06/2026  L’Officina S.r.l. -> Maria Rossi  97,60 EUR",
            "fpa12-lot: TD01 A-1 del 01/04/2026 (+02:00)  Caffè & Più S.r.l. -> Comune di Esempio  275,00 EUR  (primo di 2)",
            "fsm10: TD07 S15 del 15/07/2026  Trattoria da Gigi S.n.c. -> IT09876543217  90,40 EUR",
            "fsm10-everything: TD08 S15-NC del 20/07/2026  Gianni Bianchi -> Officina del Gusto S.r.l.  27,40 EUR",
            "old-format: FatturaElettronica",
            "receipt-at: AT Attestazione di trasmissione  7012345678  IT01234567897_00001.xml",
            "receipt-dt: DT Decorrenza dei termini  7012345678  IT01234567897_00001.xml",
            "receipt-ec: EC Esito del committente  EC02  7012345678",
            "receipt-mc: MC Ricevuta di impossibilità di recapito  7012345678  IT01234567897_00001.xml",
            "receipt-mt: MT Metadati del file  7012345678  IT01234567897_00001.xml",
            "receipt-ne: NE Notifica di esito  EC02  7012345678  IT01234567897_00001.xml",
            "receipt-ns: NS Notifica di scarto  00423 00404  7012345678  IT01234567897_00001.xml",
            "receipt-ns-private: NS Ricevuta di scarto  00417  7012345678  IT01234567897_00001.xml",
            "receipt-rc: RC Ricevuta di consegna  7012345678  IT01234567897_00001.xml",
            "receipt-se: SE Scarto dell'esito del committente  7012345678",
            "wrong-content: TD10 del 31/03/2026  Caffè & Più S.r.l. -> Rossi  122,00 EUR",
            "wrong-root: Invoice",
        ]
    );
}

#[test]
fn a_summary_is_short_and_gives_a_terminal_nothing_to_obey() {
    let hostile = rewritten(&sample("fpr12"), &|_| "a\u{9b}31m\u{202E}b\nc\u{2028}".to_owned() + &"d".repeat(10_000));
    let line = summary_of(&hostile);
    assert!(!line.chars().any(html::is_unseen), "{line}");
    assert!(line.starts_with("a31mb c ddd") && line.chars().count() < 1_000, "{line}");
}

#[test]
fn a_page_is_a_few_times_as_large_as_its_file() {
    let repeated = |begin: &str, item: &str, end: &str| {
        format!("<r>{begin}{}{end}</r>", item.repeat(xml::MAX_PIECES / 4 / item.matches('<').count().max(2) * 2 - 40))
    };
    let body = |item: &str| repeated("<FatturaElettronicaBody><DatiBeniServizi>", item, "</DatiBeniServizi></FatturaElettronicaBody>");
    let long = "\"".repeat(500_000);
    let seller = format!("<CedentePrestatore><Denominazione>{}</Denominazione></CedentePrestatore>", "\"".repeat(100));
    let named = format!("<FatturaElettronicaHeader>{seller}</FatturaElettronicaHeader>");
    for text in [
        format!("<r><a>{long}</a></r>"),
        format!(
            "<r><FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><Causale>{long}</Causale></DatiGeneraliDocumento></DatiGenerali></FatturaElettronicaBody></r>"
        ),
        format!(
            "<r><FatturaElettronicaHeader><CedentePrestatore><Denominazione>{long}</Denominazione></CedentePrestatore></FatturaElettronicaHeader></r>"
        ),
        repeated("", "<a>x</a>", ""),
        repeated("", "<FatturaElettronicaBody></FatturaElettronicaBody>", ""),
        repeated("", "<FatturaElettronicaBody>x</FatturaElettronicaBody>", ""),
        repeated("", "<FatturaElettronicaBody><a>x</a></FatturaElettronicaBody>", ""),
        body("<DettaglioLinee><NumeroLinea>1</NumeroLinea></DettaglioLinee>"),
        body("<DettaglioLinee><Natura>N1</Natura></DettaglioLinee>"),
        body("<DettaglioLinee><a></a></DettaglioLinee>"),
        body("<DatiRiepilogo><Natura>N7</Natura></DatiRiepilogo>"),
        repeated(
            "<FatturaElettronicaBody>",
            "<DatiPagamento><DettaglioPagamento><BIC>x</BIC></DettaglioPagamento></DatiPagamento>",
            "</FatturaElettronicaBody>",
        ),
        repeated("<FatturaElettronicaBody>", "<DatiBeniServizi><Natura>N7</Natura></DatiBeniServizi>", "</FatturaElettronicaBody>"),
        repeated(&named, "<FatturaElettronicaBody>x<a></a></FatturaElettronicaBody>", ""),
        repeated(&"<a>".repeat(30), "<a>x</a>", &"</a>".repeat(30)),
    ] {
        let page = page_of(&text);
        assert!(page.len() < 20_000 + 10 * text.len(), "{} from {}: {}", page.len(), text.len(), &text[..200]);
    }
}

#[test]
fn every_document_type_is_named() {
    for kind in DocumentType::ALL {
        let page = page_of(&sample("fpr12").replace("TD01", kind.code()));
        assert!(page.contains(&format!("<span class=code>{kind}</span>")), "{kind}");
    }
}

/// Elements of the formats and strangers, nested at random, with a text or without.
fn anything() -> impl Strategy<Value = String> {
    let names: Vec<_> = include_str!("../schema/fatturapa-1.2.3.xsd")
        .split("<xs:element name=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .chain(["Straniero", "NumeroFR", "DatiIVA", "Importo", "IdentificativiFiscali"])
        .collect();
    let name = proptest::sample::select(names);
    let leaf = name.clone().prop_map(|name| format!("<{name}>x</{name}>"));
    leaf.prop_recursive(6, 200, 10, move |inner| {
        (name.clone(), any::<bool>(), proptest::collection::vec(inner, 0..10))
            .prop_map(|(name, text, inside)| format!("<{name}>{}{}</{name}>", if text { "x" } else { "" }, inside.concat()))
    })
}

proptest! {
    #[test]
    fn no_text_is_lost_whatever_a_file_looks_like(inside in anything()) {
        for path in ["", "FatturaElettronicaHeader", "FatturaElettronicaHeader/CedentePrestatore", "FatturaElettronicaBody/DatiGenerali",
            "FatturaElettronicaBody/DatiGenerali/DatiGeneraliDocumento", "FatturaElettronicaBody/DatiBeniServizi"] {
            let names = || path.split('/').filter(|name| !name.is_empty());
            let begin = names().fold(String::new(), |begin, name| format!("{begin}<{name}>"));
            let end = names().fold(String::new(), |end, name| format!("</{name}>{end}"));
            prop_assert_eq!(missing(&format!("<FatturaElettronica>{begin}{inside}{end}</FatturaElettronica>")), [""; 0]);
        }
    }
}
