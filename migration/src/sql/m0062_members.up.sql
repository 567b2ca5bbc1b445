-- Lists of members are sorted by id.
DROP INDEX memberships_organization_idx;
CREATE INDEX memberships_organization_idx ON memberships (organization_id, id);
-- Roles are told apart by their names.
CREATE UNIQUE INDEX roles_name_key ON roles (organization_id, lower(name));

CREATE TABLE invitations (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    email            text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    -- A role that somebody is invited to cannot be deleted.
    role_id          uuid NOT NULL REFERENCES roles ON DELETE RESTRICT,
    invited_by       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- SHA-256 of the token, which has 256 random bits.
    token_hash       bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    expires_at       timestamptz NOT NULL,
    created_at       timestamptz NOT NULL
);
CREATE INDEX invitations_organization_idx ON invitations (organization_id, id);
CREATE UNIQUE INDEX invitations_email_key ON invitations (organization_id, lower(email));
CREATE INDEX invitations_role_idx ON invitations (role_id);
CREATE INDEX invitations_invited_by_idx ON invitations (invited_by);
