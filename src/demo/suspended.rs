//! Act two: the space is full. What stops, what goes on, and how the panel knows.

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::check::{Given as _, Refusal, Stop};
use super::papers::{Paper, Way};
use super::shown::{action, bytes, day};
use super::{Story, fill};
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::ErrorReason;
use crate::space::BYTES_PER_GIGABYTE;

/// A received invoice and its bytes, to be read back.
pub(super) struct Kept {
    id: String,
    bytes: Vec<u8>,
}

/// A sent invoice that would cross 100% is refused; receiving goes on and does cross it; then even the interceptor refuses.
pub(super) async fn refuse(story: &mut Story, request: &pb::CreateSentInvoiceRequest) -> Result<Kept, Stop> {
    story.tell.step("A sent invoice that would cross 100% is refused");
    let needed = u64::try_from(request.file.len()).map_err(Stop::stage)?;
    let free = story.plan_bytes - story.stored;
    let refusal = refuse_for_space(story, request).await?;
    same_number(story, &refusal, "needed_bytes", needed)?;
    same_number(story, &refusal, "free_bytes", free)?;
    same_number(story, &refusal, "gb_to_buy", (needed - free).div_ceil(BYTES_PER_GIGABYTE))?;
    story.tell.say(&format!("{} of {}, {} are free.", request.file_name, bytes(needed), bytes(free)));
    story.tell.refused(&refusal);
    story.space().await?;
    story.tell.checked("nothing was stored, nothing was charged");

    story.tell.step("A supplier's invoice is received all the same");
    let day = story.stage.today();
    let paper = story.papers.exceeding(Way::Received, day, free.max(1));
    let kept = receive(story, paper).await?;
    let space = story.space().await?;
    story.check.same("the level", "SPACE_LEVEL_EXHAUSTED", space.level().as_str_name())?;
    story.check.same("the account", "ACCOUNT_STATE_SUSPENDED", space.account_state().as_str_name())?;
    story.check.holds("the panel shows 100% or more", space.used_percent.parse::<f64>().is_ok_and(|percent| percent >= 100.0))?;
    story.tell.say("What was delivered is kept, however far usage exceeds the space. The account is now suspended, and told so.");
    story.tell.gap();
    story.tell.bar("suspended", space.usage_bytes, space.capacity_bytes);
    let letters = story.stage.new_letters().await?;
    story.check.same("mails about the suspension", 1, letters.len())?;
    for letter in &letters {
        story.tell.mail_subject(letter);
    }

    story.tell.step("The same sent invoice again: refused before its file is read");
    let refusal = refuse_for_space(story, request).await?;
    story.check.holds("the refusal knows nothing of the file", !refusal.metadata.contains_key("needed_bytes"))?;
    story.tell.say("The quota interceptor looks at the account and answers, whatever the size of the document that follows.");
    story.tell.refused(&refusal);
    Ok(kept)
}

/// The request is refused for space.
pub(super) async fn refuse_for_space(story: &mut Story, request: &pb::CreateSentInvoiceRequest) -> Result<Refusal, Stop> {
    let answer = story.stage.invoices().create_sent_invoice(story.stage.as_customer(request.clone())).await;
    let refusal = story.check.refused("creating a sent invoice", ErrorReason::SpaceExhausted, answer)?;
    same_number(story, &refusal, "used_bytes", story.stored)?;
    same_number(story, &refusal, "capacity_bytes", story.plan_bytes)?;
    Ok(refusal)
}

fn same_number(story: &mut Story, refusal: &Refusal, key: &str, expected: u64) -> Result<(), Stop> {
    let found = refusal.metadata.get(key).cloned().unwrap_or_else(|| "nothing".to_owned());
    story.check.same(format!("{key} of the refusal"), expected.to_string(), found)
}

async fn receive(story: &mut Story, paper: Paper) -> Result<Kept, Stop> {
    let bytes = paper.bytes.clone();
    let invoice = fill::receive(story, paper).await?;
    Ok(Kept { id: invoice.invoice_id, bytes })
}

/// Listing, reading and downloading go on.
pub(super) async fn go_on(story: &mut Story, kept: &Kept) -> Result<(), Stop> {
    story.tell.step("Listing, reading and downloading go on");
    let request = pb::ListInvoicesRequest { page_size: 5, ..Default::default() };
    let listed = story.stage.invoices().list_invoices(story.stage.as_customer(request)).await?.into_inner();
    story.check.same("invoices on the page", 5, listed.invoices.len())?;
    story.check.same("the latest invoice", kept.id.as_str(), listed.invoices[0].invoice_id.as_str())?;
    story.check.holds("there are more pages", !listed.next_page_token.is_empty())?;
    story.tell.table(&["", "number", "date>", "total>", "size>", "from or to"], &listed.invoices.iter().map(row).collect::<Vec<_>>());
    story.tell.gap();

    let request = pb::GetInvoiceRequest { invoice_id: kept.id.clone() };
    let read = story.stage.invoices().get_invoice(story.stage.as_customer(request)).await?.into_inner().invoice.given("the invoice")?;
    let (description, file) = download(story, &kept.id).await?;
    let digest = HEXLOWER.encode(digest(&SHA256, &kept.bytes).as_ref());
    story.check.holds("the download is byte for byte what was received", file == kept.bytes)?;
    story.check.same("the digest of the download", digest.as_str(), description.sha256.as_str())?;
    story.check.same("the digest of the invoice", digest.as_str(), read.sha256.as_str())?;
    story.tell.checked(&format!("{} downloaded: {} bytes, as they came", description.file_name, file.len()));
    Ok(())
}

fn row(invoice: &pb::Invoice) -> Vec<String> {
    let (direction, counterpart) = match invoice.direction() {
        pb::Direction::Received => ("received", &invoice.seller),
        pb::Direction::Sent | pb::Direction::Unspecified => ("sent", &invoice.buyer),
    };
    let name = counterpart.as_ref().map(|party| party.name.chars().take(32).collect()).unwrap_or_default();
    let total = format!("{} {}", invoice.total, invoice.currency);
    vec![direction.to_owned(), invoice.number.clone(), day(invoice.issue_day.as_ref()), total, bytes(invoice.size_bytes), name]
}

async fn download(story: &Story, id: &str) -> Result<(pb::FileDescription, Vec<u8>), Stop> {
    use pb::download_invoice_response::Part;
    let request = pb::DownloadInvoiceRequest { invoice_id: id.to_owned(), ..Default::default() };
    let mut parts = story.stage.invoices().download_invoice(story.stage.as_customer(request)).await?.into_inner();
    let (mut description, mut file) = (None, Vec::new());
    while let Some(message) = parts.message().await? {
        match message.part.given("a part of the download")? {
            Part::Description(found) => description = Some(found),
            Part::Chunk(bytes) => file.extend_from_slice(&bytes),
        }
    }
    Ok((description.given("the description of the download")?, file))
}

/// What is permitted, and why not: no client has to work the rules out again.
pub(super) async fn permissions(story: &mut Story) -> Result<(), Stop> {
    story.tell.step("The panel knows which buttons to grey out, and why");
    let space = story.space().await?;
    story.check.same("the number of actions", 5, space.actions.len())?;
    for found in &space.actions {
        let expected = found.action() != pb::Action::WriteSentInvoices;
        story.check.same(format!("{} is permitted", action(found.action())), expected, found.permitted)?;
        let reason = if expected { "" } else { "SPACE_EXHAUSTED" };
        story.check.same(format!("the reason of {}", action(found.action())), reason, found.reason.as_str())?;
    }
    let rows = space.actions.iter().map(|found| {
        let permitted = if found.permitted { "yes" } else { "no" };
        vec![action(found.action()).to_owned(), permitted.to_owned(), found.message.clone()]
    });
    story.tell.table(&["action", "permitted", "why not"], &rows.collect::<Vec<_>>());
    Ok(())
}
