//! What becomes of the flows and credentials of a deleted account.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use triptych_entities::ids::{OrganizationId, UserId};
use triptych_stores::error::StoreError;

/// Gives the flows and credentials of a user to the oldest other owner of the organization. Has no effect in an
/// organization without one, which is being deleted.
pub(crate) async fn hand_over(
    tx: &impl ConnectionTrait,
    organization: OrganizationId,
    from: UserId,
) -> Result<(), StoreError> {
    // The idempotency keys of a user are their own.
    for (table, more) in [("flows", ", client_id = NULL"), ("credentials", "")] {
        let sql = format!(
            "WITH heir AS (SELECT m.user_id FROM memberships m JOIN roles r ON r.id = m.role_id
                           WHERE m.organization_id = $1 AND r.key = 'owner' AND m.user_id <> $2
                           ORDER BY m.id LIMIT 1)
             UPDATE {table} SET owner_id = heir.user_id{more} FROM heir
             WHERE organization_id = $1 AND owner_id = $2"
        );
        let values = [organization.into(), from.into()];
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    }
    Ok(())
}
