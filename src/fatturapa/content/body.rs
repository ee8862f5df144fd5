//! One document of a file: its general data, and what it refers to.

use rust_decimal::Decimal;

use super::super::document_type::DocumentType;
use super::attachment::Attachment;
use super::lines::{Discount, Line, SimplifiedLine, Summary};
use super::parties::{Address, Party};
use super::payment::PaymentTerms;
use super::record::records;
use super::written::{Count, Day, Number, Written};

records! {
    /// One document (FatturaElettronicaBody), ordinary or simplified. What only the other family has is not there.
    Body {
        /// What kind of document it is (TipoDocumento).
        document_type: Option<Written<DocumentType>> = "DatiGenerali/DatiGeneraliDocumento/TipoDocumento",
        /// The currency's code (Divisa). Amounts are in it.
        currency: Option<String> = "DatiGenerali/DatiGeneraliDocumento/Divisa",
        /// Its date (Data).
        date: Option<Day> = "DatiGenerali/DatiGeneraliDocumento/Data",
        /// Its own number (Numero).
        number: Option<String> = "DatiGenerali/DatiGeneraliDocumento/Numero",
        /// Taxes that the buyer withholds (DatiRitenuta).
        withholdings: Vec<Withholding> = "DatiGenerali/DatiGeneraliDocumento/DatiRitenuta",
        /// `SI` if the stamp duty is paid by the month (BolloVirtuale).
        virtual_stamp: Option<String> =
            "DatiGenerali/DatiGeneraliDocumento/DatiBollo/BolloVirtuale" | "DatiGenerali/DatiGeneraliDocumento/BolloVirtuale",
        /// The stamp duty (ImportoBollo).
        stamp_duty: Option<Number> = "DatiGenerali/DatiGeneraliDocumento/DatiBollo/ImportoBollo",
        /// Contributions to pension funds (DatiCassaPrevidenziale).
        pension_funds: Vec<PensionFund> = "DatiGenerali/DatiGeneraliDocumento/DatiCassaPrevidenziale",
        /// Discounts and surcharges on the whole document (ScontoMaggiorazione).
        discounts: Vec<Discount> = "DatiGenerali/DatiGeneraliDocumento/ScontoMaggiorazione",
        /// The total as the document states it (ImportoTotaleDocumento); see [`total`](Self::total).
        stated_total: Option<Number> = "DatiGenerali/DatiGeneraliDocumento/ImportoTotaleDocumento",
        /// What was rounded in the total (Arrotondamento).
        rounding: Option<Number> = "DatiGenerali/DatiGeneraliDocumento/Arrotondamento",
        /// Why it was made, in words (Causale).
        reasons: Vec<String> = "DatiGenerali/DatiGeneraliDocumento/Causale",
        /// `SI` if it was issued in the ways of a ministerial decree (Art73).
        article_73: Option<String> = "DatiGenerali/DatiGeneraliDocumento/Art73",
        /// Purchase orders (DatiOrdineAcquisto).
        orders: Vec<Link> = "DatiGenerali/DatiOrdineAcquisto",
        /// Contracts (DatiContratto).
        contracts: Vec<Link> = "DatiGenerali/DatiContratto",
        /// Conventions (DatiConvenzione).
        conventions: Vec<Link> = "DatiGenerali/DatiConvenzione",
        /// Receptions of goods (DatiRicezione).
        receptions: Vec<Link> = "DatiGenerali/DatiRicezione",
        /// Other invoices (DatiFattureCollegate).
        linked_invoices: Vec<Link> = "DatiGenerali/DatiFattureCollegate",
        /// Phases of progress of a work (DatiSAL).
        progress_phases: Vec<Count> = "DatiGenerali/DatiSAL/RiferimentoFase",
        /// Delivery notes (DatiDDT).
        delivery_notes: Vec<DeliveryNote> = "DatiGenerali/DatiDDT",
        /// How goods were carried (DatiTrasporto).
        transport: Option<Box<Transport>> = "DatiGenerali/DatiTrasporto",
        /// The invoice of which this one of a carrier is an addition (FatturaPrincipale).
        main_invoice: Option<Box<MainInvoice>> = "DatiGenerali/FatturaPrincipale",
        /// The invoice that a simplified one corrects (DatiFatturaRettificata).
        corrected_invoice: Option<Box<CorrectedInvoice>> = "DatiGenerali/DatiFatturaRettificata",
        /// Goods and services of an ordinary document (DettaglioLinee).
        lines: Vec<Line> = "DatiBeniServizi/DettaglioLinee",
        /// Goods and services of a simplified one (DatiBeniServizi).
        simplified_lines: Vec<SimplifiedLine> = "DatiBeniServizi",
        /// Taxable amount and tax by rate and nature (DatiRiepilogo).
        summaries: Vec<Summary> = "DatiBeniServizi/DatiRiepilogo",
        /// A new vehicle that was sold (DatiVeicoli).
        vehicle: Option<Box<Vehicle>> = "DatiVeicoli",
        /// How it is to be paid (DatiPagamento).
        payments: Vec<PaymentTerms> = "DatiPagamento",
        /// Files that came with it (Allegati).
        attachments: Vec<Attachment> = "Allegati",
    }

    /// A tax that the buyer withholds and pays.
    Withholding {
        /// TipoRitenuta: RT01 to RT06.
        kind: Option<String> = "TipoRitenuta",
        /// ImportoRitenuta.
        amount: Option<Number> = "ImportoRitenuta",
        /// In per cent (AliquotaRitenuta).
        rate: Option<Number> = "AliquotaRitenuta",
        /// What is paid for, as the withholding agent's return codes it (CausalePagamento).
        reason: Option<String> = "CausalePagamento",
    }

    /// A contribution to a pension fund.
    PensionFund {
        /// TipoCassa: TC01 to TC22.
        kind: Option<String> = "TipoCassa",
        /// In per cent (AlCassa).
        rate: Option<Number> = "AlCassa",
        /// ImportoContributoCassa.
        amount: Option<Number> = "ImportoContributoCassa",
        /// What it is reckoned on (ImponibileCassa).
        taxable: Option<Number> = "ImponibileCassa",
        /// The VAT on it, in per cent (AliquotaIVA).
        vat_rate: Option<Number> = "AliquotaIVA",
        /// `SI` if tax is withheld on it (Ritenuta).
        withheld: Option<String> = "Ritenuta",
        /// Why there is no VAT on it (Natura).
        nature: Option<String> = "Natura",
        /// RiferimentoAmministrazione.
        administration_reference: Option<String> = "RiferimentoAmministrazione",
    }

    /// A document that this one refers to.
    Link {
        /// The lines that it concerns (RiferimentoNumeroLinea); all if none is named.
        lines: Vec<Count> = "RiferimentoNumeroLinea",
        /// Its number (IdDocumento).
        number: Option<String> = "IdDocumento",
        /// Its date (Data).
        date: Option<Day> = "Data",
        /// The item in it (NumItem).
        item: Option<String> = "NumItem",
        /// CodiceCommessaConvenzione.
        project: Option<String> = "CodiceCommessaConvenzione",
        /// The code of a public project (CodiceCUP).
        cup: Option<String> = "CodiceCUP",
        /// The code of a public tender (CodiceCIG).
        cig: Option<String> = "CodiceCIG",
    }

    /// A note that went with goods.
    DeliveryNote {
        /// NumeroDDT.
        number: Option<String> = "NumeroDDT",
        /// DataDDT.
        date: Option<Day> = "DataDDT",
        /// The lines that it concerns (RiferimentoNumeroLinea); all if none is named.
        lines: Vec<Count> = "RiferimentoNumeroLinea",
    }

    /// How goods were carried.
    Transport {
        /// Who carried them (DatiAnagraficiVettore).
        carrier: Option<Party> = "DatiAnagraficiVettore",
        /// MezzoTrasporto.
        means: Option<String> = "MezzoTrasporto",
        /// CausaleTrasporto.
        reason: Option<String> = "CausaleTrasporto",
        /// How many packages there were (NumeroColli).
        packages: Option<Count> = "NumeroColli",
        /// Descrizione.
        description: Option<String> = "Descrizione",
        /// UnitaMisuraPeso.
        weight_unit: Option<String> = "UnitaMisuraPeso",
        /// PesoLordo.
        gross_weight: Option<Number> = "PesoLordo",
        /// PesoNetto.
        net_weight: Option<Number> = "PesoNetto",
        /// When they were fetched, as it is written (DataOraRitiro).
        fetched: Option<String> = "DataOraRitiro",
        /// DataInizioTrasporto.
        begun: Option<Day> = "DataInizioTrasporto",
        /// TipoResa: an Incoterm.
        incoterm: Option<String> = "TipoResa",
        /// IndirizzoResa.
        address: Option<Address> = "IndirizzoResa",
        /// When they were delivered, as it is written (DataOraConsegna).
        delivered: Option<String> = "DataOraConsegna",
    }

    /// The invoice that a carrier's further one belongs to.
    MainInvoice {
        /// NumeroFatturaPrincipale.
        number: Option<String> = "NumeroFatturaPrincipale",
        /// DataFatturaPrincipale.
        date: Option<Day> = "DataFatturaPrincipale",
    }

    /// The invoice that a simplified note corrects.
    CorrectedInvoice {
        /// NumeroFR.
        number: Option<String> = "NumeroFR",
        /// DataFR.
        date: Option<Day> = "DataFR",
        /// What is corrected (ElementiRettificati).
        corrections: Option<String> = "ElementiRettificati",
    }

    /// A new vehicle sold within the European Union.
    Vehicle {
        /// When it was first registered (Data).
        registered: Option<Day> = "Data",
        /// How far it has gone (TotalePercorso).
        distance: Option<String> = "TotalePercorso",
    }
}

impl Body {
    /// The total: as stated, or else the sum of taxable amounts and taxes of the summaries, in simplified documents of the lines' amounts.
    /// None if there are none of these, or one of them cannot be read.
    #[must_use]
    pub fn total(&self) -> Option<Decimal> {
        if let Some(stated) = &self.stated_total {
            return stated.value;
        }
        let of_summaries = self.summaries.iter().flat_map(|summary| [&summary.taxable, &summary.tax]);
        let of_lines = self.simplified_lines.iter().map(|line| &line.amount);
        let amounts: Vec<_> = of_summaries.chain(of_lines).flatten().collect();
        let sum = || amounts.iter().try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount.value?));
        (!amounts.is_empty()).then(sum)?
    }
}
