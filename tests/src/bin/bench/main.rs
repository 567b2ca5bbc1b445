//! `make bench`: how fast it is, each figure beside its floor in the same run, and beside other servers where there
//! are comparable ones. No figure is asserted: machines differ, ratios less. Arguments name the benchmarks to run;
//! without any, all run.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark that cannot go on says why and ends")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod cpu;
mod flow_runs;
mod flows_query;
mod load;
mod program;
mod report;
mod stage;
mod stream_latency;

use std::process::ExitCode;

use report::Report;

const NAMES: [&str; 3] = ["query", "flows", "streams"];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(&name.as_str())) {
        eprintln!("bench: there is no benchmark `{unknown}`; there are {}", NAMES.join(", "));
        return ExitCode::FAILURE;
    }
    stage::remove_leftovers();
    let runs = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut report = Report::default();
        if runs("query") {
            Report::progress("a nested query of 20 flows, at 10,000 executions");
            Box::pin(flows_query::measure(&mut report)).await;
        }
        if runs("flows") {
            Report::progress("runs of a four-step flow through its webhook");
            Box::pin(flow_runs::measure(&mut report)).await;
        }
        if runs("streams") {
            Report::progress("200 streams of 50 deltas a second");
            Box::pin(stream_latency::measure(&mut report)).await;
        }
        report.print();
    });
    ExitCode::SUCCESS
}
