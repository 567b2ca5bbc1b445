ALTER TABLE execution_steps
    DROP CONSTRAINT execution_steps_due_check,
    DROP CONSTRAINT execution_steps_lease_check,
    ADD COLUMN resume_at timestamptz;

UPDATE execution_steps SET resume_at = due_at WHERE status = 'WAITING' AND due_at IS NOT NULL;
UPDATE execution_steps SET lease_until = due_at WHERE status = 'QUEUED' AND due_at IS NOT NULL;

ALTER TABLE execution_steps DROP COLUMN due_at;
