//! The tables that a run ends with.

use std::{fmt::Write as _, time::Duration};

use crate::cpu::Cost;

/// Figures, each with what it is compared to.
#[derive(Default)]
pub(crate) struct Report {
    throughputs: String,
    rows: Vec<[String; 6]>,
}

/// What one server did in each round.
pub(crate) struct Throughput {
    name: &'static str,
    per_second: Vec<f64>,
    costs: Vec<Option<Cost>>,
}

impl Throughput {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, per_second: Vec::new(), costs: Vec::new() }
    }

    pub(crate) fn add(&mut self, (per_second, cost): (f64, Option<Cost>)) {
        self.per_second.push(per_second);
        self.costs.push(cost);
    }

    fn mean(&self) -> f64 {
        self.per_second.iter().sum::<f64>() / self.per_second.len().max(1) as f64
    }

    fn cost(&self) -> Option<Cost> {
        let costs: Option<Vec<Cost>> = self.costs.iter().copied().collect();
        let costs = costs.filter(|costs| !costs.is_empty())?;
        let rounds = costs.len();
        Some(costs.into_iter().fold(Cost::default(), |sum, cost| sum + cost).per(rounds))
    }
}

impl Report {
    /// Says what is being measured now.
    pub(crate) fn progress(what: &str) {
        eprintln!("▸ {what}");
    }

    /// Requests a second of several servers. The first is ours, the others its peers.
    pub(crate) fn throughput(&mut self, what: &str, floor: Throughput, servers: Vec<Throughput>) {
        let best = servers.iter().skip(1).map(Throughput::mean).fold(f64::NAN, f64::max);
        let floor_mean = floor.mean();
        let table = &mut self.throughputs;
        let head = "CPU ms a request       ratio to";
        writeln!(table, "{what}\n{:<44} {:>17}   {head}", "", "requests/s").expect("text");
        let columns = ["server", "PostgreSQL", "best peer", "floor"];
        write!(table, "{:<44} {:>17}  ", "", "in each round").expect("text");
        writeln!(table, "{:>7} {:>11} {:>10} {:>6}", columns[0], columns[1], columns[2], columns[3])
            .expect("text");
        for server in std::iter::once(&floor).chain(&servers) {
            let rounds: Vec<String> = server.per_second.iter().map(|rate| format!("{rate:.0}")).collect();
            let (ours, postgres) = columns_of(server.cost());
            let (to_best, to_floor) = (server.mean() / best, server.mean() / floor_mean);
            writeln!(
                table,
                "{:<44} {:>17}  {ours:>7} {postgres:>11} {to_best:>10.2} {to_floor:>6.2}",
                server.name,
                rounds.join(" ")
            )
            .expect("text");
        }
    }

    /// A rate and the rate of its floor: the ratio says how much of the floor is reached.
    pub(crate) fn rate(&mut self, what: &str, ours: f64, floor: f64, cost: Option<Cost>) {
        self.row(what, format!("{ours:.0}/s"), format!("{floor:.0}/s"), format!("{:.2}", ours / floor), cost);
    }

    /// A latency and the latency of its floor.
    pub(crate) fn latency(&mut self, what: &str, ours: Duration, floor: Duration, cost: Option<Cost>) {
        let ratio = format!("{:.1}", ours.as_secs_f64() / floor.as_secs_f64().max(1e-9));
        self.row(what, format!("{} ms", millis(ours)), format!("{} ms", millis(floor)), ratio, cost);
    }

    fn row(&mut self, what: &str, ours: String, floor: String, ratio: String, cost: Option<Cost>) {
        let (server, postgres) = columns_of(cost);
        self.rows.push([what.to_owned(), ours, floor, ratio, server, postgres]);
    }

    pub(crate) fn print(&self) {
        print!("{}", self.throughputs);
        if self.rows.is_empty() {
            return;
        }
        if !self.throughputs.is_empty() {
            println!();
        }
        println!("{:<62} {:>8} {:>8} {:>6}  {:>19}", "", "Triptych", "floor", "ratio", "CPU ms for each");
        println!("{:<62} {:>24}  {:>8} {:>10}", "", "", "server", "PostgreSQL");
        for [what, ours, floor, ratio, server, postgres] in &self.rows {
            println!("{what:<62} {ours:>8} {floor:>8} {ratio:>6}  {server:>8} {postgres:>10}");
        }
    }
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

/// Empty where nothing was measured.
fn columns_of(cost: Option<Cost>) -> (String, String) {
    cost.map_or_else(Default::default, |cost| (millis(cost.server), millis(cost.postgres)))
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
