//! A session, stored under the hash of its token.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, SessionId, UserId};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub organization_id: OrganizationId,
    pub created_at: DateTime<Utc>,
    pub user_agent: Option<String>,
    /// The address of the client that signed in.
    #[serde(default)]
    pub address: Option<String>,
    /// The epoch of the user's sessions in which it was started.
    #[serde(default)]
    pub epoch: i32,
}
