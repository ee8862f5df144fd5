//! Act one: an account is opened, and its invoices fill the space over some months.

use super::check::{Given as _, Stop};
use super::papers::{Paper, Way};
use super::shown::{bytes, long, percentage};
use super::{Story, invoices};
use crate::clock::CalendarDay;
use crate::fatturapa::ReceiptKind;
use crate::pb::spazio::v1 as pb;

/// Levels of the space in per cent (S5).
const WARNING: u64 = 70;
const CRITICAL: u64 = 90;
/// From here on the next sent invoice need not fit.
const NEARLY_FULL: u64 = 98;
/// Room left for the receipt of a sent invoice, which is charged too.
const RECEIPT_BYTES: u64 = 2_048;

/// Opens the account on the trial plan that fits the documents.
pub(super) async fn open_account(story: &mut Story) -> Result<(), Stop> {
    let Story { stage, tell, check, papers, dates, .. } = story;
    tell.step("An account is opened");
    let holder = papers.holder();
    let request = pb::CreateAccountRequest {
        request_id: stage.request_id(),
        holder: Some(pb::Holder {
            company: holder.name.clone(),
            vat_number: format!("IT{}", holder.vat),
            email: "amministrazione@cliente.example".to_owned(),
            language: pb::Language::En.into(),
            ..Default::default()
        }),
        base_plan: papers.plan(),
        purchase_time: None,
    };
    let account = stage.accounts().create_account(stage.as_service(request)).await?.into_inner().account.given("the account")?;
    check.same("the account's state", "ACCOUNT_STATE_ACTIVE", account.state().as_str_name())?;
    stage.act_for(account.account_id.parse().map_err(Stop::stage)?);
    let name = holder.name.clone();
    let purchase = dates.purchase;

    let space = story.space().await?;
    story.plan_bytes = space.capacity_bytes;
    story.tell.say(&format!("{}: {name} buys {} of space for its invoices, for one year.", long(purchase), bytes(space.capacity_bytes)));
    story.tell.gap();
    story.tell.bar("empty", space.usage_bytes, space.capacity_bytes);
    Ok(())
}

/// Stores invoices until the next sent one does not fit. The request that would store that one is handed back.
pub(super) async fn fill(story: &mut Story) -> Result<pb::CreateSentInvoiceRequest, Stop> {
    story.tell.step("Invoices fill the space, month by month");
    story.tell.say("Two of three are sent: stored as drafts, queued, and delivered when the SdI's receipt comes. One is received.");
    story.tell.gap();
    let mut count = 0_usize;
    loop {
        let day = day_at(story);
        month_ends(story, day).await?;
        story.stage.turn_to(day);
        let way = if count % 3 == 2 { Way::Received } else { Way::Sent };
        let Some(paper) = next(story, way, day) else { break };
        count += 1;
        let before = level(story);
        match way {
            Way::Sent => send(story, paper).await?,
            Way::Received => drop(receive(story, paper).await?),
        }
        if level(story) > before {
            tell_level(story).await?;
        }
    }
    let space = story.space().await?;
    let today = story.stage.today().date().format("%B").to_string();
    story.tell.bar(&today, space.usage_bytes, space.capacity_bytes);
    story.tell.gap();
    story.tell.checked(&format!("{count} invoices stored; usage is the sum of their bytes and of their receipts, to the byte"));
    let free = story.plan_bytes - story.stored;
    let day = story.stage.today();
    let paper = story.papers.exceeding(Way::Sent, day, free + 1);
    Ok(pb::CreateSentInvoiceRequest { request_id: story.stage.request_id(), file: paper.bytes, file_name: paper.file_name })
}

/// The day on which the space was as full as it is: filling takes the months of the story, evenly.
fn day_at(story: &Story) -> CalendarDay {
    let days = u64::from(story.dates.days_until_full()) * story.stored / story.plan_bytes;
    story.dates.purchase.plus_days(u32::try_from(days).unwrap_or(0))
}

/// Shows the space when a month has passed.
async fn month_ends(story: &mut Story, day: CalendarDay) -> Result<(), Stop> {
    let today = story.stage.today();
    if (today.year(), today.month()) != (day.year(), day.month()) {
        let space = story.space().await?;
        story.tell.bar(&today.date().format("%B").to_string(), space.usage_bytes, space.capacity_bytes);
    }
    Ok(())
}

/// The next document that fits. Before the warning none is so large that it would pass over it.
fn next(story: &mut Story, way: Way, day: CalendarDay) -> Option<Paper> {
    let warned = level(story) > 0;
    let limit = if warned { story.plan_bytes } else { story.plan_bytes * CRITICAL / 100 };
    let most = limit.saturating_sub(story.stored + RECEIPT_BYTES);
    // Where the files of a folder are too large for what is left, generated ones bring the space to its mark.
    let nearly_full = story.stored * 100 >= story.plan_bytes * NEARLY_FULL;
    let fitting = story.papers.fitting(way, day, most);
    if nearly_full { fitting } else { fitting.or_else(|| Some(story.papers.filler(way, day))) }
}

/// 0 to 3: how many thresholds usage has reached.
fn level(story: &Story) -> usize {
    let reached = |percent: &&u64| story.stored * 100 >= story.plan_bytes * **percent;
    [WARNING, CRITICAL, 100].iter().filter(reached).count()
}

/// A level was crossed: the space says so, and one mail came (S5).
async fn tell_level(story: &mut Story) -> Result<(), Stop> {
    let space = story.space().await?;
    let expected = [pb::SpaceLevel::Ok, pb::SpaceLevel::Warning, pb::SpaceLevel::Critical, pb::SpaceLevel::Exhausted][level(story)];
    story.check.same("the level of the space", expected.as_str_name(), space.level().as_str_name())?;
    let letters = story.stage.new_letters().await?;
    story.check.same("mails about the level that was crossed", 1, letters.len())?;
    let letter = letters.first().given("the mail")?;
    let told = percentage(story.crossed_at, story.plan_bytes);
    story.check.holds(format!("the mail tells {told}%"), letter.text.contains(&told))?;
    let share = told.split('.').next().unwrap_or_default();
    // As full as it was then, which is what the mail tells: the invoice's receipt has come since.
    story.tell.bar(&format!("{share}% is passed"), story.crossed_at, space.capacity_bytes);
    if expected == pb::SpaceLevel::Warning {
        story.tell.gap();
        story.tell.mail(letter);
        story.tell.gap();
    } else {
        story.tell.mail_subject(letter);
    }
    Ok(())
}

/// Stores a sent invoice, queues it, and records the SdI's receipt: it is delivered.
async fn send(story: &mut Story, paper: Paper) -> Result<(), Stop> {
    let Story { stage, check, .. } = story;
    let (size, file_name) = (paper.size(), paper.file_name.clone());
    let request = pb::CreateSentInvoiceRequest { request_id: stage.request_id(), file: paper.bytes, file_name: paper.file_name };
    let created = stage.invoices().create_sent_invoice(stage.as_customer(request)).await?.into_inner();
    let draft = created.invoice.given("the draft")?;
    check.same("the size that is charged", size, draft.size_bytes)?;
    check.holds("the document is new", !created.already_stored)?;
    grow(story, size);

    let Story { stage, check, .. } = story;
    let request = pb::QueueSentInvoiceRequest { request_id: stage.request_id(), invoice_id: draft.invoice_id, etag: draft.etag };
    stage.invoices().queue_sent_invoice(stage.as_customer(request)).await?;
    let receipt = invoices::receipt(ReceiptKind::Delivered, &file_name, stage.now()).map_err(Stop::stage)?;
    let size = u64::try_from(receipt.bytes.len()).map_err(Stop::stage)?;
    let request = pb::RecordReceiptRequest { request_id: stage.request_id(), file: receipt.bytes, file_name: receipt.file_name };
    let recorded = stage.invoices().record_receipt(stage.as_service(request)).await?.into_inner();
    let invoice = recorded.invoice.given("the invoice that the receipt speaks of")?;
    check.same("the state after the receipt", "INVOICE_STATE_DELIVERED", invoice.state().as_str_name())?;
    grow(story, size);
    Ok(())
}

/// Receives an invoice.
pub(super) async fn receive(story: &mut Story, paper: Paper) -> Result<pb::Invoice, Stop> {
    let Story { stage, check, .. } = story;
    let size = paper.size();
    let request = pb::ReceiveInvoiceRequest { request_id: stage.request_id(), file: paper.bytes, file_name: paper.file_name };
    let received = stage.invoices().receive_invoice(stage.as_service(request)).await?.into_inner();
    let invoice = received.invoice.given("the received invoice")?;
    check.holds("the document is new", !received.already_stored)?;
    check.same("the size that is charged", size, invoice.size_bytes)?;
    check.same("the state of a received invoice", "INVOICE_STATE_RECEIVED", invoice.state().as_str_name())?;
    grow(story, size);
    Ok(invoice)
}

/// Adds up what was stored, a minute after the other, and notes the usage at which a level was crossed: that is what the mail tells.
pub(super) fn grow(story: &mut Story, size: u64) {
    story.stage.a_minute_passes();
    let before = level(story);
    story.stored += size;
    if level(story) > before {
        story.crossed_at = story.stored;
    }
}
