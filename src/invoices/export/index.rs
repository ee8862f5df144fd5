//! The index of an export: a line for each document, for spreadsheets and programs (CSV, UTF-8).

/// The names of the columns.
pub(in crate::invoices) const HEADING: [&str; 19] = [
    "path",
    "problem",
    "sha256",
    "id",
    "kind",
    "state",
    "day",
    "number",
    "document_type",
    "seller",
    "seller_vat_number",
    "buyer",
    "buyer_vat_number",
    "total",
    "currency",
    "sdi_identifier",
    "file_name",
    "size_bytes",
    "stored_time",
];

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
