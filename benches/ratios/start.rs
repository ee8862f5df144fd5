//! How long a test's server takes to start on a fresh database: what each test pays before its first call.

use std::time::Instant;

use crate::support::{Engine, TestApp};

const STARTS: usize = 11;

/// Starts servers one after the other on this database and tells the median.
pub async fn measure(engine: Engine) {
    println!("\nA test's server starts on a fresh {engine:?} database");
    // The first one makes the template.
    TestApp::start(engine).await.finish().await;
    let mut took = Vec::new();
    for _ in 0..STARTS {
        let begin = Instant::now();
        let app = TestApp::start(engine).await;
        took.push(begin.elapsed());
        app.finish().await;
    }
    took.sort();
    println!("  {} ms ({} to {})", took[STARTS / 2].as_millis(), took[0].as_millis(), took[STARTS - 1].as_millis());
}
