//! Drawing at random: the generator of numbers, and made-up companies.

const TRADES: &[&str] = &[
    "Officine",
    "Falegnameria",
    "Cantina",
    "Tipografia",
    "Panificio",
    "Studio Tecnico",
    "Autotrasporti",
    "Costruzioni",
    "Azienda Agricola",
    "Società Elettrica",
    "Ferramenta",
    "Caffè",
    "Oleificio",
    "Informatica",
    "Libreria",
    "Vivai",
];
const SURNAMES: &[&str] = &[
    "Rossi", "Bianchi", "Ferrari", "Esposito", "Romano", "Colombo", "Ricci", "Marino", "Greco", "Bruno", "Gallo", "Conti", "De Luca",
    "Mancini", "Costa", "Giordano", "Rizzo", "Lombardi", "Moretti", "Barbieri", "D'Angelo", "Nicolò", "Fantoni",
];
const LEGAL_FORMS: &[&str] = &["S.r.l.", "S.p.A.", "& Figli S.n.c.", "& C. S.a.s.", "Soc. Coop."];
const STREETS: &[&str] = &[
    "Via Roma",
    "Corso Garibaldi",
    "Via Giuseppe Verdi",
    "Viale della Libertà",
    "Piazza Dante",
    "Via XX Settembre",
    "Via dell'Artigianato",
    "Corso Italia",
    "Via Aurelia",
    "Strada Provinciale",
    "Via Nazionale",
    "Largo Augusto",
];
/// Name, postal code, province, and the province's number within VAT numbers.
const CITIES: &[(&str, &str, &str, u16)] = &[
    ("Roma", "00184", "RM", 58),
    ("Milano", "20121", "MI", 15),
    ("Torino", "10121", "TO", 1),
    ("Napoli", "80133", "NA", 63),
    ("Bologna", "40121", "BO", 37),
    ("Firenze", "50122", "FI", 48),
    ("Arezzo", "52100", "AR", 51),
    ("Bari", "70121", "BA", 72),
    ("Palermo", "90133", "PA", 82),
    ("Forlì", "47121", "FC", 40),
    ("Verona", "37121", "VR", 23),
    ("Cagliari", "09124", "CA", 92),
];

/// A company, as it stands in an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its name, at most 80 Latin-1 characters.
    pub name: String,
    /// Its Italian VAT number: 11 digits, without `IT`.
    pub vat: String,
    /// The street of its seat, at most 60 Latin-1 characters.
    pub street: String,
    /// The house number, at most 8 ASCII characters.
    pub house_number: String,
    /// The postal code: 5 digits.
    pub postal_code: String,
    /// The city, at most 60 Latin-1 characters.
    pub city: String,
    /// The province: two capital letters.
    pub province: String,
}

impl Company {
    /// Draws a company.
    pub(super) fn draw(random: &mut SplitMix) -> Self {
        let (city, postal_code, province, office) = random.pick(CITIES);
        Self {
            name: format!("{} {} {}", random.pick(TRADES), random.pick(SURNAMES), random.pick(LEGAL_FORMS)),
            vat: vat_number(random, office),
            street: random.pick(STREETS).to_owned(),
            house_number: (1 + random.below(250)).to_string(),
            postal_code: postal_code.to_owned(),
            city: city.to_owned(),
            province: province.to_owned(),
        }
    }
}

/// An Italian VAT number: seven digits, the three of the province's office, and the control digit.
fn vat_number(random: &mut SplitMix, office: u16) -> String {
    let digits = format!("{:03}{:04}{office:03}", random.below(200), 1 + random.below(9_999));
    let control = vat_control_digit(&digits);
    format!("{digits}{control}")
}

/// The control digit of a VAT number's first ten digits: Luhn's, with every second digit doubled.
fn vat_control_digit(digits: &str) -> u32 {
    let weighed = digits.chars().filter_map(|digit| digit.to_digit(10)).enumerate().map(|(index, digit)| match (index % 2, digit) {
        (0, _) => digit,
        (_, 0..=4) => 2 * digit,
        (_, _) => 2 * digit - 9,
    });
    (10 - weighed.sum::<u32>() % 10) % 10
}

/// SplitMix64: eight lines that draw well enough for made-up invoices and, unlike a crate's generator, never change
/// what a seed means. Not for secrets.
#[derive(Debug, Clone)]
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below `bound`. The remainder favours small ones by less than one in 10^14.
    pub(super) fn below(&mut self, bound: u16) -> u16 {
        u16::try_from(self.next() % u64::from(bound)).expect("a remainder is smaller than its divisor, which is a u16")
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let length = u16::try_from(from.len()).expect("the lists to draw from are short");
        from[usize::from(self.below(length))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_digits_are_those_of_known_vat_numbers() {
        assert_eq!(vat_control_digit("0123456789"), 7);
        assert_eq!(vat_control_digit("1234567890"), 3);
        assert_eq!(vat_control_digit("0987654321"), 7);
    }

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut random = SplitMix(0);
        assert_eq!(random.next(), 0xE220_A839_7B1D_CDAF, "the reference implementation's first number");
        let company = Company::draw(&mut random);
        assert_eq!((company.name.as_str(), company.vat.as_str()), ("Vivai Mancini & Figli S.n.c.", "09048210588"));
    }
}
