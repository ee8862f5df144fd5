//! Who has to do with an invoice, and how it travels.

use super::super::format::Format;
use super::record::records;
use super::written::{Day, Number, Written};

records! {
    /// What stands once in a file, whatever the number of its documents (FatturaElettronicaHeader).
    Header {
        /// How the file travels (DatiTrasmissione).
        transmission: Option<Transmission> = "DatiTrasmissione",
        /// Who issues the documents (CedentePrestatore).
        seller: Option<Party> = "CedentePrestatore",
        /// The seller's tax representative (RappresentanteFiscale) of an ordinary invoice. A simplified one names it inside of the seller.
        representative: Option<Box<Party>> = "RappresentanteFiscale",
        /// Whom they are issued to (CessionarioCommittente).
        buyer: Option<Party> = "CessionarioCommittente",
        /// Who issues them for the seller (TerzoIntermediarioOSoggettoEmittente).
        intermediary: Option<Box<Party>> = "TerzoIntermediarioOSoggettoEmittente",
        /// Whether buyer (CC) or a third party (TZ) issues them (SoggettoEmittente).
        issued_by: Option<String> = "SoggettoEmittente",
    }

    /// How a file travels.
    Transmission {
        /// Who sends it (IdTrasmittente).
        sender: Option<FiscalId> = "IdTrasmittente",
        /// The sender's own number of the file (ProgressivoInvio).
        progressive: Option<String> = "ProgressivoInvio",
        /// FormatoTrasmissione.
        format: Option<Written<Format>> = "FormatoTrasmissione",
        /// Where it goes (CodiceDestinatario): 6 characters of an office, 7 of a channel.
        recipient_code: Option<String> = "CodiceDestinatario",
        /// The sender's telephone number.
        telephone: Option<String> = "ContattiTrasmittente/Telefono",
        /// The sender's mail address.
        email: Option<String> = "ContattiTrasmittente/Email",
        /// The certified mail address that it goes to (PECDestinatario).
        recipient_pec: Option<String> = "PECDestinatario",
    }

    /// A VAT number (IdFiscaleIVA), or another number of that form.
    FiscalId {
        /// The country's code (IdPaese): `IT`.
        country: Option<String> = "IdPaese",
        /// The number without it (IdCodice).
        code: Option<String> = "IdCodice",
    }

    /// Somebody named by an invoice.
    Party {
        /// The VAT number (IdFiscaleIVA).
        vat: Option<FiscalId> = "DatiAnagrafici/IdFiscaleIVA" | "IdentificativiFiscali/IdFiscaleIVA" | "IdFiscaleIVA",
        /// CodiceFiscale.
        fiscal_code: Option<String> = "DatiAnagrafici/CodiceFiscale" | "IdentificativiFiscali/CodiceFiscale" | "CodiceFiscale",
        /// A company's name (Denominazione).
        company: Option<String> =
            "DatiAnagrafici/Anagrafica/Denominazione" | "Anagrafica/Denominazione" | "AltriDatiIdentificativi/Denominazione" | "Denominazione",
        /// A person's first name (Nome).
        first_name: Option<String> = "DatiAnagrafici/Anagrafica/Nome" | "Anagrafica/Nome" | "AltriDatiIdentificativi/Nome" | "Nome",
        /// A person's last name (Cognome).
        last_name: Option<String> =
            "DatiAnagrafici/Anagrafica/Cognome" | "Anagrafica/Cognome" | "AltriDatiIdentificativi/Cognome" | "Cognome",
        /// A person's title (Titolo).
        title: Option<String> = "DatiAnagrafici/Anagrafica/Titolo" | "Anagrafica/Titolo",
        /// The number for dealings with customs (CodEORI).
        eori: Option<String> = "DatiAnagrafici/Anagrafica/CodEORI" | "Anagrafica/CodEORI",
        /// The seller's professional register, and what it says of the seller.
        profession: Option<Box<Profession>> = "DatiAnagrafici",
        /// The seller's tax regime (RegimeFiscale): RF01 to RF20.
        tax_regime: Option<String> = "DatiAnagrafici/RegimeFiscale" | "RegimeFiscale",
        /// A carrier's driving licence (NumeroLicenzaGuida).
        driving_licence: Option<String> = "NumeroLicenzaGuida",
        /// The registered office (Sede).
        address: Option<Box<Address>> = "Sede" | "AltriDatiIdentificativi/Sede",
        /// The establishment in Italy of somebody from abroad (StabileOrganizzazione).
        establishment: Option<Box<Address>> = "StabileOrganizzazione" | "AltriDatiIdentificativi/StabileOrganizzazione",
        /// The party's own tax representative (RappresentanteFiscale).
        representative: Option<Box<Party>> = "RappresentanteFiscale" | "AltriDatiIdentificativi/RappresentanteFiscale",
        /// The entry in the register of companies (IscrizioneREA).
        company_register: Option<Box<CompanyRegister>> = "IscrizioneREA",
        /// A telephone number.
        telephone: Option<String> = "Contatti/Telefono",
        /// A fax number.
        fax: Option<String> = "Contatti/Fax",
        /// A mail address.
        email: Option<String> = "Contatti/Email",
        /// How the buyer's books call the seller (RiferimentoAmministrazione).
        administration_reference: Option<String> = "RiferimentoAmministrazione",
    }

    /// A professional register's entry.
    Profession {
        /// The register (AlboProfessionale).
        register: Option<String> = "AlboProfessionale",
        /// Its province (ProvinciaAlbo).
        province: Option<String> = "ProvinciaAlbo",
        /// The number in it (NumeroIscrizioneAlbo).
        number: Option<String> = "NumeroIscrizioneAlbo",
        /// Since when (DataIscrizioneAlbo).
        since: Option<Day> = "DataIscrizioneAlbo",
    }

    /// An address.
    Address {
        /// Indirizzo.
        street: Option<String> = "Indirizzo",
        /// NumeroCivico.
        house_number: Option<String> = "NumeroCivico",
        /// CAP: five digits.
        postal_code: Option<String> = "CAP",
        /// Comune.
        town: Option<String> = "Comune",
        /// Provincia: two letters.
        province: Option<String> = "Provincia",
        /// Nazione: the country's code.
        country: Option<String> = "Nazione",
    }

    /// The register of companies' entry (IscrizioneREA).
    CompanyRegister {
        /// The province of the office (Ufficio).
        office: Option<String> = "Ufficio",
        /// NumeroREA.
        number: Option<String> = "NumeroREA",
        /// The share capital in euro (CapitaleSociale).
        share_capital: Option<Number> = "CapitaleSociale",
        /// Whether it belongs to one (SU) or several (SM) (SocioUnico).
        members: Option<String> = "SocioUnico",
        /// Whether it is being wound up (LS) or not (LN) (StatoLiquidazione).
        liquidation: Option<String> = "StatoLiquidazione",
    }
}

impl FiscalId {
    /// The number with its country before it: `IT01234567897`. None if it has no number.
    #[must_use]
    pub fn full(&self) -> Option<String> {
        let code = self.code.as_deref()?;
        Some(format!("{}{code}", self.country.as_deref().unwrap_or_default()))
    }
}

impl Party {
    /// The company's name, or else the person's first and last one.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.company.clone().or_else(|| match (&self.first_name, &self.last_name) {
            (Some(first), Some(last)) => Some(format!("{first} {last}")),
            (first, last) => first.as_ref().or(last.as_ref()).cloned(),
        })
    }
}
