//! Tenants: nobody sees, counts or meets what is another's. Ids of others are tried in policy.rs, for every method.

use crate::support::pb::ErrorReason;
use crate::support::{Customer, TestApp, pb, refused, request_id, served};

on_both_databases!(
    lists_hold_only_ones_own,
    two_customers_can_have_the_same_file_under_the_same_name,
    the_same_file_again_is_the_same_invoice_and_costs_nothing,
    a_page_token_of_another_account_is_refused,
    a_request_id_of_another_account_is_no_repetition,
    two_accounts_with_one_vat_number_cannot_exist,
    what_one_customer_uses_the_other_does_not_pay_for,
);

async fn invoices_of(customer: &Customer) -> Vec<pb::Invoice> {
    served(customer.panel.invoices().list_invoices(pb::ListInvoicesRequest::default()).await).invoices
}

async fn lists_hold_only_ones_own(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let bob = app.customer("bob").create().await;
    let sent = ann.sends(&ann.invoice()).await;
    let order = ann.buys(1).await;

    assert_eq!(invoices_of(&ann).await.into_iter().map(|invoice| invoice.invoice_id).collect::<Vec<_>>(), [sent.invoice_id]);
    assert_eq!(ann.orders().await.into_iter().map(|order| order.order_id).collect::<Vec<_>>(), [order.order_id]);
    assert_eq!(ann.services().await.len(), 2);

    assert_eq!(invoices_of(&bob).await, []);
    assert_eq!(bob.orders().await, []);
    assert_eq!(bob.services().await.len(), 1);
}

async fn two_customers_can_have_the_same_file_under_the_same_name(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let bob = app.customer("bob").create().await;
    let invoice = ann.invoice();
    let (anns, bobs) = (ann.sends(&invoice).await, bob.sends(&invoice).await);
    assert_ne!(anns.invoice_id, bobs.invoice_id);
    assert_eq!((anns.sha256, anns.file_name), (bobs.sha256, bobs.file_name));
    assert_eq!(ann.space().await.usage_bytes, bob.space().await.usage_bytes, "each pays for its own");
}

/// I4.
async fn the_same_file_again_is_the_same_invoice_and_costs_nothing(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let invoice = ann.invoice();
    let first = ann.creates(&invoice).await;
    let again = served(ann.panel.invoices().create_sent_invoice(Customer::create_request(&invoice)).await);
    assert!(again.already_stored);
    assert_eq!(again.invoice, Some(first));
    // Received, it is another document: what was sent came back.
    let received = ann.receives(invoice.bytes.clone(), &invoice.file_name).await;
    let once_more = ann.receives(invoice.bytes.clone(), "another-name.xml").await;
    assert_eq!(received, once_more);
    assert_eq!(ann.space().await.usage_bytes, 2 * invoice.bytes.len() as u64);
}

async fn a_page_token_of_another_account_is_refused(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let bob = app.customer("bob").create().await;
    for customer in [&ann, &bob] {
        customer.sends(&customer.invoice()).await;
        customer.sends(&customer.invoice()).await;
    }
    let page = |page_token: &str| pb::ListInvoicesRequest { page_size: 1, page_token: page_token.to_owned(), ..Default::default() };
    let first = served(ann.panel.invoices().list_invoices(page("")).await);
    let refusal = refused(bob.panel.invoices().list_invoices(page(&first.next_page_token)).await);
    assert_eq!((refusal.reason, refusal.fields()), (ErrorReason::InvalidRequest, vec!["page_token"]));

    let second = served(ann.panel.invoices().list_invoices(page(&first.next_page_token)).await);
    assert_ne!(first.invoices[0].invoice_id, second.invoices[0].invoice_id);
    assert_eq!(second.next_page_token, "", "that was the last");
}

async fn a_request_id_of_another_account_is_no_repetition(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let bob = app.customer("bob").create().await;
    let request = pb::OpenCartRequest { request_id: request_id() };
    let anns = served(ann.panel.carts().open_cart(request.clone()).await).cart.expect("a cart");
    let answer = bob.panel.carts().open_cart(request).await.expect("bob's own");
    assert!(answer.metadata().get("idempotent-replay").is_none());
    assert_ne!(answer.into_inner().cart.expect("a cart").cart_id, anns.cart_id);
}

async fn two_accounts_with_one_vat_number_cannot_exist(app: &TestApp) {
    let request = app.customer("ann").request();
    served(app.operator().accounts().create_account(request.clone()).await);
    let again = pb::CreateAccountRequest { request_id: request_id(), ..request };
    assert_eq!(refused(app.operator().accounts().create_account(again).await).reason, ErrorReason::AccountExists);
}

async fn what_one_customer_uses_the_other_does_not_pay_for(app: &TestApp) {
    let ann = app.customer("ann").full().await;
    let bob = app.customer("bob").create().await;
    assert_eq!(bob.space().await.usage_bytes, 0);
    bob.sends(&bob.invoice()).await;
    assert_eq!(refused(ann.try_create(&ann.invoice()).await).reason, ErrorReason::SpaceExhausted);
}
