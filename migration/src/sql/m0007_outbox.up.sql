-- Jobs of committed transactions that are not in a queue yet. A relay moves them to the queues. The id of the row is
-- the id of the job, so moving a row twice creates one job.

CREATE TABLE outbox (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    queue            text NOT NULL,
    name             text NOT NULL,
    payload          jsonb NOT NULL,
    -- The job becomes visible to workers no earlier than this.
    run_at           timestamptz,
    created_at       timestamptz NOT NULL
);
CREATE INDEX outbox_organization_idx ON outbox (organization_id);
