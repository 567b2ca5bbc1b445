-- Jobs that a committed transaction owes the queues. A relay moves them over; the row's id is the job's id,
-- so that moving one twice makes one job.

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
