//! After commits that failed, what is acknowledged is committed.

use sea_orm::ConnectionTrait;
use spazio::db::{Fault, Tx};

use crate::support::{Engine, TestApp};

/// What a full disk does at a COMMIT: the database has undone the transaction before it is asked to, and then refuses to undo it again.
async fn a_commit_finds_its_transaction_undone(app: &TestApp) {
    let undone = async |tx: &Tx, (): &()| tx.execute_unprepared("ROLLBACK").await.map(|_| ()).map_err(Fault::from);
    let failed = app.db().write("undone", (), undone).await;
    assert!(matches!(failed, Err(Fault::OutcomeUnknown(_))), "{failed:?}");
}

/// A COMMIT that fails and leaves its transaction open.
async fn a_commit_is_refused(app: &TestApp) {
    let of_nobody = async |tx: &Tx, (): &()| {
        tx.execute_unprepared("PRAGMA defer_foreign_keys = ON").await?;
        let mandate = "INSERT INTO mandate (id, account_id, method, token, created_time) VALUES (randomblob(16), randomblob(16), 'card', 'x', '2026-03-16')";
        tx.execute_unprepared(mandate).await.map(|_| ()).map_err(Fault::from)
    };
    let failed = app.db().write("of nobody", (), of_nobody).await;
    assert!(matches!(failed, Err(Fault::OutcomeUnknown(_))), "{failed:?}");
}

/// Only there: PostgreSQL ends the transaction whatever becomes of its COMMIT.
#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_what_is_acknowledged_after_failed_commits_is_there() {
    let app = TestApp::start(Engine::Sqlite).await;
    a_commit_finds_its_transaction_undone(&app).await;
    a_commit_is_refused(&app).await;
    let ann = app.customer("ann").create().await;
    ann.creates(&ann.invoice()).await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM document").await, 1, "seen from outside");
    ann.buys(1).await;
    assert_eq!(app.database.number("SELECT COUNT(*) FROM payment WHERE outcome = 'applied'").await, 1);
    app.finish().await;
}
