-- Flows and their versions. The graph of a version is immutable: a change of a draft creates a new version, so the
-- graph of every execution remains available.

CREATE TABLE flows (
    id                    uuid PRIMARY KEY,
    organization_id       uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    -- A user who owns flows cannot be deleted before the flows are assigned to another user.
    owner_id              uuid NOT NULL REFERENCES users ON DELETE RESTRICT,
    name                  text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    status                text NOT NULL CHECK (status IN ('DRAFT', 'PUBLISHED', 'PAUSED')),
    client_id             text,
    draft_version_id      uuid NOT NULL,
    published_version_id  uuid,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    CHECK (status = 'DRAFT' OR published_version_id IS NOT NULL)
);
CREATE UNIQUE INDEX flows_client_id_key ON flows (organization_id, owner_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX flows_created_idx ON flows (organization_id, created_at, id);
CREATE INDEX flows_updated_idx ON flows (organization_id, updated_at, id);
CREATE INDEX flows_name_idx ON flows (organization_id, lower(name), id);
CREATE INDEX flows_status_idx ON flows (organization_id, status, id);
CREATE INDEX flows_owner_idx ON flows (owner_id);

CREATE TABLE flow_versions (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    flow_id          uuid NOT NULL REFERENCES flows ON DELETE CASCADE,
    number           integer NOT NULL CHECK (number > 0),
    published_at     timestamptz,
    created_at       timestamptz NOT NULL,
    UNIQUE (flow_id, number)
);
CREATE INDEX flow_versions_organization_idx ON flow_versions (organization_id);

-- A flow and its draft refer to each other, so these constraints are checked at commit.
ALTER TABLE flows
    ADD CONSTRAINT flows_draft_version_fkey FOREIGN KEY (draft_version_id)
        REFERENCES flow_versions ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT flows_published_version_fkey FOREIGN KEY (published_version_id)
        REFERENCES flow_versions ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX flows_draft_version_idx ON flows (draft_version_id);
CREATE INDEX flows_published_version_idx ON flows (published_version_id) WHERE published_version_id IS NOT NULL;
