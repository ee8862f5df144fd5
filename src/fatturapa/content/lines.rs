//! Goods and services, and what they come to by rate.

use super::record::records;
use super::written::{Count, Day, Number};

records! {
    /// A line of an ordinary document.
    Line {
        /// NumeroLinea.
        number: Option<Count> = "NumeroLinea",
        /// Discount (SC), premium (PR), rebate (AB) or additional charge (AC); an ordinary line says nothing (TipoCessionePrestazione).
        kind: Option<String> = "TipoCessionePrestazione",
        /// CodiceArticolo.
        articles: Vec<Article> = "CodiceArticolo",
        /// Descrizione.
        description: Option<String> = "Descrizione",
        /// Quantita.
        quantity: Option<Number> = "Quantita",
        /// UnitaMisura.
        unit: Option<String> = "UnitaMisura",
        /// DataInizioPeriodo.
        period_begin: Option<Day> = "DataInizioPeriodo",
        /// DataFinePeriodo.
        period_end: Option<Day> = "DataFinePeriodo",
        /// PrezzoUnitario.
        unit_price: Option<Number> = "PrezzoUnitario",
        /// Discounts and surcharges on the unit price, one upon the other (ScontoMaggiorazione).
        discounts: Vec<Discount> = "ScontoMaggiorazione",
        /// PrezzoTotale, without VAT.
        total: Option<Number> = "PrezzoTotale",
        /// In per cent (AliquotaIVA).
        vat_rate: Option<Number> = "AliquotaIVA",
        /// `SI` if tax is withheld on it (Ritenuta).
        withheld: Option<String> = "Ritenuta",
        /// Why there is no VAT on it (Natura).
        nature: Option<String> = "Natura",
        /// RiferimentoAmministrazione.
        administration_reference: Option<String> = "RiferimentoAmministrazione",
        /// AltriDatiGestionali.
        other_data: Vec<OtherData> = "AltriDatiGestionali",
    }

    /// How a list of goods calls an article.
    Article {
        /// The list (CodiceTipo): EAN, CPV, ...
        list: Option<String> = "CodiceTipo",
        /// The code in it (CodiceValore).
        code: Option<String> = "CodiceValore",
    }

    /// A discount or surcharge: in per cent, or an amount.
    Discount {
        /// Discount (SC) or surcharge (MG) (Tipo).
        kind: Option<String> = "Tipo",
        /// Percentuale.
        rate: Option<Number> = "Percentuale",
        /// Importo; it counts if both are there.
        amount: Option<Number> = "Importo",
    }

    /// What the format has no place for.
    OtherData {
        /// What it is (TipoDato).
        kind: Option<String> = "TipoDato",
        /// RiferimentoTesto.
        text: Option<String> = "RiferimentoTesto",
        /// RiferimentoNumero.
        number: Option<Number> = "RiferimentoNumero",
        /// RiferimentoData.
        date: Option<Day> = "RiferimentoData",
    }

    /// A line of a simplified document.
    SimplifiedLine {
        /// Descrizione.
        description: Option<String> = "Descrizione",
        /// With VAT (Importo).
        amount: Option<Number> = "Importo",
        /// The VAT in it (Imposta).
        tax: Option<Number> = "DatiIVA/Imposta",
        /// In per cent (Aliquota).
        vat_rate: Option<Number> = "DatiIVA/Aliquota",
        /// Why there is no VAT on it (Natura).
        nature: Option<String> = "Natura",
        /// The law that says so (RiferimentoNormativo).
        law: Option<String> = "RiferimentoNormativo",
    }

    /// What the lines of one rate and nature come to.
    Summary {
        /// In per cent (AliquotaIVA).
        vat_rate: Option<Number> = "AliquotaIVA",
        /// Why there is no VAT on it (Natura).
        nature: Option<String> = "Natura",
        /// SpeseAccessorie.
        additional_expenses: Option<Number> = "SpeseAccessorie",
        /// Arrotondamento.
        rounding: Option<Number> = "Arrotondamento",
        /// ImponibileImporto.
        taxable: Option<Number> = "ImponibileImporto",
        /// Imposta.
        tax: Option<Number> = "Imposta",
        /// When the VAT is due: at once (I), when paid (D), by the buyer (S) (EsigibilitaIVA).
        due: Option<String> = "EsigibilitaIVA",
        /// The law that exempts it (RiferimentoNormativo).
        law: Option<String> = "RiferimentoNormativo",
    }
}
