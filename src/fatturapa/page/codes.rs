//! The code lists of the specification, in the words of the schemas 1.2.3 and 1.0.2. For the reasons of a withholding the schemas name
//! no words: theirs are those of the instructions to the Certificazione Unica, shortened.

use std::borrow::Cow;

/// Codes with what they mean.
pub(super) type Codes = &'static [(&'static str, &'static str)];

/// What a code means; none if the list has no such code.
pub(super) fn meaning(list: Codes, code: &str) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning)
}

/// A code with what it means behind it; as it stands if the list has no such code.
pub(super) fn spelled(list: Codes, code: &str) -> Cow<'_, str> {
    meaning(list, code).map_or(Cow::Borrowed(code), |meaning| Cow::Owned(format!("{code} {meaning}")))
}

/// `TipoDocumento`.
pub(super) const DOCUMENT_TYPES: Codes = &[
    ("TD01", "Fattura"),
    ("TD02", "Acconto / anticipo su fattura"),
    ("TD03", "Acconto / anticipo su parcella"),
    ("TD04", "Nota di credito"),
    ("TD05", "Nota di debito"),
    ("TD06", "Parcella"),
    ("TD07", "Fattura semplificata"),
    ("TD08", "Nota di credito semplificata"),
    ("TD09", "Nota di debito semplificata"),
    ("TD16", "Integrazione fattura reverse charge interno"),
    ("TD17", "Integrazione/autofattura per acquisto servizi dall'estero"),
    ("TD18", "Integrazione per acquisto di beni intracomunitari"),
    ("TD19", "Integrazione/autofattura per acquisto di beni ex art. 17 c. 2 DPR 633/72"),
    (
        "TD20",
        "Autofattura per regolarizzazione e integrazione delle fatture (art. 6 c. 8 e 9-bis D.Lgs. 471/97 o art. 46 c. 5 D.L. 331/93)",
    ),
    ("TD21", "Autofattura per splafonamento"),
    ("TD22", "Estrazione beni da Deposito IVA"),
    ("TD23", "Estrazione beni da Deposito IVA con versamento dell'IVA"),
    ("TD24", "Fattura differita di cui all'art. 21, comma 4, terzo periodo, lett. a) DPR 633/72"),
    ("TD25", "Fattura differita di cui all'art. 21, comma 4, terzo periodo, lett. b) DPR 633/72"),
    ("TD26", "Cessione di beni ammortizzabili e per passaggi interni (art. 36 DPR 633/72)"),
    ("TD27", "Fattura per autoconsumo o per cessioni gratuite senza rivalsa"),
    ("TD28", "Acquisti da San Marino con IVA (fattura cartacea)"),
    (
        "TD29",
        "Comunicazione per omessa o irregolare fatturazione da parte del cedente/prestatore italiano (art. 6, comma 8, D.Lgs. 471/97)",
    ),
];

/// `FormatoTrasmissione`.
pub(super) const FORMATS: Codes =
    &[("FPA12", "Fattura verso PA"), ("FPR12", "Fattura verso privati"), ("FSM10", "Fattura verso privati semplificata")];

/// `RegimeFiscale`.
pub(super) const TAX_REGIMES: Codes = &[
    ("RF01", "Regime ordinario"),
    ("RF02", "Regime dei contribuenti minimi (art. 1, c. 96-117, L. 244/2007)"),
    ("RF04", "Agricoltura e attività connesse e pesca (artt. 34 e 34-bis, D.P.R. 633/1972)"),
    ("RF05", "Vendita sali e tabacchi (art. 74, c. 1, D.P.R. 633/1972)"),
    ("RF06", "Commercio dei fiammiferi (art. 74, c. 1, D.P.R. 633/1972)"),
    ("RF07", "Editoria (art. 74, c. 1, D.P.R. 633/1972)"),
    ("RF08", "Gestione di servizi di telefonia pubblica (art. 74, c. 1, D.P.R. 633/1972)"),
    ("RF09", "Rivendita di documenti di trasporto pubblico e di sosta (art. 74, c. 1, D.P.R. 633/1972)"),
    ("RF10", "Intrattenimenti, giochi e altre attività di cui alla tariffa allegata al D.P.R. 640/72 (art. 74, c. 6, D.P.R. 633/1972)"),
    ("RF11", "Agenzie di viaggi e turismo (art. 74-ter, D.P.R. 633/1972)"),
    ("RF12", "Agriturismo (art. 5, c. 2, L. 413/1991)"),
    ("RF13", "Vendite a domicilio (art. 25-bis, c. 6, D.P.R. 600/1973)"),
    ("RF14", "Rivendita di beni usati, di oggetti d'arte, d'antiquariato o da collezione (art. 36, D.L. 41/1995)"),
    ("RF15", "Agenzie di vendite all'asta di oggetti d'arte, antiquariato o da collezione (art. 40-bis, D.L. 41/1995)"),
    ("RF16", "IVA per cassa P.A. (art. 6, c. 5, D.P.R. 633/1972)"),
    ("RF17", "IVA per cassa (art. 32-bis, D.L. 83/2012)"),
    ("RF19", "Regime forfettario"),
    ("RF18", "Altro"),
    ("RF20", "Regime transfrontaliero di Franchigia IVA (Direttiva UE 2020/285)"),
];

/// `SoggettoEmittente`.
pub(super) const ISSUERS: Codes = &[("CC", "Cessionario / committente"), ("TZ", "Terzo")];

/// `SocioUnico`.
pub(super) const SHAREHOLDERS: Codes = &[("SU", "Socio unico"), ("SM", "Più soci")];

/// `StatoLiquidazione`.
pub(super) const LIQUIDATION: Codes = &[("LS", "In liquidazione"), ("LN", "Non in liquidazione")];

/// `TipoCessionePrestazione`.
pub(super) const SUPPLY_TYPES: Codes = &[("SC", "Sconto"), ("PR", "Premio"), ("AB", "Abbuono"), ("AC", "Spesa accessoria")];

/// `Tipo` of `ScontoMaggiorazione`.
pub(super) const DISCOUNTS: Codes = &[("SC", "Sconto"), ("MG", "Maggiorazione")];

/// `Natura`: why there is no VAT.
pub(super) const NATURES: Codes = &[
    ("N1", "Escluse ex art. 15 del D.P.R. 633/1972"),
    ("N2", "Non soggette"),
    ("N2.1", "Non soggette ad IVA ai sensi degli artt. da 7 a 7-septies del D.P.R. 633/1972"),
    ("N2.2", "Non soggette - altri casi"),
    ("N3", "Non imponibili"),
    ("N3.1", "Non imponibili - esportazioni"),
    ("N3.2", "Non imponibili - cessioni intracomunitarie"),
    ("N3.3", "Non imponibili - cessioni verso San Marino"),
    ("N3.4", "Non imponibili - operazioni assimilate alle cessioni all'esportazione"),
    ("N3.5", "Non imponibili - a seguito di dichiarazioni d'intento"),
    ("N3.6", "Non imponibili - altre operazioni che non concorrono alla formazione del plafond"),
    ("N4", "Esenti"),
    ("N5", "Regime del margine / IVA non esposta in fattura"),
    ("N6", "Inversione contabile"),
    ("N6.1", "Inversione contabile - cessione di rottami e altri materiali di recupero"),
    ("N6.2", "Inversione contabile - cessione di oro e argento ai sensi della legge 7/2000 nonché di oreficeria usata ad OPO"),
    ("N6.3", "Inversione contabile - subappalto nel settore edile"),
    ("N6.4", "Inversione contabile - cessione di fabbricati"),
    ("N6.5", "Inversione contabile - cessione di telefoni cellulari"),
    ("N6.6", "Inversione contabile - cessione di prodotti elettronici"),
    ("N6.7", "Inversione contabile - prestazioni comparto edile e settori connessi"),
    ("N6.8", "Inversione contabile - operazioni settore energetico"),
    ("N6.9", "Inversione contabile - altri casi"),
    ("N7", "IVA assolta in altro stato UE (art. 7-octies lett. a, b, art. 74-sexies D.P.R. 633/1972)"),
];

/// `EsigibilitaIVA`.
pub(super) const COLLECTABILITY: Codes =
    &[("D", "Esigibilità differita"), ("I", "Esigibilità immediata"), ("S", "Scissione dei pagamenti")];

/// `TipoRitenuta`.
pub(super) const WITHHOLDINGS: Codes = &[
    ("RT01", "Ritenuta di acconto persone fisiche"),
    ("RT02", "Ritenuta di acconto persone giuridiche"),
    ("RT03", "Contributo INPS"),
    ("RT04", "Contributo ENASARCO"),
    ("RT05", "Contributo ENPAM"),
    ("RT06", "Altro contributo previdenziale"),
];

/// `CausalePagamento`.
pub(super) const WITHHOLDING_REASONS: Codes = &[
    ("A", "Lavoro autonomo nell'esercizio di arte o professione abituale"),
    ("B", "Utilizzazione economica, da parte dell'autore o inventore, di opere dell'ingegno, brevetti, processi e formule"),
    ("C", "Utili da associazione in partecipazione o cointeressenza con apporto di solo lavoro"),
    ("D", "Utili spettanti ai soci promotori e ai soci fondatori delle società di capitali"),
    ("E", "Levata di protesti cambiari da parte dei segretari comunali"),
    ("G", "Indennità per la cessazione di attività sportiva professionale"),
    ("H", "Indennità per la cessazione di rapporti di agenzia di persone fisiche e società di persone"),
    ("I", "Indennità per la cessazione da funzioni notarili"),
    ("L", "Utilizzazione economica di opere dell'ingegno, brevetti, processi e formule da parte di aventi causa a titolo gratuito"),
    ("M", "Lavoro autonomo non esercitato abitualmente"),
    ("N", "Indennità, rimborsi, premi e compensi per attività sportive dilettantistiche"),
    ("O", "Lavoro autonomo non esercitato abitualmente, senza obbligo di iscrizione alla gestione separata"),
    ("P", "Compensi a non residenti senza stabile organizzazione per l'uso di attrezzature nel territorio dello Stato"),
    ("Q", "Provvigioni ad agente o rappresentante di commercio monomandatario"),
    ("R", "Provvigioni ad agente o rappresentante di commercio plurimandatario"),
    ("S", "Provvigioni a commissionario"),
    ("T", "Provvigioni a mediatore"),
    ("U", "Provvigioni a procacciatore di affari"),
    ("V", "Provvigioni a incaricato per le vendite a domicilio, porta a porta e ambulante di giornali"),
    ("W", "Corrispettivi per contratti d'appalto (art. 25-ter D.P.R. 600/1973)"),
    ("X", "Canoni corrisposti nel 2004 a società di altri stati UE (art. 26-quater D.P.R. 600/1973)"),
    ("Y", "Canoni corrisposti dal 1/1/2005 al 26/7/2005 a società di altri stati UE (art. 26-quater D.P.R. 600/1973)"),
    ("Z", "Titolo diverso dai precedenti"),
    ("L1", "Utilizzazione economica di opere dell'ingegno, brevetti, processi e formule da parte di chi ne ha acquistato i diritti"),
    ("M1", "Assunzione di obblighi di fare, di non fare o permettere"),
    ("M2", "Lavoro autonomo non esercitato abitualmente, con obbligo di iscrizione alla gestione separata ENPAPI"),
    ("O1", "Assunzione di obblighi di fare, di non fare o permettere, senza obbligo di iscrizione alla gestione separata"),
    ("V1", "Attività commerciali non esercitate abitualmente"),
    ("ZO", "Titolo diverso dai precedenti"),
];

/// `TipoCassa`.
pub(super) const PENSION_FUNDS: Codes = &[
    ("TC01", "Cassa nazionale previdenza e assistenza avvocati e procuratori legali"),
    ("TC02", "Cassa previdenza dottori commercialisti"),
    ("TC03", "Cassa previdenza e assistenza geometri"),
    ("TC04", "Cassa nazionale previdenza e assistenza ingegneri e architetti liberi professionisti"),
    ("TC05", "Cassa nazionale del notariato"),
    ("TC06", "Cassa nazionale previdenza e assistenza ragionieri e periti commerciali"),
    ("TC07", "Ente nazionale assistenza agenti e rappresentanti di commercio (ENASARCO)"),
    ("TC08", "Ente nazionale previdenza e assistenza consulenti del lavoro (ENPACL)"),
    ("TC09", "Ente nazionale previdenza e assistenza medici (ENPAM)"),
    ("TC10", "Ente nazionale previdenza e assistenza farmacisti (ENPAF)"),
    ("TC11", "Ente nazionale previdenza e assistenza veterinari (ENPAV)"),
    ("TC12", "Ente nazionale previdenza e assistenza impiegati dell'agricoltura (ENPAIA)"),
    ("TC13", "Fondo previdenza impiegati imprese di spedizione e agenzie marittime"),
    ("TC14", "Istituto nazionale previdenza giornalisti italiani (INPGI)"),
    ("TC15", "Opera nazionale assistenza orfani sanitari italiani (ONAOSI)"),
    ("TC16", "Cassa autonoma assistenza integrativa giornalisti italiani (CASAGIT)"),
    ("TC17", "Ente previdenza periti industriali e periti industriali laureati (EPPI)"),
    ("TC18", "Ente previdenza e assistenza pluricategoriale (EPAP)"),
    ("TC19", "Ente nazionale previdenza e assistenza biologi (ENPAB)"),
    ("TC20", "Ente nazionale previdenza e assistenza professione infermieristica (ENPAPI)"),
    ("TC21", "Ente nazionale previdenza e assistenza psicologi (ENPAP)"),
    ("TC22", "INPS"),
];

/// `CondizioniPagamento`.
pub(super) const PAYMENT_TERMS: Codes = &[("TP01", "Pagamento a rate"), ("TP02", "Pagamento completo"), ("TP03", "Anticipo")];

/// `ModalitaPagamento`.
pub(super) const PAYMENT_METHODS: Codes = &[
    ("MP01", "Contanti"),
    ("MP02", "Assegno"),
    ("MP03", "Assegno circolare"),
    ("MP04", "Contanti presso Tesoreria"),
    ("MP05", "Bonifico"),
    ("MP06", "Vaglia cambiario"),
    ("MP07", "Bollettino bancario"),
    ("MP08", "Carta di pagamento"),
    ("MP09", "RID"),
    ("MP10", "RID utenze"),
    ("MP11", "RID veloce"),
    ("MP12", "RIBA"),
    ("MP13", "MAV"),
    ("MP14", "Quietanza erario"),
    ("MP15", "Giroconto su conti di contabilità speciale"),
    ("MP16", "Domiciliazione bancaria"),
    ("MP17", "Domiciliazione postale"),
    ("MP18", "Bollettino di c/c postale"),
    ("MP19", "SEPA Direct Debit"),
    ("MP20", "SEPA Direct Debit CORE"),
    ("MP21", "SEPA Direct Debit B2B"),
    ("MP22", "Trattenuta su somme già riscosse"),
    ("MP23", "PagoPA"),
];

#[cfg(test)]
mod tests {
    use super::super::super::document_type::DocumentType;
    use super::*;

    const ORDINARY: &str = include_str!("../schema/fatturapa-1.2.3.xsd");
    const SIMPLIFIED: &str = include_str!("../schema/fatturapa-semplificata-1.0.2.xsd");

    /// The codes that a schema lists for a type.
    fn listed(schema: &'static str, name: &str) -> Vec<&'static str> {
        let (_, rest) = schema.split_once(&format!("simpleType name=\"{name}\"")).expect("the type is there");
        let (definition, _) = rest.split_once("</xs:simpleType>").expect("the type ends");
        definition.split("enumeration value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_code_of_the_schemas_has_its_meaning() {
        for (list, name) in [
            (TAX_REGIMES, "RegimeFiscaleType"),
            (ISSUERS, "SoggettoEmittenteType"),
            (SHAREHOLDERS, "SocioUnicoType"),
            (LIQUIDATION, "StatoLiquidazioneType"),
            (SUPPLY_TYPES, "TipoCessionePrestazioneType"),
            (DISCOUNTS, "TipoScontoMaggiorazioneType"),
            (NATURES, "NaturaType"),
            (COLLECTABILITY, "EsigibilitaIVAType"),
            (WITHHOLDINGS, "TipoRitenutaType"),
            (WITHHOLDING_REASONS, "CausalePagamentoType"),
            (PENSION_FUNDS, "TipoCassaType"),
            (PAYMENT_TERMS, "CondizioniPagamentoType"),
            (PAYMENT_METHODS, "ModalitaPagamentoType"),
        ] {
            let codes: Vec<_> = list.iter().map(|(code, _)| *code).collect();
            assert_eq!(codes, listed(ORDINARY, name), "{name}");
        }
        let formats: Vec<_> = FORMATS.iter().map(|(code, _)| *code).collect();
        assert_eq!(formats, [listed(ORDINARY, "FormatoTrasmissioneType"), listed(SIMPLIFIED, "FormatoTrasmissioneType")].concat());
        for name in ["RegimeFiscaleType", "NaturaType", "SocioUnicoType", "StatoLiquidazioneType", "SoggettoEmittenteType"] {
            assert!(listed(SIMPLIFIED, name).iter().all(|code| listed(ORDINARY, name).contains(code)), "{name}");
        }
    }

    #[test]
    fn every_document_type_has_its_name() {
        let codes: Vec<_> = DOCUMENT_TYPES.iter().map(|(code, _)| *code).collect();
        let types: Vec<_> = DocumentType::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes, types);
    }

    #[test]
    fn an_unknown_code_stands_alone() {
        assert_eq!(spelled(PAYMENT_METHODS, "MP05"), "MP05 Bonifico");
        assert_eq!(spelled(PAYMENT_METHODS, "MP99"), "MP99");
    }
}
