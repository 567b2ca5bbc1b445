//! `make bench`: how fast it is, each figure beside its floor in the same run. Nothing is asserted: machines
//! differ, ratios less.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says why and ends")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod flow_runs;
mod flows_query;
mod report;
mod stream_latency;

use report::Report;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut report = Report::default();
        Report::progress("a nested query of 20 flows, at 10,000 executions");
        flows_query::measure(&mut report).await;
        Report::progress("runs of a four-step flow through its webhook");
        flow_runs::measure(&mut report).await;
        Report::progress("200 streams of 50 deltas a second");
        stream_latency::measure(&mut report).await;
        report.print();
    });
}
