//! A trial of two minutes: two processes that serve requests and two that run jobs, which are killed and paused while
//! their databases are emptied and restarted. What clients were told was accepted is not lost, and nothing is recorded
//! twice.

mod cluster;
mod databases;
mod load;
mod outages;
mod verdict;

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;
use tokio::{task::JoinHandle, time::Instant};

use crate::harness::{Client, LocalServer, delay, get, hook, share, step, steps, transformed};
use cluster::{APIS, Cluster, WORKERS};
use databases::Kind;
use load::{Answered, Calls, Clients};

/// Time in which failures happen.
const PERIOD: Duration = Duration::from_mins(2);
const WEBHOOKS: usize = 300;
const GENERATIONS: usize = 60;
/// How long SIGSTOP lasts.
const STOPPED: Duration = Duration::from_secs(20);
const DELETE: &str = "mutation($id: ID!) { deleteFlow(input: { flowId: $id }) { deletion { id } } }";

#[derive(Debug, Clone, Copy)]
enum Failure {
    Kill(&'static [usize]),
    Stop(&'static [usize]),
    Flush,
    Restart(Kind),
    DeleteFlow,
}

/// The failures, one after another, from the beginning again at the end.
const FAILURES: [Failure; 12] = [
    Failure::Kill(&WORKERS),
    Failure::Flush,
    Failure::Stop(&WORKERS),
    Failure::Kill(&APIS),
    Failure::Restart(Kind::Redis),
    Failure::Kill(&WORKERS),
    Failure::DeleteFlow,
    Failure::Restart(Kind::Postgres),
    Failure::Stop(&APIS),
    Failure::Kill(&WORKERS),
    Failure::Restart(Kind::Mongo),
    Failure::Flush,
];

/// The work of the clients.
struct Load {
    clients: Clients,
    /// Ends by itself.
    webhooks: JoinHandle<Vec<Calls>>,
    generations: JoinHandle<Vec<Answered>>,
    /// Calls of a flow that is deleted meanwhile.
    busy: JoinHandle<Vec<Calls>>,
    /// The flow that is deleted.
    doomed: String,
}

impl Load {
    async fn start(cluster: &Cluster, local: &LocalServer) -> Self {
        let owner = Client::new(&cluster.urls[0]).signed_up().await;
        let token = "mutation { createApiToken(input: { name: \"Chaos\" }) { secret } }";
        let token = owner.send(token, json!({})).await.text("/createApiToken/secret");
        let client = owner.with_token(&token);
        let key = "mutation { createCredential(input: { integration: \"http\", name: \"Key\",
            fields: { bearerToken: \"t0k3n\" } }) { credential { id } } }";
        let key = client.send(key, json!({})).await.text("/createCredential/credential/id");
        let prompt = json!({ "model": "demo/echo", "prompt": "20 words" });
        let graph = steps([
            hook(),
            get("call", &format!("{}/echo", local.url)).credential(&key),
            step("ai.prompt").key("ask").parameters(prompt),
            transformed("last", "uppercase", "{{ steps.ask.output.text }} {{ trigger.body.id }}"),
        ]);
        let (_, url) = client.published_flow(graph).await;
        let path = url.replacen(&cluster.urls[0], "", 1);
        let (doomed, url) =
            client.published_flow(steps([hook(), delay("wait", 5.0), delay("more", 5.0)])).await;
        let doomed_path = url.replacen(&cluster.urls[0], "", 1);
        let clients = Clients::new(&client, &cluster.urls);
        let call = |path: String| {
            let clients = clients.clone();
            let call = move |number| {
                let (clients, path) = (clients.clone(), path.clone());
                async move { clients.call(&path, number).await }
            };
            tokio::spawn(spread(WEBHOOKS, call))
        };
        let (webhooks, busy) = (call(path), call(doomed_path));
        let of_generations = clients.clone();
        let converse = move |number: usize| {
            let clients = of_generations.clone();
            async move { clients.converse(number, 60 + number % 5 * 60).await }
        };
        let generations = tokio::spawn(spread(GENERATIONS, converse));
        Self { clients, webhooks, generations, busy, doomed }
    }
}

/// Runs tasks that begin one after another within the period, and returns their results.
async fn spread<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    count: usize,
    task: impl Fn(usize) -> F,
) -> Vec<T> {
    let mut ticks = tokio::time::interval(PERIOD / u32::try_from(count).unwrap());
    let mut tasks = Vec::new();
    for number in 0..count {
        ticks.tick().await;
        tasks.push(tokio::spawn(task(number)));
    }
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// Numbers that look random, from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        // The generator of Knuth's MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Causes failures until the period is over. Returns the number of each kind, as a text, and the deletion.
async fn disturb(cluster: &mut Cluster, load: &Load, numbers: &mut Numbers) -> (Vec<String>, String) {
    let begun = Instant::now();
    let (mut done, mut deletion, mut stopped) = (Vec::new(), None, None::<(usize, Instant)>);
    for failure in FAILURES.into_iter().cycle() {
        let pause = Duration::from_millis(3_000 + u64::try_from(numbers.below(4_000)).unwrap());
        tokio::time::sleep(pause).await;
        cluster.keep();
        if let Some((index, until)) = stopped
            && Instant::now() > until
        {
            cluster.pause(index, false).await;
            stopped = None;
        }
        if begun.elapsed() > PERIOD {
            break;
        }
        match failure {
            Failure::Kill(members) => cluster.kill(members[numbers.below(members.len())]).await,
            Failure::Stop(members) => {
                let index = members[numbers.below(members.len())];
                cluster.pause(index, true).await;
                stopped = Some((index, Instant::now() + STOPPED));
            }
            Failure::Flush => cluster.flush_redis().await,
            Failure::Restart(kind) => cluster.database(kind).restart().await,
            Failure::DeleteFlow if deletion.is_none() => {
                let reply = load.clients.repeat(DELETE, json!({ "id": load.doomed })).await;
                deletion = Some(reply.text("/deleteFlow/deletion/id"));
            }
            Failure::DeleteFlow => continue,
        }
        done.push(format!("{:.0} s {failure:?}", begun.elapsed().as_secs_f32()));
    }
    (done, deletion.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_accepted_is_lost_and_nothing_is_recorded_twice_through_two_minutes_of_failures() {
    let _machine = share().await;
    let mut numbers = Numbers(u64::from(std::process::id()));
    println!("seed {}", numbers.0);
    let mut cluster = Cluster::start().await;
    cluster.recover().await;
    let local = LocalServer::start().await;
    let load = Load::start(&cluster, &local).await;
    let (done, deletion) = disturb(&mut cluster, &load, &mut numbers).await;
    println!("{}", done.join("\n"));
    cluster.recover().await;

    let (calls, answers) = (load.webhooks.await.unwrap(), load.generations.await.unwrap());
    load.busy.await.unwrap();
    println!("{} requests and connections failed", load.clients.failures.load(Ordering::Relaxed));
    let verdict = verdict::Verdict::of(&cluster, &load.clients).await;
    verdict.webhooks(&calls).await;
    verdict.answers(&answers).await;
    verdict.deleted(&deletion, &load.doomed).await;
    verdict.nothing_is_left().await;
}
