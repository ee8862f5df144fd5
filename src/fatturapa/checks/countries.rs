//! The countries there are (ISO 3166-1), and the codes that stand for more or less than one in VAT numbers.

/// The codes of ISO 3166-1.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
     CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
     FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
     JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
     MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
     PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
     TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Greece and Northern Ireland as VAT numbers have them, Kosovo, the European one-stop shop, and OO, which the tax agency uses for Livigno,
/// Campione and strangers without a number.
const OTHERS: &str = "EL XI XK EU OO";

/// Whether two letters are a country's, or used as one's.
pub(in crate::fatturapa) fn is_country(code: &str) -> bool {
    [COUNTRIES, OTHERS].iter().flat_map(|list| list.split_ascii_whitespace()).any(|known| known == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_country_once_in_order() {
        let countries: Vec<_> = COUNTRIES.split_ascii_whitespace().collect();
        assert_eq!(countries.len(), 249);
        assert!(countries.is_sorted() && countries.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(is_country("IT") && is_country("OO") && !is_country("ZZ") && !is_country("") && !is_country("it"));
    }
}
