//! One database is away for a while.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{cluster::Cluster, databases::Kind, load::Clients};
use crate::harness::{Client, Follower, LocalServer, Sent, get, hook, share, steps};

const FLOWS: &str = "{ flows { totalCount } }";
const THREADS: &str = "{ threads { totalCount } }";
/// The time that the database is away, longer than a lease.
const AWAY: Duration = Duration::from_secs(20);
/// Words of the response in progress, 60 a second.
const WORDS: usize = 900;

/// A cluster with a flow, and a response in progress.
struct Trial {
    cluster: Cluster,
    /// With a session.
    ada: Client,
    /// With an API token.
    program: Client,
    /// The path of the webhook.
    path: String,
    sent: Sent,
    follower: Follower,
    _local: LocalServer,
}

impl Trial {
    async fn start() -> Self {
        let mut cluster = Cluster::start().await;
        cluster.recover().await;
        let local = LocalServer::start().await;
        let ada = Client::new(&cluster.urls[0]).signed_up().await;
        let token = "mutation { createApiToken(input: { name: \"CI\" }) { secret } }";
        let program = ada.with_token(&ada.send(token, json!({})).await.text("/createApiToken/secret"));
        let (_, url) = ada.published_flow(steps([hook(), get("call", &format!("{}/echo", local.url))])).await;
        let path = url.replacen(&cluster.urls[0], "", 1);
        let sent = ada.say(&format!("{WORDS} words")).await;
        let (mut follower, mut socket) = (Follower::default(), ada.watch(&sent.generation, None).await);
        follower.follow_until(20, &mut socket).await;
        Self { cluster, ada, program, path, sent, follower, _local: local }
    }

    /// Calls the webhook. Returns the status.
    async fn call(&self) -> u16 {
        let url = format!("{}{}", self.ada.url, self.path);
        self.ada.http().post(url).json(&json!({})).send().await.unwrap().status().as_u16()
    }

    /// Ends a database for some time and does this meanwhile.
    async fn without(&mut self, kind: Kind, meanwhile: impl AsyncFnOnce(&Self)) {
        self.cluster.database(kind).kill().await;
        let begun = Instant::now();
        meanwhile(self).await;
        tokio::time::sleep(AWAY.saturating_sub(begun.elapsed())).await;
        self.cluster.database(kind).start_again().await;
        self.cluster.recover().await;
    }

    /// Checks that as many executions as calls were accepted succeed, and that the response is complete.
    async fn completes(mut self, accepted: usize) {
        let clients = Clients::new(&self.program, &self.cluster.urls);
        let done = "{ executions(filter: { status: [SUCCEEDED] }) { totalCount } }";
        let mut attempts = crate::harness::attempts(Duration::from_mins(1));
        loop {
            let reply = clients.repeat(done, json!({})).await;
            if reply.at("/executions/totalCount") == accepted {
                break;
            }
            assert!(attempts.next().await, "{accepted} were accepted: {:#}", reply.0);
        }
        clients.to_the_end(&self.sent.generation, &mut self.follower).await;
        assert_eq!(self.follower.end(), "GenerationCompleted", "{:?}", self.follower.kinds());
        assert_eq!(self.follower.text().split_whitespace().count(), WORDS);
        let stored = "query($id: ID!) { thread(id: $id) { usage { calls } messages { nodes { text } } } }";
        let stored = clients.repeat(stored, json!({ "id": self.sent.thread })).await;
        assert_eq!(stored.text("/thread/messages/nodes/1/text"), self.follower.text());
        assert_eq!(stored.at("/thread/usage/calls"), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_webhooks_are_accepted_and_api_tokens_work() {
    let _machine = share().await;
    let mut trial = Trial::start().await;
    trial
        .without(Kind::Redis, async |trial| {
            for _ in 0..3 {
                assert_eq!(trial.call().await, 202);
            }
            trial.program.send(FLOWS, json!({})).await;
            trial.ada.refused(FLOWS, json!({}), "UNAVAILABLE").await;
        })
        .await;
    trial.completes(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgresql_requests_are_refused_and_responses_go_on() {
    let _machine = share().await;
    let mut trial = Trial::start().await;
    assert_eq!(trial.call().await, 202);
    trial
        .without(Kind::Postgres, async |trial| {
            assert_eq!(trial.call().await, 503);
            for client in [&trial.ada, &trial.program] {
                client.refused(FLOWS, json!({}), "UNAVAILABLE").await;
            }
        })
        .await;
    trial.completes(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_mongodb_flows_without_ai_steps_run() {
    let _machine = share().await;
    let mut trial = Trial::start().await;
    trial
        .without(Kind::Mongo, async |trial| {
            assert_eq!(trial.call().await, 202);
            let done = "{ executions(filter: { status: [SUCCEEDED] }) { totalCount } }";
            trial.ada.until(done, json!({}), |reply| reply.at("/executions/totalCount") == 1).await;
            let begun = Instant::now();
            trial.ada.refused(THREADS, json!({}), "UNAVAILABLE").await;
            assert!(begun.elapsed() < Duration::from_secs(17), "{:?}", begun.elapsed());
        })
        .await;
    trial.completes(1).await;
}
