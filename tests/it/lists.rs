//! ListInvoices: every filter, alone and with others, against a filter over everything; pages that leave nothing out and repeat nothing.

mod world;

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait as _;
use spazio::config::Config;
use spazio::invoices::Bounds;

use crate::support::pb::ErrorReason;
use crate::support::{TestApp, day, pb, refused, served};
use world::{WORLD, cents, drafts, file, filters, named, overwrites, pages, says, sorted, stores, world};

on_both_databases!(
    every_filter_shows_what_it_says_in_every_order,
    words_are_found_whatever_their_accents_capitals_and_signs,
    a_draft_is_found_by_what_it_says_now,
    a_file_is_found_by_all_of_its_name,
    totals_count_and_add_up_all_pages,
    a_token_is_good_for_its_own_question_only,
    what_an_older_program_stored_is_found_after_the_next_round,
);

/// So little is looked at in one call that every way of looking is taken, and every walk stops early.
fn in_small_steps(config: &mut Config) {
    config.lists = Bounds { gathered: 3, window: 2, walked: 4, merged: 3 };
}

mod in_small_steps {
    use super::{
        every_filter_shows_what_it_says_in_every_order, every_two_filters_show_what_both_say, in_small_steps,
        invoices_stored_while_a_list_is_read_move_nothing, lines_of_the_index_that_lead_nowhere_do_no_harm,
        totals_count_and_add_up_all_pages, words_that_an_older_program_left_undated_are_found_by_day_all_the_same,
    };

    on_both_databases!(with in_small_steps;
        every_filter_shows_what_it_says_in_every_order,
        every_two_filters_show_what_both_say,
        lines_of_the_index_that_lead_nowhere_do_no_harm,
        totals_count_and_add_up_all_pages,
        invoices_stored_while_a_list_is_read_move_nothing,
        words_that_an_older_program_left_undated_are_found_by_day_all_the_same,
    );
}

async fn every_filter_shows_what_it_says_in_every_order(app: &TestApp) {
    let (ann, invoices) = world(app).await;
    for (what, ask, meets) in &filters() {
        for sort in 0..=4 {
            let mut request = pb::ListInvoicesRequest { page_size: 7, sort, ..Default::default() };
            ask(&mut request);
            let met: Vec<_> = invoices.iter().filter(|invoice| meets(invoice)).cloned().collect();
            assert_eq!(named(&pages(&ann, &request).await), named(&sorted(met, sort)), "{what}, order {sort}");
        }
    }
}

/// The lines say where to look, the rows decide. There are lines for invoices without the word, and lines for none of the account's.
async fn lines_of_the_index_that_lead_nowhere_do_no_harm(app: &TestApp) {
    let (ann, invoices) = world(app).await;
    for word in ["rossi", "rossetti", "caffe", "td04"] {
        let lines = format!(
            "INSERT INTO invoice_word (account_id, word, invoice_id, listed_day) \
             SELECT DISTINCT account.id, '{word}', invoice.id, invoice.words_day FROM account, invoice WHERE NOT EXISTS (SELECT 1 FROM invoice_word AS line \
             WHERE line.account_id = account.id AND line.word = '{word}' AND line.invoice_id = invoice.id)"
        );
        app.database.execute(&lines).await.expect("the index holds no line to its invoice");
    }
    for (what, ask, meets) in filters().iter().filter(|(what, ..)| ["a counterpart", "a text in lines", "TD04"].contains(what)) {
        for sort in 1..=4 {
            let mut request = pb::ListInvoicesRequest { page_size: 2, sort, ..Default::default() };
            ask(&mut request);
            let met: Vec<_> = invoices.iter().filter(|invoice| meets(invoice)).cloned().collect();
            assert_eq!(named(&pages(&ann, &request).await), named(&sorted(met, sort)), "{what}, order {sort}");
        }
    }
}

async fn every_two_filters_show_what_both_say(app: &TestApp) {
    let (ann, invoices) = world(app).await;
    let filters = filters();
    for (first, (what, ask, meets)) in filters.iter().enumerate() {
        for (second, (what_else, ask_too, meets_too)) in filters[..first].iter().enumerate() {
            let sort = i32::try_from(1 + (first + second) % 4).expect("an order");
            let mut request = pb::ListInvoicesRequest { page_size: 7, sort, ..Default::default() };
            ask_too(&mut request);
            let before = request.clone();
            ask(&mut request);
            if overwrites(&before, &request) {
                continue;
            }
            let met: Vec<_> = invoices.iter().filter(|invoice| meets(invoice) && meets_too(invoice)).cloned().collect();
            assert_eq!(named(&pages(&ann, &request).await), named(&sorted(met, sort)), "{what} and {what_else}, order {sort}");
        }
    }
}

async fn words_are_found_whatever_their_accents_capitals_and_signs(app: &TestApp) {
    let (ann, _) = world(app).await;
    let counterparts = async |counterpart: &str| {
        let request = pb::ListInvoicesRequest { counterpart: counterpart.to_owned(), page_size: 200, ..Default::default() };
        let shown = pages(&ann, &request).await;
        let names = shown.iter().map(|invoice| {
            let party = if invoice.direction() == pb::Direction::Sent { &invoice.buyer } else { &invoice.seller };
            party.as_ref().expect("a party").name.clone()
        });
        let mut names: Vec<_> = names.collect();
        names.sort();
        names.dedup();
        names
    };
    for (asked, found) in [
        ("muller", &["Müller & Söhne GmbH"][..]),
        ("MÜLLER söhne", &["Müller & Söhne GmbH"]),
        ("societa", &["Società D'Angelo S.r.l."]),
        ("SOCIETÀ srl", &["Società D'Angelo S.r.l."]),
        ("d'angelo", &["Società D'Angelo S.r.l."]),
        ("angelo", &["Società D'Angelo S.r.l."]),
        ("rossi", &["Rossi Mario", "Rossini 100% S.p.A."]),
        ("rossi spa", &["Rossini 100% S.p.A."]),
        ("IT09876543217", &["Rossi Mario"]),
        ("0987654", &["Rossi Mario"]),
        // LIKE's own signs mean nothing.
        ("ro%i", &[]),
        ("r_ssi", &[]),
        ("100%", &["Rossini 100% S.p.A."]),
        ("\\rossi'", &["Rossi Mario", "Rossini 100% S.p.A."]),
    ] {
        assert_eq!(counterparts(asked).await, found, "{asked}");
    }
}

async fn a_draft_is_found_by_what_it_says_now(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let found =
        async |text: &str| pages(&ann, &pb::ListInvoicesRequest { text: text.to_owned(), page_size: 9, ..Default::default() }).await.len();
    let draft = drafts(&ann, file(&says(0), true), 0).await;
    assert_eq!((found("müller").await, found("caffè").await, found("IT01234567897_00000.xml").await), (1, 1, 1));

    let request = pb::UpdateSentInvoiceRequest {
        request_id: crate::support::request_id(),
        invoice_id: draft.invoice_id.clone(),
        file: file(&says(1), true),
        ..Default::default()
    };
    let replaced = served(ann.panel.invoices().update_sent_invoice(request).await).invoice.expect("the draft");
    assert_ne!(replaced.issue_day, draft.issue_day, "it has another day");
    assert_eq!((found("müller").await, found("caffè").await, found("d'angelo caldaia").await), (0, 0, 1));
    let dated = "SELECT COUNT(*) FROM invoice_word AS line JOIN invoice ON invoice.id = invoice_id AND line.listed_day";
    assert_eq!(app.database.number(&format!("{dated} <> invoice.listed_day")).await, 0, "no word is under the former day");
    assert!(app.database.number(&format!("{dated} = invoice.listed_day")).await > 5, "names and type are under the day");
    assert_eq!(found("IT01234567897_00000.xml").await, 1);

    let request =
        pb::DeleteSentInvoiceRequest { request_id: crate::support::request_id(), invoice_id: draft.invoice_id, etag: String::new() };
    served(ann.panel.invoices().delete_sent_invoice(request).await);
    assert_eq!(found("d'angelo").await, 0);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM invoice_word").await, 0, "the index follows");
}

async fn a_file_is_found_by_all_of_its_name(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for name in ["IT01234567897_00001.xml.p7m", "fattura n. 12 del 3 marzo 2026.xml"] {
        let received = ann.receives(name.as_bytes().to_vec(), name).await;
        let request = pb::ListInvoicesRequest { text: name.to_owned(), page_size: 9, ..Default::default() };
        assert_eq!(named(&pages(&ann, &request).await), [received.invoice_id], "{name}");
    }
}

async fn totals_count_and_add_up_all_pages(app: &TestApp) {
    let (ann, invoices) = world(app).await;
    for (what, ask, meets) in filters() {
        let mut request = pb::ListInvoicesRequest { page_size: 1, with_totals: true, ..Default::default() };
        ask(&mut request);
        let totals = served(ann.panel.invoices().list_invoices(request.clone()).await).totals.expect("they were asked for");
        let met: Vec<_> = invoices.iter().filter(|invoice| meets(invoice)).collect();
        let mut sums = BTreeMap::<&str, i64>::new();
        for invoice in &met {
            if let Some(cents) = cents(invoice) {
                *sums.entry(&invoice.currency).or_default() += cents;
            }
        }
        assert_eq!(totals.invoices, met.len() as u64, "{what}");
        let told = totals.sums.iter().map(|sum| (sum.currency_code.as_str(), sum.total.replace('.', "").parse().expect("an amount")));
        assert_eq!(told.collect::<BTreeMap<_, i64>>(), sums, "{what}");
        assert!(totals.sums.iter().all(|sum| sum.total.rsplit_once('.').is_some_and(|(_, cents)| cents.len() == 2)), "{totals:?}");

        request.with_totals = false;
        assert_eq!(served(ann.panel.invoices().list_invoices(request).await).totals, None);
    }
}

async fn a_token_is_good_for_its_own_question_only(app: &TestApp) {
    let (ann, _) = world(app).await;
    let usual = pb::ListInvoicesRequest { page_size: 2, text: "caffe".to_owned(), ..Default::default() };
    let page_token = served(ann.panel.invoices().list_invoices(usual.clone()).await).next_page_token;
    let with = |change: fn(&mut pb::ListInvoicesRequest)| {
        let mut request = pb::ListInvoicesRequest { page_token: page_token.clone(), ..usual.clone() };
        change(&mut request);
        request
    };
    let others: [fn(&mut pb::ListInvoicesRequest); 9] = [
        |r| r.text = "caff".to_owned(),
        |r| r.text.clear(),
        |r| r.counterpart = "rossi".to_owned(),
        |r| r.set_sort(pb::InvoiceSort::DateLatestFirst),
        |r| r.set_sort(pb::InvoiceSort::ArrivalEarliestFirst),
        |r| r.states = vec![pb::InvoiceState::Draft.into()],
        |r| r.document_types = vec!["TD01".to_owned()],
        |r| r.amount_from = "1".to_owned(),
        |r| r.amount_through = "1".to_owned(),
    ];
    for (index, other) in others.into_iter().enumerate() {
        let refusal = refused(ann.panel.invoices().list_invoices(with(other)).await);
        assert_eq!((refusal.reason, refusal.fields()), (ErrorReason::InvalidRequest, vec!["page_token"]), "{index}");
    }
    // Accents are the same question, and how long a page is, is none.
    served(ann.panel.invoices().list_invoices(with(|r| (r.text, r.page_size, r.with_totals) = ("CAFFÈ".to_owned(), 9, true))).await);
}

async fn invoices_stored_while_a_list_is_read_move_nothing(app: &TestApp) {
    let (ann, invoices) = world(app).await;
    let (_, ask, meets) = filters().into_iter().find(|(what, ..)| *what == "two states").expect("the filter");
    for sort in 1..=4 {
        let mut request = pb::ListInvoicesRequest { page_size: 3, sort, ..Default::default() };
        ask(&mut request);
        let met: Vec<_> = sorted(invoices.iter().filter(|invoice| meets(invoice)).cloned().collect(), sort);
        let mut shown = Vec::new();
        loop {
            let page = served(ann.panel.invoices().list_invoices(request.clone()).await);
            shown.extend(page.invoices);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
            // On days before, among and behind those that are there.
            let number = WORLD + shown.len() + 100 * usize::try_from(sort).expect("an order");
            stores(&ann, number * 4 + 3).await;
        }
        let mut ids = named(&shown);
        ids.retain(|id| named(&met).contains(id));
        assert_eq!(ids, named(&met), "order {sort}: each that was there, once, in order");
        let mut all = named(&shown);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), shown.len(), "order {sort}: nothing twice");
    }
}

/// An older program knows no words: its rows are as if the columns had never been written.
async fn what_an_older_program_stored_is_found_after_the_next_round(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let draft = drafts(&ann, file(&says(0), true), 0).await;
    let connection = app.database.connect().await;
    for sql in [
        "DELETE FROM invoice_word",
        "UPDATE invoice SET words = NULL, words_day = NULL, counterpart = 'müller & söhne gmbh\nit00743110157'",
    ] {
        connection.execute_unprepared(sql).await.expect("it is as it was");
    }
    connection.close().await.expect("it closes");
    let by_day = pb::ListInvoicesRequest { issued_from: Some(spazio::wire::day(day("2026-01-31"))), page_size: 9, ..Default::default() };
    assert_eq!(named(&pages(&ann, &by_day).await), [draft.invoice_id.as_str()], "the day was always there");

    app.settled().await;
    for text in ["muller", "00743110157", "td01", "1", "IT01234567897_00000.xml"] {
        let request = pb::ListInvoicesRequest { text: text.to_owned(), page_size: 9, ..Default::default() };
        assert_eq!(named(&pages(&ann, &request).await), [draft.invoice_id.as_str()], "{text}");
    }
    let read = pb::GetInvoiceRequest { invoice_id: draft.invoice_id.clone() };
    assert_eq!(served(ann.panel.invoices().get_invoice(read).await).invoice.expect("it").etag, draft.etag, "nothing else changed");
}

async fn words_that_an_older_program_left_undated_are_found_by_day_all_the_same(app: &TestApp) {
    const DATED: &str = "SELECT COUNT(*) FROM invoice_word WHERE listed_day IS NOT NULL";
    let (ann, invoices) = world(app).await;
    let dated = app.database.number(DATED).await;
    // Of each second invoice, so that some have a day and some have none.
    for sql in [
        "UPDATE invoice SET words_day = NULL WHERE total_cents % 2 = 0 OR total_cents IS NULL",
        "UPDATE invoice_word SET listed_day = NULL WHERE invoice_id IN (SELECT id FROM invoice WHERE words_day IS NULL)",
    ] {
        app.database.execute(sql).await.expect("it is as it was");
    }
    let undated = app.database.number(DATED).await;
    assert!(0 < undated && undated < dated, "{undated} of {dated} words have a day");
    for round in ["before", "then"] {
        for (what, ask, meets) in filters().iter().filter(|(what, ..)| ["a counterpart", "TD04"].contains(what)) {
            for sort in [pb::InvoiceSort::DateLatestFirst, pb::InvoiceSort::DateEarliestFirst].map(i32::from) {
                let mut request = pb::ListInvoicesRequest { page_size: 2, sort, ..Default::default() };
                ask(&mut request);
                let met: Vec<_> = invoices.iter().filter(|invoice| meets(invoice)).cloned().collect();
                assert!(met.len() > 3, "{what} is not gathered");
                assert_eq!(named(&pages(&ann, &request).await), named(&sorted(met, sort)), "{what}, order {sort}, {round}");
            }
        }
        app.settled().await;
        assert_eq!(app.database.number(DATED).await, dated, "every word has its day again");
    }
}
