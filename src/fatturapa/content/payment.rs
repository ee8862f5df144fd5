//! How an invoice is to be paid.

use super::record::records;
use super::written::{Count, Day, Number};

records! {
    /// Payments under one condition.
    PaymentTerms {
        /// By instalments (TP01), at once (TP02) or in advance (TP03) (CondizioniPagamento).
        conditions: Option<String> = "CondizioniPagamento",
        /// DettaglioPagamento.
        payments: Vec<Payment> = "DettaglioPagamento",
    }

    /// A payment that is due.
    Payment {
        /// Who gets it, if not the seller (Beneficiario).
        payee: Option<String> = "Beneficiario",
        /// How (ModalitaPagamento): MP01 to MP23.
        method: Option<String> = "ModalitaPagamento",
        /// The day from which the term runs (DataRiferimentoTerminiPagamento).
        term_begin: Option<Day> = "DataRiferimentoTerminiPagamento",
        /// The term in days (GiorniTerminiPagamento).
        term_days: Option<Count> = "GiorniTerminiPagamento",
        /// DataScadenzaPagamento.
        due: Option<Day> = "DataScadenzaPagamento",
        /// ImportoPagamento.
        amount: Option<Number> = "ImportoPagamento",
        /// CodUfficioPostale.
        post_office: Option<String> = "CodUfficioPostale",
        /// Who signs for cash: the last name (CognomeQuietanzante).
        receiver_last_name: Option<String> = "CognomeQuietanzante",
        /// The first name (NomeQuietanzante).
        receiver_first_name: Option<String> = "NomeQuietanzante",
        /// The fiscal code (CFQuietanzante).
        receiver_fiscal_code: Option<String> = "CFQuietanzante",
        /// The title (TitoloQuietanzante).
        receiver_title: Option<String> = "TitoloQuietanzante",
        /// IstitutoFinanziario.
        bank: Option<String> = "IstitutoFinanziario",
        /// IBAN.
        iban: Option<String> = "IBAN",
        /// ABI: the bank's code.
        abi: Option<String> = "ABI",
        /// CAB: the branch's code.
        cab: Option<String> = "CAB",
        /// BIC.
        bic: Option<String> = "BIC",
        /// What is taken off if it is paid early (ScontoPagamentoAnticipato).
        early_discount: Option<Number> = "ScontoPagamentoAnticipato",
        /// The last day that counts as early (DataLimitePagamentoAnticipato).
        early_until: Option<Day> = "DataLimitePagamentoAnticipato",
        /// What is added if it is paid late (PenalitaPagamentiRitardati).
        late_penalty: Option<Number> = "PenalitaPagamentiRitardati",
        /// The first day that counts as late (DataDecorrenzaPenale).
        late_from: Option<Day> = "DataDecorrenzaPenale",
        /// What is to be given as reference (CodicePagamento).
        reference: Option<String> = "CodicePagamento",
    }
}
