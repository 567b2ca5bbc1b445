//! The servers that are measured, and what each is asked.

use std::path::PathBuf;

use sea_orm::sqlx::{postgres::PgConnectOptions, types::Uuid};
use serde_json::{Value, json};
use tokio::process::Command;

use super::POOL;
use crate::{
    program::{Program, Request, folder},
    stage::Stage,
};

/// Whose flows are asked for.
pub(super) struct Access {
    /// For Triptych, which looks up the session.
    pub(super) token: String,
    /// For the peers, which believe what they are told.
    pub(super) organization: Uuid,
}

pub(super) struct Contender {
    pub(super) name: &'static str,
    kind: Kind,
}

enum Kind {
    Triptych,
    /// A program for Node, in the folder of the peers.
    Peer {
        program: &'static str,
        document: &'static str,
    },
}

const DOCUMENT: &str = "{ flows(first: 20) { nodes { id name status draft { number steps { key name operation
    credential { name } } } executions(first: 5) { nodes { id status createdAt finishedAt } } } } }";

/// The same in the names that `PostGraphile` derives from the tables.
const POSTGRAPHILE_DOCUMENT: &str = "query($organization: UUID!) {
    flows(first: 20, condition: { organizationId: $organization }, orderBy: [CREATED_AT_DESC, PRIMARY_KEY_DESC]) {
      nodes { id: rowId name status
        draft: draftVersion { number
          steps: stepsByVersionId(orderBy: POSITION_ASC) { nodes { key name operation credential { name } } } }
        executions(first: 5, orderBy: PRIMARY_KEY_DESC) { nodes { id: rowId status createdAt finishedAt } } } } }";

/// Triptych is the first.
pub(super) const CONTENDERS: [Contender; 4] = [
    Contender { name: "Triptych", kind: Kind::Triptych },
    Contender {
        name: "Mercurius with loaders and JIT",
        kind: Kind::Peer { program: "mercurius/server.mjs", document: DOCUMENT },
    },
    Contender {
        name: "PostGraphile 5",
        kind: Kind::Peer { program: "postgraphile/server.mjs", document: POSTGRAPHILE_DOCUMENT },
    },
    Contender {
        name: "Apollo Server with Objection and DataLoader",
        kind: Kind::Peer { program: "apollo/server.mjs", document: DOCUMENT },
    },
];

impl Contender {
    pub(super) async fn start(&self, stage: &Stage) -> Program {
        match self.kind {
            Kind::Triptych => {
                Program::triptych("api", stage, &[("POSTGRES__MAX_CONNECTIONS", POOL.to_string())]).await
            }
            Kind::Peer { program, .. } => Program::start(|port| peer(program, stage, port)),
        }
    }

    pub(super) fn request(&self, url: &str, access: &Access) -> Request {
        let organization = access.organization.to_string();
        let (document, variables, header): (_, Value, _) = match self.kind {
            Kind::Triptych => (DOCUMENT, json!({}), ("authorization", format!("Bearer {}", access.token))),
            Kind::Peer { document, .. } if document == DOCUMENT => {
                (document, json!({}), ("x-organization", organization))
            }
            Kind::Peer { document, .. } => {
                let variables = json!({ "organization": organization });
                (document, variables, ("accept", "application/json".to_owned()))
            }
        };
        let body = json!({ "query": document, "variables": variables }).to_string();
        Request { url: format!("{url}/graphql"), body, headers: vec![header] }
    }
}

/// One process of Node.
fn peer(program: &str, stage: &Stage, port: u16) -> Command {
    let postgres: PgConnectOptions = stage.postgres_url.parse().expect("a URL");
    let host = postgres.get_socket().cloned().unwrap_or_else(|| PathBuf::from(postgres.get_host()));
    let mut command = Command::new(node());
    command
        .arg(folder("peers").join(program))
        .env("NODE_ENV", "production")
        .env("PORT", port.to_string())
        .env("POOL_SIZE", POOL.to_string())
        .env("PGHOST", host)
        .env("PGPORT", postgres.get_port().to_string())
        .env("PGUSER", postgres.get_username())
        .env("PGDATABASE", postgres.get_database().expect("a database"));
    command
}

/// The version that the peers' lock file names where it is built for this machine, else the system's.
fn node() -> PathBuf {
    let pinned = folder("peers").join("node_modules/.bin/node");
    if pinned.exists() { pinned } else { PathBuf::from("node") }
}
