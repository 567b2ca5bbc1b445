-- The due time of a retry or of a delay gets a column, `due_at`. Earlier versions stored it in `lease_until` and
-- `resume_at`. Only running steps have a lease.

ALTER TABLE execution_steps ADD COLUMN due_at timestamptz;

-- A delay that was being ended during the migration waits again; its job ends it.
UPDATE execution_steps
SET status = 'WAITING', due_at = resume_at
WHERE finished_at IS NULL AND resume_at IS NOT NULL;

UPDATE execution_steps
SET due_at = lease_until
WHERE status = 'QUEUED' AND lease_until IS NOT NULL;

UPDATE execution_steps
SET lease_owner = NULL, lease_until = NULL
WHERE status <> 'RUNNING' AND (lease_owner IS NOT NULL OR lease_until IS NOT NULL);

ALTER TABLE execution_steps
    DROP COLUMN resume_at,
    ADD CONSTRAINT execution_steps_due_check
        CHECK (due_at IS NULL OR status IN ('QUEUED', 'WAITING')),
    ADD CONSTRAINT execution_steps_lease_check
        CHECK (status = 'RUNNING' OR (lease_owner IS NULL AND lease_until IS NULL));
