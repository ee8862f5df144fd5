//! The index of an export: a line for each document, for spreadsheets and programs (CSV, UTF-8).

/// Defines what the index says of a document: each field is a column, named like it.
macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What the index says of a document besides where it stands; empty where it does not apply.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Described {
            $($(#[$doc])* pub $name: String,)+
        }

        /// The names of the columns.
        pub(super) const HEADING: &[&str] = &["path", "problem", "sha256", $(stringify!($name)),+];

        impl Described {
            /// The line of a document under this path with this digest, or with what is the matter with it.
            pub fn line(&self, path: &str, problem: &str, sha256: &str) -> String {
                line(&[path, problem, sha256, $(&self.$name),+])
            }
        }
    };
}

columns! {
    /// Its id as others know it.
    id,
    /// sent, received or receipt.
    kind,
    /// Of an invoice; of a receipt which message of the SdI it is.
    state,
    /// The day it is listed under.
    day,
    number,
    document_type,
    seller,
    seller_vat_number,
    seller_fiscal_code,
    buyer,
    buyer_vat_number,
    buyer_fiscal_code,
    /// How many invoices the file holds.
    invoices_in_file,
    /// Of the first of them, like all of the above.
    total,
    currency,
    sdi_identifier,
    /// Of a receipt: the invoice it speaks of, if that is known.
    invoice_id,
    file_name,
    size_bytes,
    stored_time,
}

/// A line of the index, its end included.
pub(in crate::invoices) fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<_> = cells.iter().map(|value| cell(value.as_ref())).collect();
    cells.join(",") + "\r\n"
}

/// A value in quotes. Text of strangers that a spreadsheet would take for a formula begins with an apostrophe.
fn cell(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '@', '\t', '\r']) || (value.starts_with('-') && value.parse::<f64>().is_err());
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_in_quotes_and_none_is_a_formula() {
        assert_eq!(line(&["a", "say \"no\"", "", "1,5"]), "\"a\",\"say \"\"no\"\"\",\"\",\"1,5\"\r\n");
        assert_eq!(line(&["=1+1", "@SUM(A1)", "-2+3", "-122.00", "+39"]), "\"'=1+1\",\"'@SUM(A1)\",\"'-2+3\",\"-122.00\",\"'+39\"\r\n");
    }
}
