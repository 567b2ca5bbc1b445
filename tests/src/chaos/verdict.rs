//! What must be true after the trial.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::json;

use super::{
    GENERATIONS, WEBHOOKS,
    cluster::Cluster,
    load::{Answered, Calls, Clients},
};
use crate::harness::attempts;

/// Time for what was accepted to end.
const PATIENCE: Duration = Duration::from_mins(2);
/// Steps of the flow.
const STEPS: i64 = 4;

pub(super) struct Verdict {
    db: DatabaseConnection,
    clients: Clients,
}

/// An execution, by the number in its trigger.
#[derive(Debug)]
struct Ran {
    status: String,
    /// Rows of steps, and how many steps they are of.
    rows: i64,
    steps: i64,
}

impl Verdict {
    pub(super) async fn of(cluster: &Cluster, clients: &Clients) -> Self {
        let mut options = ConnectOptions::new(&cluster.postgres.url);
        options.max_connections(1).sqlx_logging(false);
        Self { db: Database::connect(options).await.unwrap(), clients: clients.clone() }
    }

    async fn number(&self, sql: &str) -> i64 {
        let row = self.db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    }

    /// Waits until a statement counts nothing.
    async fn none(&self, sql: &str) {
        let mut attempts = attempts(PATIENCE);
        while self.number(sql).await != 0 {
            assert!(attempts.next().await, "{}: {sql}", self.number(sql).await);
        }
    }

    /// Each accepted call of the webhook has one execution, which succeeded with each step once. A call without an answer
    /// has one at most.
    pub(super) async fn webhooks(&self, calls: &[Calls]) {
        self.none("SELECT count(*) FROM executions WHERE finished_at IS NULL").await;
        let mut ran: HashMap<String, Vec<Ran>> = HashMap::new();
        let sql = "SELECT e.trigger->'body'->>'id', e.status, count(s.id), count(DISTINCT s.step_id)
                   FROM executions e LEFT JOIN execution_steps s ON s.execution_id = e.id GROUP BY e.id";
        for row in self.db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap() {
            let one = Ran {
                status: row.try_get_by_index(1).unwrap(),
                rows: row.try_get_by_index(2).unwrap(),
                steps: row.try_get_by_index(3).unwrap(),
            };
            ran.entry(row.try_get_by_index(0).unwrap()).or_default().push(one);
        }
        let accepted: Vec<&String> = calls.iter().flat_map(|calls| &calls.accepted).collect();
        let unknown: Vec<&String> = calls.iter().flat_map(|calls| &calls.unknown).collect();
        assert_eq!(accepted.len(), WEBHOOKS);
        println!("{} webhooks accepted, {} calls without an answer", accepted.len(), unknown.len());
        for id in &accepted {
            assert_eq!(ran.get(*id).map(Vec::len), Some(1), "{id}: {:?}", ran.get(*id));
        }
        for (id, ran) in &ran {
            assert!(accepted.contains(&id) || unknown.contains(&id), "{id}: {ran:?}");
            let [one] = ran.as_slice() else { panic!("{id}: {ran:?}") };
            assert_eq!(
                (one.status.as_str(), one.rows, one.steps),
                ("SUCCEEDED", STEPS, STEPS),
                "{id}: {one:?}"
            );
        }
        self.told_once().await;
        // Each execution asked a model once.
        let executions = self.number("SELECT count(*) FROM executions").await;
        let used = "{ flows { nodes { usage { calls outputTokens } } } }";
        let used = self.clients.repeat(used, json!({})).await;
        let used = &used.at("/flows/nodes/0/usage");
        assert_eq!((&used["calls"], &used["outputTokens"]), (&json!(executions), &json!(executions * 20)));
    }

    /// The events of some executions tell each step once.
    async fn told_once(&self) {
        let list = "{ executions(first: 40) { nodes { id } } }";
        let list = self.clients.repeat(list, json!({})).await;
        let follow = "subscription($id: ID!) { executionEvents(executionId: $id) { event { __typename
            ... on StepFinished { stepKey } } } }";
        let mut socket = self.clients.socket().await;
        for execution in list.at("/executions/nodes").as_array().unwrap() {
            socket.subscribe("1", follow, json!({ "id": execution["id"] })).await;
            let mut told: BTreeMap<String, usize> = BTreeMap::new();
            for event in socket.events().await {
                let event = &event["executionEvents"]["event"];
                let name = event["stepKey"].as_str().or(event["__typename"].as_str()).unwrap();
                *told.entry(name.to_owned()).or_default() += 1;
            }
            for name in ["hook", "call", "ask", "last", "ExecutionFinished"] {
                assert_eq!(told.get(name), Some(&1), "{name} of {execution}: {told:?}");
            }
        }
    }

    /// Each response ended once, for clients as it is stored, complete, in a thread with one question, and was counted once.
    pub(super) async fn answers(&self, answers: &[Answered]) {
        assert_eq!(answers.len(), GENERATIONS);
        let (mut restarts, mut snapshots) = (0, 0);
        for Answered { sent, words, follower } in answers {
            assert_eq!(follower.end(), "GenerationCompleted", "{}: {:?}", sent.generation, follower.kinds());
            let ends = ["GenerationCompleted", "GenerationAborted", "GenerationFailed"];
            assert_eq!(follower.kinds().iter().filter(|kind| ends.contains(kind)).count(), 1);
            assert_eq!(follower.text().split_whitespace().count(), *words, "{}", sent.generation);
            restarts += follower.restarts;
            snapshots += follower.snapshots;
            let query =
                "query($id: ID!) { thread(id: $id) { activeGeneration { id } usage { calls outputTokens }
                messages { totalCount nodes { id status text generation { status } } } } }";
            let thread = self.clients.repeat(query, json!({ "id": sent.thread })).await;
            let thread = thread.at("/thread");
            assert!(thread["activeGeneration"].is_null(), "{thread:#}");
            assert_eq!(thread["messages"]["totalCount"], 2, "{thread:#}");
            let answer = &thread["messages"]["nodes"][1];
            assert_eq!((&answer["id"], &answer["status"]), (&json!(sent.answer), &json!("COMPLETED")));
            assert_eq!(answer["generation"]["status"], "COMPLETED");
            assert_eq!(answer["text"], follower.text(), "what clients put together is what is stored");
            assert_eq!(thread["usage"], json!({ "calls": 1, "outputTokens": words }));
        }
        println!("{} responses, {restarts} restarts, {snapshots} snapshots", answers.len());
    }

    /// The flow that was deleted while it was busy is gone.
    pub(super) async fn deleted(&self, deletion: &str, flow: &str) {
        let query =
            "query($id: ID!) { node(id: $id) { ... on Deletion { deletedId status total removed } } }";
        let mut attempts = attempts(PATIENCE);
        loop {
            let reply = self.clients.repeat(query, json!({ "id": deletion })).await;
            assert_eq!(reply.at("/node/deletedId"), flow);
            if reply.at("/node/status") == "COMPLETED" {
                println!("deleted: {}", reply.at("/node"));
                assert!(reply.at("/node/removed").as_i64() > Some(0));
                break;
            }
            assert!(attempts.next().await, "{:#}", reply.0);
        }
        assert_eq!(self.number("SELECT count(*) FROM flows").await, 1);
        let stray = "SELECT count(*) FROM execution_steps s LEFT JOIN executions e ON e.id = s.execution_id
                     WHERE e.id IS NULL";
        assert_eq!(self.number(stray).await, 0);
    }

    /// No work waits in the outbox or in a queue.
    pub(super) async fn nothing_is_left(&self) {
        self.none("SELECT count(*) FROM outbox WHERE run_at IS NULL OR run_at < now()").await;
        let queues = "{ queues { name waiting active } }";
        let mut attempts = attempts(PATIENCE);
        loop {
            let reply = self.clients.repeat(queues, json!({})).await;
            let queues = reply.at("/queues").as_array().unwrap();
            if queues.iter().all(|queue| queue["waiting"] == 0 && queue["active"] == 0) {
                break;
            }
            assert!(attempts.next().await, "{queues:#?}");
        }
    }
}
