-- Values that flows store between runs, in one namespace per organization and one per flow.

CREATE TABLE datastore_items (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    -- Absent for a value that all flows of the organization share.
    flow_id          uuid REFERENCES flows ON DELETE CASCADE,
    key              text NOT NULL CHECK (length(key) BETWEEN 1 AND 512),
    value            jsonb NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);
CREATE UNIQUE INDEX datastore_items_shared_key ON datastore_items (organization_id, key) WHERE flow_id IS NULL;
CREATE UNIQUE INDEX datastore_items_flow_key ON datastore_items (flow_id, key) WHERE flow_id IS NOT NULL;
CREATE INDEX datastore_items_organization_idx ON datastore_items (organization_id);
