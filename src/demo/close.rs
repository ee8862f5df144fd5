//! The end: the books agree, and the stranger gets lines to try.

use super::Story;
use super::check::{Given as _, Stop};
use super::shown::bytes;
use super::stage::Folder;
use crate::terminal::EndSignals;

/// So many characters of a token on a line, so that no line is wider than 100 columns.
const TOKEN_PIECE: usize = 96;

/// Looks at the books, says what was seen, and serves until it is told to end, unless the demo is to end here.
pub(super) async fn close(story: &mut Story, folder: &Folder, exit: bool, signals: &mut EndSignals) -> Result<(), Stop> {
    audit(story).await.map_err(|stop| story.at_step(stop))?;
    story.tell.gap();
    story.tell.checked(&format!("{} steps, {} checks: everything went as the rules say", story.tell.steps(), story.check.made()));
    if folder.is_kept() {
        tell_kept(story, folder);
    }
    if exit {
        return Ok(());
    }
    tell_lines(story)?;
    story.stage.serve(signals).await
}

/// usage = sum of the ledger = sum of the stored documents (S1).
async fn audit(story: &mut Story) -> Result<(), Stop> {
    story.tell.step("The books agree");
    let report = story.stage.audit().await?;
    story.check.same("differences that the audit found", String::new(), report.differences.join("; "))?;
    story.check.same("accounts", 1, report.accounts)?;
    story.check.same("bytes of all documents", story.stored.to_string(), report.bytes.to_string())?;
    let space = story.space().await?;
    story.tell.bar("at the end", space.usage_bytes, space.capacity_bytes);
    story.tell.gap();
    story.tell.checked(&format!(
        "{} documents, {}: usage, ledger and stored documents agree to the byte",
        report.documents,
        bytes(story.stored)
    ));
    Ok(())
}

/// How to look at what was kept.
fn tell_kept(story: &Story, folder: &Folder) {
    let folder = quoted(&folder.path().display().to_string());
    story.tell.heading("Kept: the database, the mails in mail/, and the development key. Once the demo has ended:");
    for line in [
        format!("spazio serve --database sqlite://{folder}/spazio.db --set data.folder={folder}"),
        format!("spazio audit --database sqlite://{folder}/spazio.db"),
    ] {
        story.tell.paste(&line);
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+:@".contains(c));
    if plain { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Calls to be pasted into another terminal.
fn tell_lines(story: &Story) -> Result<(), Stop> {
    let token = story.stage.customers_token().given("the customer's token")?;
    let address = story.stage.address();
    let tell = &story.tell;
    tell.heading("The server stays until Ctrl-C. Paste these into another terminal; the token is the customer's:");
    tell.paste(&folded(&format!("TOKEN={token}")));
    tell.gap();
    for symbol in ["list", "describe spazio.v1.QuotaService.GetSpace", "describe spazio.v1.Recommendation"] {
        tell.paste(&format!("grpcurl -plaintext {address} {symbol}"));
    }
    for (message, method) in [
        ("{}", "QuotaService/GetSpace"),
        (r#"{"page_size": 3}"#, "InvoicesService/ListInvoices"),
        (r#"{"extension": true}"#, "QuotaService/RecommendQuantity"),
        (r#"{"page_size": 1}"#, "OrderService/ListOrders"),
    ] {
        tell.paste(&call(&address, message, method));
    }
    tell.gap();
    tell.say("# And one that is refused, with everything that is wrong with it at once:");
    tell.paste(&call(&address, r#"{"page_size":1000,"counterpart":"x"}"#, "InvoicesService/ListInvoices"));
    tell.gap();
    Ok(())
}

fn call(address: &str, message: &str, method: &str) -> String {
    format!("grpcurl -plaintext -H \"authorization: Bearer $TOKEN\" \\\n  -d '{message}' {address} spazio.v1.{method}")
}

/// A long word over several lines, as a shell joins it again.
fn folded(word: &str) -> String {
    let characters: Vec<char> = word.chars().collect();
    let pieces: Vec<String> = characters.chunks(TOKEN_PIECE).map(|piece| piece.iter().collect()).collect();
    pieces.join("\\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_token_is_one_word_to_a_shell() {
        let word = "x".repeat(2 * TOKEN_PIECE + 5);
        let text = folded(&word);
        assert!(text.lines().all(|line| line.len() <= 100));
        assert_eq!(text.replace("\\\n", ""), word);
    }

    #[test]
    fn a_path_that_a_shell_would_split_is_quoted() {
        assert_eq!(quoted("/tmp/demo"), "/tmp/demo");
        assert_eq!(quoted("/tmp/my demo"), "'/tmp/my demo'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
