//! The code list TipoDocumento: what kind of document an invoice file holds.

use std::fmt;

macro_rules! document_types {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        /// What kind of document it is (TipoDocumento), as listed in the schemas 1.2.3 and 1.0.2.
        ///
        /// TD10 to TD15 do not exist in them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum DocumentType {
            $($(#[$doc])* $name,)*
        }

        impl DocumentType {
            /// Every type, in the order of the code list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code that stands in the file, for example `TD01`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The type with this code, or `None` if the list has no such code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

document_types! {
    /// TD01: invoice.
    Invoice = "TD01";
    /// TD02: advance or down payment on an invoice.
    InvoiceAdvance = "TD02";
    /// TD03: advance or down payment on a fee.
    FeeAdvance = "TD03";
    /// TD04: credit note.
    CreditNote = "TD04";
    /// TD05: debit note.
    DebitNote = "TD05";
    /// TD06: fee note (parcella).
    Fee = "TD06";
    /// TD07: simplified invoice.
    SimplifiedInvoice = "TD07";
    /// TD08: simplified credit note.
    SimplifiedCreditNote = "TD08";
    /// TD09: simplified debit note.
    SimplifiedDebitNote = "TD09";
    /// TD16: supplement for a domestic reverse charge.
    DomesticReverseCharge = "TD16";
    /// TD17: supplement or self-invoice for services bought abroad.
    ForeignServices = "TD17";
    /// TD18: supplement for goods bought within the European Union.
    IntraCommunityGoods = "TD18";
    /// TD19: supplement or self-invoice for goods under art. 17, paragraph 2, DPR 633/72.
    ForeignGoods = "TD19";
    /// TD20: self-invoice that puts an omitted or wrong invoice right.
    Regularisation = "TD20";
    /// TD21: self-invoice for exceeding the plafond.
    PlafondExceeded = "TD21";
    /// TD22: goods taken out of a VAT warehouse.
    WarehouseExtraction = "TD22";
    /// TD23: goods taken out of a VAT warehouse, with payment of the VAT.
    WarehouseExtractionWithVat = "TD23";
    /// TD24: deferred invoice under art. 21, paragraph 4, letter a, DPR 633/72.
    DeferredInvoice = "TD24";
    /// TD25: deferred invoice under art. 21, paragraph 4, letter b, DPR 633/72.
    DeferredTriangularInvoice = "TD25";
    /// TD26: sale of depreciable goods, and internal transfers.
    DepreciableGoods = "TD26";
    /// TD27: own consumption, and supplies free of charge.
    OwnConsumption = "TD27";
    /// TD28: purchases from San Marino with VAT (paper invoice).
    SanMarinoPurchase = "TD28";
    /// TD29: report of an invoice that an Italian seller left out or got wrong.
    OmittedInvoiceReport = "TD29";
}

impl DocumentType {
    /// Whether the type belongs to simplified invoices (FSM10); all others belong to ordinary ones.
    #[must_use]
    pub const fn is_simplified(self) -> bool {
        matches!(self, Self::SimplifiedInvoice | Self::SimplifiedCreditNote | Self::SimplifiedDebitNote)
    }
}

impl fmt::Display for DocumentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_that_of_the_schemas() {
        let codes: Vec<_> = DocumentType::ALL.iter().map(|kind| kind.code().trim_start_matches("TD")).collect();
        assert_eq!(codes.join(" "), "01 02 03 04 05 06 07 08 09 16 17 18 19 20 21 22 23 24 25 26 27 28 29");
    }

    #[test]
    fn a_code_reads_back_as_the_type_it_was_written_from() {
        for &kind in DocumentType::ALL {
            assert_eq!(DocumentType::from_code(&kind.to_string()), Some(kind));
        }
        assert_eq!(DocumentType::from_code("TD10"), None);
        assert_eq!(DocumentType::from_code("td01"), None);
    }

    #[test]
    fn three_types_belong_to_simplified_invoices() {
        let simplified: Vec<_> = DocumentType::ALL.iter().filter(|kind| kind.is_simplified()).map(|kind| kind.code()).collect();
        assert_eq!(simplified, ["TD07", "TD08", "TD09"]);
    }
}
