//! Act four: the order, its form, the bank transfer, and what its payment sets free.

use super::Story;
use super::check::{Given as _, Stop};
use super::prices::{check_totals, same_day};
use super::shown::{bytes, calendar_day, cents, day, euro, long, method};
use super::suspended::refuse_for_space;
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::ErrorReason;
use crate::space::BYTES_PER_GIGABYTE;

/// From the cart to space that can be written again.
pub(super) async fn pay(story: &mut Story, cart: &pb::Cart, refused: &pb::CreateSentInvoiceRequest) -> Result<(), Stop> {
    let order = place(story, cart).await?;
    let form = show_form(story, &order).await?;
    refuse_without_terms(story, &order, &form).await?;
    let order = confirm_by_transfer(story, &form, refused).await?;
    record(story, cart, &form, &order).await?;
    accept(story, refused).await
}

/// Makes the cart an order: what was shown is frozen (B6).
pub(super) async fn place(story: &mut Story, cart: &pb::Cart) -> Result<pb::Order, Stop> {
    let request =
        pb::PlaceOrderRequest { request_id: story.stage.request_id(), cart_id: cart.cart_id.clone(), cart_etag: cart.etag.clone() };
    let order = story.stage.orders().place_order(story.stage.as_customer(request)).await?.into_inner().order.given("the order")?;
    let shown = cart.quote.as_ref().and_then(|quote| quote.total.as_ref());
    story.check.same("the order", "ORDER_STATE_PLACED", order.state().as_str_name())?;
    story.check.same("the order's total: what the cart showed, in cents", cents(shown), cents(order.total.as_ref()))?;
    check_totals(&mut story.check, &order.lines, order.net.as_ref(), order.total.as_ref())?;
    Ok(order)
}

/// The order's form: methods with their times (B7), terms with their versions (B8).
pub(super) async fn form(story: &Story, order: &pb::Order) -> Result<pb::GetOrderFormResponse, Stop> {
    let request = pb::GetOrderFormRequest { order_id: order.order_id.clone() };
    Ok(story.stage.orders().get_order_form(story.stage.as_customer(request)).await?.into_inner())
}

async fn show_form(story: &mut Story, order: &pb::Order) -> Result<pb::GetOrderFormResponse, Stop> {
    story.tell.step("The order and its form");
    let form = form(story, order).await?;
    let methods: Vec<_> = form.payment_options.iter().map(|option| method(option.payment_method())).collect();
    story.check.same("the payment methods", "card, PayPal, bank transfer, postal slip".to_owned(), methods.join(", "))?;
    story.check.same("the terms to accept", 3, form.terms.len())?;
    story.tell.say(&format!(
        "Order {}: {}, frozen as the cart showed it. Paid today, a payment is recorded:",
        order.number,
        euro(order.total.as_ref())
    ));
    story.tell.gap();
    let rows: Vec<_> = form.payment_options.iter().map(option).collect();
    story.tell.table(&["payment by", "recorded", "which is", "automatic renewal"], &rows);
    story.tell.gap();
    let rows: Vec<_> = form.terms.iter().map(|terms| vec![terms.version.clone(), terms.title.clone()]).collect();
    story.tell.table(&["version", "terms to accept"], &rows);
    Ok(form)
}

fn option(option: &pb::PaymentOption) -> Vec<String> {
    let (earliest, latest) = (day(option.earliest_day.as_ref()), day(option.latest_day.as_ref()));
    let days = if earliest == latest { earliest } else { format!("{earliest} to {latest}") };
    let renewal = if option.turns_on_automatic_renewal { "turns it on" } else { "no" };
    vec![method(option.payment_method()).to_owned(), option.recorded_within.clone(), days, renewal.to_owned()]
}

async fn refuse_without_terms(story: &mut Story, order: &pb::Order, form: &pb::GetOrderFormResponse) -> Result<(), Stop> {
    story.tell.step("Without the terms the order is not confirmed");
    let request = confirmation(story, order, pb::PaymentMethod::BankTransfer, &[]);
    let answer = story.stage.orders().confirm_order(story.stage.as_customer(request)).await;
    let refusal = story.check.refused("confirming without the terms", ErrorReason::TermsNotAccepted, answer)?;
    story.check.same("the terms that the refusal names", form.terms.len(), refusal.violations.len())?;
    story.tell.refused(&refusal);
    Ok(())
}

/// Confirms an order with all these terms. Card and PayPal are paid by the simulator, which takes this token.
pub(super) fn confirmation(
    story: &Story,
    order: &pb::Order,
    payment_method: pb::PaymentMethod,
    terms: &[pb::Terms],
) -> pb::ConfirmOrderRequest {
    let charged = matches!(payment_method, pb::PaymentMethod::Card | pb::PaymentMethod::Paypal);
    let accepted = terms.iter().map(|terms| pb::AcceptedTerms { code: terms.code.clone(), version: terms.version.clone() });
    pb::ConfirmOrderRequest {
        request_id: story.stage.request_id(),
        order_id: order.order_id.clone(),
        etag: order.etag.clone(),
        payment_method: payment_method.into(),
        payment_token: if charged { "sim-ok".to_owned() } else { String::new() },
        accepted_terms: accepted.collect(),
    }
}

/// Confirmed is not completed: until the payment is recorded nothing is active (B9), and a mail tells how to pay (B10).
async fn confirm_by_transfer(
    story: &mut Story,
    form: &pb::GetOrderFormResponse,
    refused: &pb::CreateSentInvoiceRequest,
) -> Result<pb::Order, Stop> {
    story.tell.step("Confirmed by bank transfer: not active yet");
    let placed = form.order.as_ref().given("the order")?;
    let request = confirmation(story, placed, pb::PaymentMethod::BankTransfer, &form.terms);
    let order = story.stage.orders().confirm_order(story.stage.as_customer(request)).await?.into_inner().order.given("the order")?;
    story.check.same("the order", "ORDER_STATE_AWAITING_PAYMENT", order.state().as_str_name())?;
    story.check.same("accepted terms that are kept", form.terms.len(), order.accepted_terms.len())?;
    let space = story.space().await?;
    story.check.same("capacity before the payment", story.plan_bytes, space.capacity_bytes)?;
    story.check.same("the account", "ACCOUNT_STATE_SUSPENDED", space.account_state().as_str_name())?;
    refuse_for_space(story, refused).await?;
    story.tell.say(
        "The order awaits its payment. The space has not grown, and sent invoices are still refused. The customer is told how to pay:",
    );
    story.tell.gap();

    let letters = story.stage.new_letters().await?;
    story.check.same("mails about the confirmed order", 1, letters.len())?;
    let letter = letters.first().given("the mail")?;
    let transfer = order.bank_transfer.as_ref().given("the instructions of the bank transfer")?;
    let blank_free = |text: &str| text.split_whitespace().collect::<String>();
    let text = blank_free(&letter.text);
    for (what, value) in [
        ("the order number", &order.number),
        ("the IBAN", &transfer.iban),
        ("the creditor reference", &transfer.creditor_reference),
        ("the beneficiary", &transfer.beneficiary),
    ] {
        story.check.holds(format!("the mail tells {what}, {value}"), !value.is_empty() && text.contains(&blank_free(value)))?;
    }
    story.check.holds("the EPC QR code is attached", letter.attachments.len() == 1)?;
    story.tell.mail(letter);
    Ok(order)
}

/// The bank's payment is recorded: space and extensions are granted at once.
async fn record(story: &mut Story, cart: &pb::Cart, form: &pb::GetOrderFormResponse, order: &pb::Order) -> Result<(), Stop> {
    story.tell.step("The payment is recorded: the space grows");
    let transfer = form.payment_options.iter().find(|option| option.payment_method() == pb::PaymentMethod::BankTransfer);
    let recorded = transfer.and_then(|option| calendar_day(option.earliest_day.as_ref())).given("the day of a bank transfer")?;
    story.stage.turn_to(recorded);
    let request = pb::RecordPaymentRequest {
        request_id: story.stage.request_id(),
        order_number: order.number.clone(),
        amount: order.total.clone(),
        payment_method: pb::PaymentMethod::BankTransfer.into(),
        reference: "CRO 04711 2026".to_owned(),
    };
    let answer = story.stage.orders().record_payment(story.stage.as_operator(request)).await?.into_inner();
    let payment = answer.payment.given("the payment")?;
    story.check.same("the payment", "PAYMENT_OUTCOME_APPLIED", payment.outcome().as_str_name())?;
    let order = answer.order.given("the order")?;
    story.check.same("the order", "ORDER_STATE_COMPLETED", order.state().as_str_name())?;

    let space = story.space().await?;
    let bought = u64::from(cart.quantity_gb) * BYTES_PER_GIGABYTE;
    story.check.same("capacity after the payment", story.plan_bytes + bought, space.capacity_bytes)?;
    story.check.same("the account", "ACCOUNT_STATE_ACTIVE", space.account_state().as_str_name())?;
    story.check.same("the level", "SPACE_LEVEL_OK", space.level().as_str_name())?;
    story.check.holds("everything is permitted", space.actions.iter().all(|found| found.permitted))?;
    story.tell.say(&format!("{}: an operator records what the bank reports, {}.", long(recorded), euro(payment.amount.as_ref())));
    story.tell.gap();
    story.tell.bar("active again", space.usage_bytes, space.capacity_bytes);
    let letters = story.stage.new_letters().await?;
    story.check.same("mails about the completed order", 1, letters.len())?;
    for letter in &letters {
        story.tell.mail_subject(letter);
    }
    check_granted(story, &order).await
}

/// Everything the order paid for runs from the day of activation, so that nobody loses days (B9).
async fn check_granted(story: &mut Story, order: &pb::Order) -> Result<(), Stop> {
    let expiry = story.stage.today().plus_years(order.term_years);
    let services = story.services().await?;
    story.check.same("services: the plan, the pack and the module", 3, services.len())?;
    for service in &services {
        same_day(&mut story.check, &format!("the expiry of {}", service.display_name), expiry, service.expiry_day.as_ref())?;
        story.check.holds("a bank transfer renews nothing by itself", !service.automatic_renewal)?;
    }
    story.tell.checked(&format!("every service is good until {}: one year from the day of the payment", long(expiry)));
    Ok(())
}

/// The request that was refused is repeated word for word, its request_id included, and succeeds.
async fn accept(story: &mut Story, refused: &pb::CreateSentInvoiceRequest) -> Result<(), Stop> {
    story.tell.step("The very same sent invoice is accepted");
    let created = story.stage.invoices().create_sent_invoice(story.stage.as_customer(refused.clone())).await?.into_inner();
    let invoice = created.invoice.given("the draft")?;
    story.check.same("the invoice", "INVOICE_STATE_DRAFT", invoice.state().as_str_name())?;
    story.check.holds("it is stored now", !created.already_stored)?;
    story.stored += u64::try_from(refused.file.len()).map_err(Stop::stage)?;
    let space = story.space().await?;
    story.tell.checked(&format!(
        "{} is stored, {}: the same request with the same request_id",
        invoice.file_name,
        bytes(invoice.size_bytes)
    ));
    story.tell.bar("now", space.usage_bytes, space.capacity_bytes);
    Ok(())
}
