//! Two contenders in turn, and how they compare.

use std::time::Instant;

use futures_util::future::join_all;

/// How often each contender runs. The first round warms up and is not counted.
const ROUNDS: usize = 9;

/// Says what is compared, above its lines.
pub fn headline(what: &str) {
    println!("\n{what}");
    println!("  {:<52} {:>12} {:>12} {:>7}   ratios of single rounds", "", "ours /s", "theirs /s", "ratio");
}

/// Runs both in turn; each returns how many operations it did a second. Prints the medians, their ratio, and how far rounds differ.
pub async fn in_turn(what: &str, mut ours: impl AsyncFnMut() -> f64, mut theirs: impl AsyncFnMut() -> f64) {
    let mut rates = Vec::new();
    for round in 0..=ROUNDS {
        let pair = (ours().await, theirs().await);
        if round > 0 {
            rates.push(pair);
        }
    }
    let ours = median(rates.iter().map(|(ours, _)| *ours));
    let theirs = median(rates.iter().map(|(_, theirs)| *theirs));
    let ratios: Vec<f64> = rates.iter().map(|(ours, theirs)| ours / theirs).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    println!("  {what:<52} {ours:>12.0} {theirs:>12.0} {:>7.2}   {least:.2} to {most:.2}", ours / theirs);
}

/// How many calls a second so many callers make together, each the same number one after the other.
pub async fn rate<F: Future<Output = ()> + Send + 'static>(callers: usize, calls: usize, caller: impl Fn(usize) -> F) -> f64 {
    let begin = Instant::now();
    for ended in join_all((0..callers).map(|number| tokio::spawn(caller(number)))).await {
        ended.expect("a caller makes all its calls");
    }
    per_second(callers * calls, begin)
}

/// How many a second, since `begin`.
pub fn per_second(count: usize, begin: Instant) -> f64 {
    f64::from(u32::try_from(count).expect("a bench does not run that long")) / begin.elapsed().as_secs_f64()
}

fn median(rates: impl Iterator<Item = f64>) -> f64 {
    let mut rates: Vec<f64> = rates.collect();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
