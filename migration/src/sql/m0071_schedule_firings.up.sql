-- The times of schedules are planned in PostgreSQL. A firing is a time for which the flow has not been started yet; the
-- transaction that starts the flow deletes it.

ALTER TABLE schedules
    -- The first time that is not planned yet.
    ADD COLUMN next_at timestamptz,
    -- What becomes of times that passed while no worker ran.
    ADD COLUMN missed text NOT NULL DEFAULT 'RUN_ONCE' CHECK (missed IN ('RUN_ONCE', 'SKIP'));
UPDATE schedules SET next_at = now();
CREATE INDEX schedules_next_idx ON schedules (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE schedule_firings (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    schedule_id      uuid NOT NULL REFERENCES schedules ON DELETE CASCADE,
    due_at           timestamptz NOT NULL,
    -- The id of the last outbox row and job of this firing.
    job_id           uuid NOT NULL,
    created_at       timestamptz NOT NULL,
    UNIQUE (schedule_id, due_at)
);
CREATE INDEX schedule_firings_organization_idx ON schedule_firings (organization_id);
CREATE INDEX schedule_firings_due_idx ON schedule_firings (due_at, id);

-- Each time of a version starts one execution, also if its schedule was paused and published again. Executions do not
-- refer to the schedule, so that deleting it does not change them.
CREATE UNIQUE INDEX executions_version_firing_key ON executions (version_id, scheduled_for)
    WHERE scheduled_for IS NOT NULL;
DROP INDEX executions_firing_key;
ALTER TABLE executions DROP COLUMN schedule_id;
