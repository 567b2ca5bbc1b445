//! Jobs that wait because their organization holds its share of a queue. A parked job is a delayed job of BullMQ, and an
//! entry in a sorted set of its organization. A process with a free slot takes the oldest entry and ends the delay. Jobs
//! whose entry was lost come back at the end of the delay.

use std::time::Duration;

use triptych_entities::{
    ids::{Id as _, OrganizationId},
    payloads::job::Queue,
};

use super::Queues;
use crate::error::StoreError;

/// Time after which a parked job comes back by itself.
pub const PARKING_TIME: Duration = Duration::from_secs(30);
/// Time after which the entries of an organization expire; each new entry prolongs it.
const EXPIRY_SECONDS: i64 = 3_600;

/// Takes the oldest entry of an organization, or of a random one. `KEYS[1]` is the set of organizations, `ARGV[1]` the
/// organization, or empty.
const TAKE: &str = "
    local organization = ARGV[1]
    if organization == '' then organization = redis.call('SRANDMEMBER', KEYS[1]) end
    if not organization then return false end
    local key = KEYS[1] .. ':' .. organization
    local entry = redis.call('ZPOPMIN', key)
    local left = redis.call('ZCARD', key)
    if left == 0 then redis.call('SREM', KEYS[1], organization) end
    if not entry[1] then return false end
    return { organization, entry[1], left }";

/// A job that may run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    pub organization: OrganizationId,
    /// Whether the organization has more parked jobs.
    pub more: bool,
}

impl Queues {
    fn parked(&self, queue: Queue) -> String {
        format!("{}:{}:parked", self.bull_prefix, queue.name())
    }

    /// Adds an entry for a job that was delayed for [`PARKING_TIME`].
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn park(
        &self,
        queue: Queue,
        organization: OrganizationId,
        job: &str,
    ) -> Result<(), StoreError> {
        let (all, organization) = (self.parked(queue), organization.uuid().to_string());
        let own = format!("{all}:{organization}");
        // Ids sort by time, so entries of one score are in the order of their creation.
        redis::pipe()
            .atomic()
            .zadd(&own, job, 0)
            .ignore()
            .expire(&own, EXPIRY_SECONDS)
            .ignore()
            .sadd(&all, organization)
            .ignore()
            .exec_async(&mut self.stores.queue.clone())
            .await?;
        Ok(())
    }

    /// Makes the oldest parked job of an organization, or of a random one, ready to run.
    ///
    /// # Errors
    /// If Redis does not answer; a job that was taken comes back later.
    pub async fn release(
        &self,
        queue: Queue,
        organization: Option<OrganizationId>,
    ) -> Result<Option<Released>, StoreError> {
        let script = redis::Script::new(TAKE);
        let mut connection = self.stores.queue.clone();
        loop {
            let wanted = organization.map(|id| id.uuid().to_string()).unwrap_or_default();
            let taken: Option<(String, String, u64)> =
                script.key(self.parked(queue)).arg(wanted).invoke_async(&mut connection).await?;
            let Some((organization, job, left)) = taken else { return Ok(None) };
            let organization = organization.parse().map(OrganizationId::from_uuid);
            let organization = organization.map_err(|_| StoreError::Corrupt("a parked job".to_owned()))?;
            // A job that came back by itself is not delayed any more.
            if let Some(job) = self.queue(queue).get_job(&job).await?
                && job.promote().await.is_ok()
            {
                return Ok(Some(Released { organization, more: left > 0 }));
            }
        }
    }

    /// For each queue, in the order of [`Queue::ALL`], whether jobs are parked.
    ///
    /// # Errors
    /// If Redis does not answer.
    pub async fn have_parked(&self) -> Result<Vec<bool>, StoreError> {
        let mut pipeline = redis::pipe();
        for queue in Queue::ALL {
            pipeline.exists(self.parked(queue));
        }
        Ok(pipeline.query_async(&mut self.stores.queue.clone()).await?)
    }
}
