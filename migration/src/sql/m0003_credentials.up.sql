-- Credentials of integrations, encrypted by the service.

CREATE TABLE credentials (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    owner_id         uuid NOT NULL REFERENCES users ON DELETE RESTRICT,
    -- Set for a credential that belongs to one flow and is deleted with it.
    flow_id          uuid REFERENCES flows ON DELETE CASCADE,
    integration      text NOT NULL,
    name             text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    -- The id of the key that encrypted the record, so that keys can be rotated record by record.
    key_id           text NOT NULL,
    sealed           bytea NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);
CREATE INDEX credentials_organization_idx ON credentials (organization_id, integration, id);
CREATE INDEX credentials_owner_idx ON credentials (owner_id);
CREATE INDEX credentials_flow_idx ON credentials (flow_id) WHERE flow_id IS NOT NULL;
CREATE INDEX credentials_key_idx ON credentials (key_id);
