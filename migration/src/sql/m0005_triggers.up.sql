-- Webhooks and schedules of flows. Both are updated when a version is published.

CREATE TABLE webhooks (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    -- One URL per flow, which does not change when a version is published.
    flow_id          uuid NOT NULL UNIQUE REFERENCES flows ON DELETE CASCADE,
    token            text NOT NULL UNIQUE CHECK (length(token) >= 32),
    created_at       timestamptz NOT NULL
);
CREATE INDEX webhooks_organization_idx ON webhooks (organization_id);

CREATE TABLE schedules (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    flow_id          uuid NOT NULL REFERENCES flows ON DELETE CASCADE,
    version_id       uuid NOT NULL REFERENCES flow_versions ON DELETE CASCADE,
    step_id          uuid NOT NULL UNIQUE REFERENCES steps ON DELETE CASCADE,
    cron             text,
    every_seconds    integer CHECK (every_seconds > 0),
    timezone         text NOT NULL DEFAULT 'UTC',
    created_at       timestamptz NOT NULL,
    CHECK (num_nonnulls(cron, every_seconds) = 1)
);
CREATE INDEX schedules_organization_idx ON schedules (organization_id);
CREATE INDEX schedules_flow_idx ON schedules (flow_id);
CREATE INDEX schedules_version_idx ON schedules (version_id);
