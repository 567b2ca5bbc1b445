-- The graph of a version: steps, and the links between them.

CREATE TABLE steps (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    version_id       uuid NOT NULL REFERENCES flow_versions ON DELETE CASCADE,
    key              text NOT NULL,
    name             text NOT NULL,
    kind             text NOT NULL,
    integration      text NOT NULL,
    operation        text NOT NULL,
    parameters       jsonb NOT NULL,
    credential_id    uuid REFERENCES credentials ON DELETE SET NULL,
    retry            jsonb,
    timeout_seconds  integer CHECK (timeout_seconds > 0),
    position         integer NOT NULL,
    UNIQUE (version_id, key)
);
CREATE INDEX steps_organization_idx ON steps (organization_id);
CREATE INDEX steps_version_idx ON steps (version_id, position);
CREATE INDEX steps_credential_idx ON steps (credential_id) WHERE credential_id IS NOT NULL;
CREATE INDEX steps_integration_idx ON steps (organization_id, integration, version_id);

CREATE TABLE step_links (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    version_id       uuid NOT NULL REFERENCES flow_versions ON DELETE CASCADE,
    from_step_id     uuid NOT NULL REFERENCES steps ON DELETE CASCADE,
    to_step_id       uuid NOT NULL REFERENCES steps ON DELETE CASCADE,
    kind             text NOT NULL CHECK (kind IN ('NEXT', 'BRANCH', 'ERROR', 'LOOP_BODY')),
    condition        text,
    position         integer NOT NULL,
    UNIQUE (from_step_id, to_step_id, kind)
);
CREATE INDEX step_links_organization_idx ON step_links (organization_id);
CREATE INDEX step_links_version_idx ON step_links (version_id, position);
CREATE INDEX step_links_to_idx ON step_links (to_step_id);
