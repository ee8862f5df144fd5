//! Invoices out of thin air: well-formed FPR12 files, each different, and the SdI's messages about them.
//!
//! For trying the product out and for tests. The same seed gives the same files, so that what was seen once can be
//! seen again. Totals add up to the cent and control digits are right: the files pass the schema and those of the
//! SdI's content checks that a file alone can show. The companies are made up; a VAT number may happen to exist.

mod draw;
mod receipt;
mod sheet;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use self::draw::SplitMix;
use self::sheet::Sheet;
use crate::fatturapa::MAX_FILE_BYTES;

pub use self::draw::Company;
pub use self::receipt::{GeneratedReceipt, receipt};

/// The VAT rates of the generated lines, in per cent: ordinary, reduced and minimum.
const RATES: [u8; 3] = [22, 10, 4];
/// The schema numbers lines up to 9999.
const MAX_LINES: u16 = 9_999;
/// About what precedes the lines: the header and the general data.
const HEAD_BYTES: usize = 2_300;
/// About what follows the lines: the summaries and the payment.
const TAIL_BYTES: usize = 1_200;
/// From this size on descriptions are long, so that a large file needs fewer lines than the schema allows.
const LONG_FROM_BYTES: usize = 64 * 1024;
/// What the code of a recipient is made of.
const CODE_CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// What a line can be about: description, unit, VAT rate as an index into [`RATES`], and the lowest price in ten cents.
const ARTICLES: &[(&str, &str, usize, u16)] = &[
    ("Consulenza tecnica presso la sede del cliente", "ore", 0, 450),
    ("Manutenzione ordinaria degli impianti elettrici", "ore", 0, 320),
    ("Sviluppo e assistenza software", "ore", 0, 500),
    ("Carta per stampanti A4, risma da 500 fogli", "PZ", 0, 39),
    ("Trasporto di merci su pallet, tratta nazionale", "PZ", 0, 640),
    ("Vernice murale lavabile bianca, latta da 14 l", "PZ", 0, 480),
    ("Pernottamento in camera doppia con prima colazione", "notti", 1, 790),
    ("Carne bovina fresca, taglio scelto", "kg", 1, 112),
    ("Caffè torrefatto in grani", "kg", 1, 134),
    ("Energia elettrica per uso domestico, quota fissa", "mesi", 1, 96),
    ("Olio extravergine di oliva, bottiglia da 0,75 l", "PZ", 2, 89),
    ("Farina di grano tenero tipo 00, sacco da 25 kg", "PZ", 2, 158),
    ("Pomodori pelati, cartone da 24 barattoli", "PZ", 2, 196),
    ("Libro di testo per la scuola secondaria", "PZ", 2, 184),
];
const REMARKS: &[&str] = &[
    "qualità controllata all'origine",
    "consegna franco magazzino",
    "come da Vostro ordine",
    "imballo compreso",
    "garanzia di legge",
    "lavoro eseguito a regola d'arte",
    "resa entro il termine pattuito",
    "esclusi i materiali di consumo",
    "prezzo già scontato",
    "fornitura ricorrente del mese",
    "verifica finale con esito positivo",
    "a completamento del lotto",
];

/// What an invoice is to be like; what is left out is drawn.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Who issues it.
    pub seller: Option<Company>,
    /// Whom it is issued to. Must differ from the seller (SdI 00471).
    pub buyer: Option<Company>,
    /// The file's size in bytes, met within 1 KiB; between about 4 KiB and 5 MB. Left out: 6 to 10 KB.
    pub bytes: Option<usize>,
}

/// An invoice out of thin air.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedInvoice {
    /// The file's name as the SdI demands it; never the same twice from one generator.
    pub file_name: String,
    /// The file, in UTF-8.
    pub bytes: Vec<u8>,
    /// The invoice's own number; never the same twice from one generator.
    pub number: String,
    /// The invoice's date.
    pub date: NaiveDate,
    /// The invoice's total, VAT included, in euro with two decimals.
    pub total: Decimal,
    /// Who issues it.
    pub seller: Company,
    /// Whom it is issued to.
    pub buyer: Company,
}

/// Draws invoices; the same seed draws the same ones.
#[derive(Debug, Clone)]
pub struct Generator {
    random: SplitMix,
    /// The progressive of the first file, so that generators of different seeds seldom clash.
    first_progressive: u64,
    /// How many were drawn.
    drawn: u64,
}

impl Generator {
    /// A generator at its beginning.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = SplitMix(seed);
        Self { first_progressive: random.next(), random, drawn: 0 }
    }

    /// Draws a company.
    pub fn company(&mut self) -> Company {
        Company::draw(&mut self.random)
    }

    /// Draws an invoice of this date.
    pub fn invoice(&mut self, date: NaiveDate, wishes: Wishes) -> GeneratedInvoice {
        let seller = wishes.seller.unwrap_or_else(|| self.company());
        let buyer = wishes.buyer.unwrap_or_else(|| self.company());
        let bytes = wishes.bytes.unwrap_or_else(|| 6_000 + usize::from(self.random.below(4_000)));
        let progressive = progressive(self.first_progressive.wrapping_add(self.drawn));
        self.drawn += 1;
        let number = format!("{}/{}", self.drawn, date.format("%Y"));

        let lines = Lines::draw(&mut self.random, bytes);
        let total = Decimal::new(lines.total_cents(), 2);
        let mut sheet = Sheet::new();
        sheet.open(r#"p:FatturaElettronica versione="FPR12" xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2""#);
        write_header(&mut sheet, &mut self.random, &progressive, &seller, &buyer);
        sheet.open("FatturaElettronicaBody");
        write_general(&mut sheet, date, &number, total);
        lines.write(&mut sheet);
        write_payment(&mut sheet, date, total);
        sheet.close("FatturaElettronicaBody");
        sheet.close("p:FatturaElettronica");
        let file_name = format!("IT{}_{progressive}.xml", seller.vat);
        GeneratedInvoice { file_name, bytes: sheet.into_bytes(), number, date, total, seller, buyer }
    }
}

/// The lines of an invoice, written out, and what they add up to.
struct Lines {
    sheet: Sheet,
    count: u16,
    /// The taxable amount of each of [`RATES`], in cents.
    taxable_cents: [i64; 3],
}

impl Lines {
    /// As many lines as an invoice file of `bytes` has room for, but at least one.
    fn draw(random: &mut SplitMix, bytes: usize) -> Self {
        let room = bytes.min(MAX_FILE_BYTES - 2_048).saturating_sub(HEAD_BYTES + TAIL_BYTES);
        let remarks = if bytes < LONG_FROM_BYTES { 0..4 } else { 12..26 };
        let mut lines = Self { sheet: Sheet::part(3), count: 0, taxable_cents: [0; 3] };
        loop {
            let remarks = remarks.start + random.below(remarks.end - remarks.start);
            lines.add(random, remarks);
            if lines.sheet.len() >= room || lines.count == MAX_LINES {
                return lines;
            }
        }
    }

    /// Adds a line. Quantities are halves and prices tens of cents, so that every product is exact in cents (SdI 00423).
    fn add(&mut self, random: &mut SplitMix, remarks: u16) {
        let (article, unit, rate, price) = random.pick(ARTICLES);
        let halves = if unit == "PZ" { 2 * (1 + random.below(30)) } else { 1 + random.below(60) };
        let price_tens = price + random.below(price);
        let total_cents = i64::from(halves) * i64::from(price_tens) * 5;
        let mut description = format!("{article}, rif. {}", random.below(10_000));
        for _ in 0..remarks {
            description.push_str(", ");
            description.push_str(random.pick(REMARKS));
        }
        self.count += 1;
        self.taxable_cents[rate] += total_cents;

        let sheet = &mut self.sheet;
        sheet.open("DettaglioLinee");
        sheet.leaf("NumeroLinea", self.count);
        sheet.leaf("Descrizione", description);
        sheet.leaf("Quantita", Decimal::new(i64::from(halves) * 50, 2));
        sheet.leaf("UnitaMisura", unit);
        sheet.leaf("PrezzoUnitario", Decimal::new(i64::from(price_tens) * 10, 2));
        sheet.leaf("PrezzoTotale", Decimal::new(total_cents, 2));
        sheet.leaf("AliquotaIVA", format_args!("{}.00", RATES[rate]));
        sheet.close("DettaglioLinee");
    }

    /// Rate, taxable amount and tax in cents, of each rate that occurs.
    fn summaries(&self) -> impl Iterator<Item = (u8, i64, i64)> {
        let of_rate = RATES.into_iter().zip(self.taxable_cents);
        of_rate.filter(|&(_, taxable)| taxable > 0).map(|(rate, taxable)| (rate, taxable, tax_cents(taxable, rate)))
    }

    fn total_cents(&self) -> i64 {
        self.summaries().map(|(_, taxable, tax)| taxable + tax).sum()
    }

    fn write(&self, sheet: &mut Sheet) {
        sheet.open("DatiBeniServizi");
        sheet.insert(&self.sheet);
        for (rate, taxable, tax) in self.summaries() {
            sheet.open("DatiRiepilogo");
            sheet.leaf("AliquotaIVA", format_args!("{rate}.00"));
            sheet.leaf("ImponibileImporto", Decimal::new(taxable, 2));
            sheet.leaf("Imposta", Decimal::new(tax, 2));
            sheet.leaf("EsigibilitaIVA", "I");
            sheet.close("DatiRiepilogo");
        }
        sheet.close("DatiBeniServizi");
    }
}

/// The tax on an amount, half up to the cent (SdI 00421).
fn tax_cents(taxable_cents: i64, rate: u8) -> i64 {
    (taxable_cents * i64::from(rate) + 50) / 100
}

fn write_header(sheet: &mut Sheet, random: &mut SplitMix, progressive: &str, seller: &Company, buyer: &Company) {
    let recipient: String = (0..7).map(|_| char::from(random.pick(CODE_CHARACTERS))).collect();
    sheet.open("FatturaElettronicaHeader");
    sheet.open("DatiTrasmissione");
    sheet.open("IdTrasmittente");
    sheet.leaf("IdPaese", "IT");
    sheet.leaf("IdCodice", &seller.vat);
    sheet.close("IdTrasmittente");
    sheet.leaf("ProgressivoInvio", progressive);
    sheet.leaf("FormatoTrasmissione", "FPR12");
    sheet.leaf("CodiceDestinatario", recipient);
    sheet.close("DatiTrasmissione");
    write_company(sheet, "CedentePrestatore", seller, Some("RF01"));
    write_company(sheet, "CessionarioCommittente", buyer, None);
    sheet.close("FatturaElettronicaHeader");
}

fn write_company(sheet: &mut Sheet, role: &str, company: &Company, tax_regime: Option<&str>) {
    sheet.open(role);
    sheet.open("DatiAnagrafici");
    sheet.open("IdFiscaleIVA");
    sheet.leaf("IdPaese", "IT");
    sheet.leaf("IdCodice", &company.vat);
    sheet.close("IdFiscaleIVA");
    sheet.leaf("CodiceFiscale", &company.vat);
    sheet.open("Anagrafica");
    sheet.leaf("Denominazione", &company.name);
    sheet.close("Anagrafica");
    if let Some(regime) = tax_regime {
        sheet.leaf("RegimeFiscale", regime);
    }
    sheet.close("DatiAnagrafici");
    sheet.open("Sede");
    sheet.leaf("Indirizzo", &company.street);
    sheet.leaf("NumeroCivico", &company.house_number);
    sheet.leaf("CAP", &company.postal_code);
    sheet.leaf("Comune", &company.city);
    sheet.leaf("Provincia", &company.province);
    sheet.leaf("Nazione", "IT");
    sheet.close("Sede");
    sheet.close(role);
}

fn write_general(sheet: &mut Sheet, date: NaiveDate, number: &str, total: Decimal) {
    sheet.open("DatiGenerali");
    sheet.open("DatiGeneraliDocumento");
    sheet.leaf("TipoDocumento", "TD01");
    sheet.leaf("Divisa", "EUR");
    sheet.leaf("Data", date);
    sheet.leaf("Numero", number);
    sheet.leaf("ImportoTotaleDocumento", total);
    sheet.leaf("Causale", "Vendita");
    sheet.close("DatiGeneraliDocumento");
    sheet.close("DatiGenerali");
}

/// Paid whole, by bank receipt after thirty days.
fn write_payment(sheet: &mut Sheet, date: NaiveDate, total: Decimal) {
    let due = date.checked_add_days(Days::new(30)).unwrap_or(date);
    sheet.open("DatiPagamento");
    sheet.leaf("CondizioniPagamento", "TP02");
    sheet.open("DettaglioPagamento");
    sheet.leaf("ModalitaPagamento", "MP12");
    sheet.leaf("DataScadenzaPagamento", due);
    sheet.leaf("ImportoPagamento", total);
    sheet.close("DettaglioPagamento");
    sheet.close("DatiPagamento");
}

/// Five characters out of 36, counting up: 60 million names for each sender.
fn progressive(serial: u64) -> String {
    let digit = |place: u32| {
        let index = serial / 36_u64.pow(place) % 36;
        char::from_digit(u32::try_from(index).expect("a remainder of 36 fits u32"), 36).expect("36 digits have characters")
    };
    (0..5).rev().map(|place| digit(place).to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::fatturapa::{Format, SdiFileName, read};

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day")
    }

    #[test]
    fn the_same_seed_draws_the_same_invoices_and_another_seed_others() {
        let draw = |seed| Generator::new(seed).invoice(day(), Wishes::default());
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7).bytes, draw(8).bytes);
    }

    #[test]
    fn a_thousand_invoices_have_a_thousand_names_numbers_and_contents() {
        let mut generator = Generator::new(1);
        let seller = generator.company();
        let wishes = Wishes { seller: Some(seller), bytes: Some(4_000), ..Wishes::default() };
        let invoices: Vec<_> = (0..1_000).map(|_| generator.invoice(day(), wishes.clone())).collect();
        assert_eq!(invoices.iter().map(|invoice| &invoice.file_name).collect::<HashSet<_>>().len(), 1_000);
        assert_eq!(invoices.iter().map(|invoice| &invoice.number).collect::<HashSet<_>>().len(), 1_000);
        assert_eq!(invoices.iter().map(|invoice| &invoice.bytes).collect::<HashSet<_>>().len(), 1_000);
    }

    #[test]
    fn taxes_are_rounded_half_up() {
        assert_eq!(tax_cents(100, 22), 22);
        assert_eq!(tax_cents(25, 22), 6, "5.50");
        assert_eq!(tax_cents(20, 22), 4, "4.40");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn an_invoice_reads_back_as_what_was_drawn(seed: u64, bytes in 0_usize..200_000) {
            let drawn = Generator::new(seed).invoice(day(), Wishes { bytes: Some(bytes), ..Wishes::default() });
            let read = read(&drawn.bytes).expect("a readable invoice");
            prop_assert_eq!(read.format, Format::Fpr12);
            prop_assert_eq!((read.number, read.date, read.total), (drawn.number, day(), Some(drawn.total)));
            prop_assert_eq!((read.seller.name, read.buyer.name), (drawn.seller.name, drawn.buyer.name));
            prop_assert_eq!(read.seller.vat, Some(format!("IT{}", drawn.seller.vat)));
            let name: SdiFileName = drawn.file_name.parse().expect("a name as the SdI demands it");
            prop_assert_eq!(name.fiscal_identifier(), drawn.seller.vat);
        }

        #[test]
        fn an_invoice_has_about_the_size_wished_for(seed: u64, bytes in 4_096..MAX_FILE_BYTES) {
            let drawn = Generator::new(seed).invoice(day(), Wishes { bytes: Some(bytes), ..Wishes::default() });
            prop_assert!(drawn.bytes.len().abs_diff(bytes) <= 1_024, "{} for {bytes}", drawn.bytes.len());
            prop_assert!(drawn.bytes.len() <= MAX_FILE_BYTES);
        }
    }
}
