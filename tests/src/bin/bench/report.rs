//! The table that a run ends with.

use std::time::Duration;

/// Figures, each with its floor.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<[String; 4]>,
}

impl Report {
    /// Says what is being measured now.
    pub(crate) fn progress(what: &str) {
        eprintln!("▸ {what}");
    }

    /// A rate and the rate of its floor: the ratio says how much of the floor is reached.
    pub(crate) fn rate(&mut self, what: &str, ours: f64, floor: f64) {
        self.rows.push([
            what.to_owned(),
            format!("{ours:.0}/s"),
            format!("{floor:.0}/s"),
            format!("{:.2} of the floor", ours / floor),
        ]);
    }

    /// A latency and the latency of its floor.
    pub(crate) fn latency(&mut self, what: &str, ours: Duration, floor: Duration) {
        let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
        let ratio = format!("{:.1} times the floor", ours.as_secs_f64() / floor.as_secs_f64().max(1e-9));
        self.rows.push([what.to_owned(), millis(ours), millis(floor), ratio]);
    }

    pub(crate) fn print(&self) {
        println!("{:<64} {:>10} {:>10}   ratio", "", "Triptych", "floor");
        for [what, ours, floor, ratio] in &self.rows {
            println!("{what:<64} {ours:>10} {floor:>10}   {ratio}");
        }
    }
}

/// The value below which this share of the samples lies.
pub(crate) fn percentile(samples: &mut [Duration], share: f64) -> Duration {
    samples.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index within the samples"
    )]
    let index = ((samples.len() as f64 - 1.0) * share).round() as usize;
    samples.get(index).copied().unwrap_or_default()
}
