//! Deletes what is old or has expired.

use std::time::Duration;

use triptych_services::Services;

/// Interval between two runs.
const INTERVAL: Duration = Duration::from_hours(1);

/// Deletes old events of the audit log, and tokens of mails. Any number of processes may do so.
pub(super) async fn prune(services: &Services) {
    loop {
        let deleted = services.audit.delete_old().await;
        match deleted {
            Ok(count) if count > 0 => tracing::info!(count, "old events of the audit log were deleted"),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "old events of the audit log were not deleted; trying again");
            }
        }
        if let Err(error) = services.identity.delete_expired_tokens().await {
            tracing::warn!(%error, "expired tokens of mails were not deleted; trying again");
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
