-- Executions, their steps, and the log lines of the steps.

CREATE TABLE executions (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    flow_id          uuid NOT NULL REFERENCES flows ON DELETE CASCADE,
    version_id       uuid NOT NULL REFERENCES flow_versions ON DELETE CASCADE,
    status           text NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'WAITING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
    source           text NOT NULL CHECK (source IN ('WEBHOOK', 'SCHEDULE', 'MANUAL')),
    test             boolean NOT NULL DEFAULT false,
    trigger          jsonb,
    client_id        text,
    schedule_id      uuid REFERENCES schedules ON DELETE SET NULL,
    scheduled_for    timestamptz,
    -- The id of the last outbox row and job of this execution.
    job_id           uuid NOT NULL,
    error_code       text,
    error_message    text,
    trace_id         text,
    created_at       timestamptz NOT NULL,
    started_at       timestamptz,
    finished_at      timestamptz,
    CHECK ((finished_at IS NOT NULL) = (status IN ('SUCCEEDED', 'FAILED', 'CANCELED')))
);
-- One index per list, newest first. Ids are UUIDv7 and so sorted by time.
CREATE INDEX executions_organization_idx ON executions (organization_id, id DESC);
CREATE INDEX executions_flow_idx ON executions (flow_id, id DESC);
CREATE INDEX executions_status_idx ON executions (organization_id, status, id DESC);
CREATE INDEX executions_flow_status_idx ON executions (flow_id, status, id DESC);
CREATE INDEX executions_version_idx ON executions (version_id);
-- Each firing of a schedule starts one execution, even if its job is delivered repeatedly.
CREATE UNIQUE INDEX executions_firing_key ON executions (schedule_id, scheduled_for) WHERE schedule_id IS NOT NULL;
CREATE UNIQUE INDEX executions_client_id_key ON executions (flow_id, client_id) WHERE client_id IS NOT NULL;
-- For the reconciler: contains unfinished rows only.
CREATE INDEX executions_unfinished_idx ON executions (id) WHERE finished_at IS NULL;

CREATE TABLE execution_steps (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    execution_id     uuid NOT NULL REFERENCES executions ON DELETE CASCADE,
    step_id          uuid NOT NULL REFERENCES steps ON DELETE CASCADE,
    status           text NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'WAITING', 'SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELED')),
    attempt          integer NOT NULL DEFAULT 0,
    input            jsonb,
    output           jsonb,
    error_code       text,
    error_message    text,
    generation_id    uuid,
    job_id           uuid,
    -- The worker that holds the lease of the step, and the expiry of the lease.
    lease_owner      uuid,
    lease_until      timestamptz,
    resume_at        timestamptz,
    created_at       timestamptz NOT NULL,
    started_at       timestamptz,
    finished_at      timestamptz,
    UNIQUE (execution_id, step_id)
);
CREATE INDEX execution_steps_organization_idx ON execution_steps (organization_id);
CREATE INDEX execution_steps_step_idx ON execution_steps (step_id);
CREATE INDEX execution_steps_list_idx ON execution_steps (execution_id, id);
CREATE INDEX execution_steps_unfinished_idx ON execution_steps (id) WHERE finished_at IS NULL;
CREATE INDEX execution_steps_generation_idx ON execution_steps (generation_id) WHERE generation_id IS NOT NULL;

CREATE TABLE execution_logs (
    id                 uuid PRIMARY KEY,
    organization_id    uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    execution_id       uuid NOT NULL REFERENCES executions ON DELETE CASCADE,
    execution_step_id  uuid NOT NULL REFERENCES execution_steps ON DELETE CASCADE,
    level              text NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARN', 'ERROR')),
    message            text NOT NULL,
    created_at         timestamptz NOT NULL
);
CREATE INDEX execution_logs_organization_idx ON execution_logs (organization_id);
CREATE INDEX execution_logs_execution_idx ON execution_logs (execution_id);
CREATE INDEX execution_logs_step_idx ON execution_logs (execution_step_id, id);
