//! Requests a second of a nested query: 20 flows, their steps, credentials and last five executions. The floor is
//! the same SQL, sent straight through the driver. The peers are other servers over the same tables; each has to
//! give the same answer before and after it is measured.

mod answer;
mod contender;
mod data;
mod floor;

use std::time::Duration;

use serde_json::Value;

use crate::{
    cpu::{self, Cost, Meter},
    load::load,
    program::Request,
    report::{Report, Throughput},
    stage::Stage,
};
use contender::{Access, CONTENDERS, Contender};

const ROUNDS: usize = 2;
/// For just-in-time compilers, caches and plans.
const WARM_UP: Duration = Duration::from_secs(4);
const TIME: Duration = Duration::from_secs(6);
/// Connections to PostgreSQL, of the floor and of every server: one for each connection of the load.
const POOL: u32 = 16;

pub(crate) async fn measure(report: &mut Report) {
    let stage = Stage::durable("query").await;
    let access = data::populate(&stage).await;
    let pool = stage.pool(POOL).await;
    let postmaster = cpu::postmaster(&pool).await;
    let mut floor = Throughput::new("the bare SQL");
    let mut measured: Vec<Throughput> =
        CONTENDERS.iter().map(|contender| Throughput::new(contender.name)).collect();
    let mut expected = None;
    for round in 1..=ROUNDS {
        Report::progress(&format!("  round {round} of {ROUNDS}: the bare SQL"));
        floor.add(floor::measure(&pool, access.organization, postmaster, TIME).await);
        for (contender, throughput) in CONTENDERS.iter().zip(&mut measured) {
            Report::progress(&format!("  round {round} of {ROUNDS}: {}", contender.name));
            throughput.add(run(contender, &stage, &access, postmaster, &mut expected).await);
        }
    }
    let what = "nested query: 20 flows with their steps, credentials and 5 executions, 16 connections";
    report.throughput(what, floor, measured);
    pool.close().await;
    stage.end().await;
}

/// Starts a server, checks its answer, measures it and stops it.
async fn run(
    contender: &Contender,
    stage: &Stage,
    access: &Access,
    postmaster: u32,
    expected: &mut Option<Value>,
) -> (f64, Option<Cost>) {
    let program = contender.start(stage).await;
    let request = contender.request(&program.url, access);
    let first = answer::facts(&request.send_until_answered().await);
    // Triptych is the first, and its answer the one that all others have to give.
    let expected = expected.get_or_insert_with(|| answer::complete(first.clone()));
    assert_eq!(&first, expected, "{} answers differently", contender.name);
    load(&request, WARM_UP).await;
    let meter = Meter::start(program.subject(), postmaster);
    let load = load(&request, TIME).await;
    let cost = meter.stop().map(|cost| cost.per(load.requests));
    assert_eq!(&answer::facts(&sent(&request).await), expected, "{} answers differently", contender.name);
    program.stop().await;
    (load.per_second, cost)
}

async fn sent(request: &Request) -> Value {
    request.send().await.unwrap_or_else(|error| panic!("{}: {error}", request.url))
}
