//! Members of an organization with roles that no mutation assigns yet.

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement,
    Value as SqlValue,
};
use serde_json::json;
use triptych_server::services::access::subjects;

use super::{Client, World};

/// A permission: `(action, subject, only own)`.
pub type Grants<'a> = &'a [(&'a str, &'a str, bool)];

impl World {
    /// A connection to the PostgreSQL database of the test, for changes that no client can make.
    pub async fn database(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(self.postgres_url());
        options.max_connections(1).sqlx_logging(false);
        Database::connect(options).await.expect("PostgreSQL answers")
    }

    /// Changes stored data in a way that no client can.
    pub async fn execute(&self, sql: &str) {
        let changed = self.database().await.execute_unprepared(sql).await.expect("the statement succeeds");
        assert!(changed.rows_affected() > 0, "nothing is changed: {sql}");
    }

    /// A new member of the organization of `owner`, with a role of this key. A role that exists is used as it is.
    pub async fn member(&self, owner: &Client, role: &str, grants: Grants<'_>) -> Client {
        let member = self.newcomer().await;
        let db = self.database().await;
        let run = async |sql: &str, values: Vec<SqlValue>| {
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
            db.execute_raw(statement).await.expect("the statement succeeds").rows_affected()
        };
        let (owner, email) = (owner.email.clone(), member.email.clone());
        let organization = "(SELECT m.organization_id FROM memberships m JOIN users u ON u.id = m.user_id
                             WHERE u.email = $1)";
        let sql = format!(
            "INSERT INTO roles (id, organization_id, key, name, created_at)
             VALUES (gen_random_uuid(), {organization}, $2, $2, now()) ON CONFLICT DO NOTHING"
        );
        run(&sql, vec![owner.clone().into(), role.into()]).await;
        for (action, subject, only_own) in grants {
            let sql = format!(
                "INSERT INTO permissions (id, organization_id, role_id, action, subject, only_own)
                 SELECT gen_random_uuid(), organization_id, id, $3, $4, $5 FROM roles
                 WHERE organization_id = {organization} AND key = $2"
            );
            let values = vec![
                owner.clone().into(),
                role.into(),
                (*action).into(),
                (*subject).into(),
                (*only_own).into(),
            ];
            assert_eq!(run(&sql, values).await, 1);
        }
        let sql = format!(
            "UPDATE memberships SET organization_id = r.organization_id, role_id = r.id FROM roles r, users u
             WHERE r.organization_id = {organization} AND r.key = $2
               AND memberships.user_id = u.id AND u.email = $3"
        );
        assert_eq!(run(&sql, vec![owner.into(), role.into(), email.into()]).await, 1);
        self.signed_in_again(&member).await
    }

    /// A new member of the organization of `owner`, whose role allows everything, but only on what the member owns.
    pub async fn member_of_own_things(&self, owner: &Client) -> Client {
        let grants: Vec<_> = subjects::all().map(|subject| ("manage", subject.name(), true)).collect();
        self.member(owner, "own-things", &grants).await
    }

    /// The same user in a new session.
    pub async fn signed_in_again(&self, client: &Client) -> Client {
        let sign_in =
            "mutation($e: String!) { signIn(input: { email: $e, password: \"correct horse\" }) { token } }";
        let reply = self.anonymous().send(sign_in, json!({ "e": client.email })).await;
        client.with_token(&reply.text("/signIn/token"))
    }
}
